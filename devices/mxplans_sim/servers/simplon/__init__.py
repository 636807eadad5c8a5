"""The virtual detector: SIMPLON REST, file writer and spot finder."""
