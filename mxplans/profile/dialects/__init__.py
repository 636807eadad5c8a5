"""MXCuBE's ways to write a configuration, read into one graph of objects."""
