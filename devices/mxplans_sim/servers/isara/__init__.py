"""A sample changer of the ISARA kind behind its text protocol over TCP."""
