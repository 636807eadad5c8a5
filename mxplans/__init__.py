"""mxplans: Bluesky plugins for macromolecular crystallography. This module holds the version and nothing else."""

__version__ = "0.1.0"
