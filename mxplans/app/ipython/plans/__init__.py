"""Plans for people: short arguments with units; what the profile says and what is known of the sample is added here."""
