"""The protocols that the virtual beamline speaks."""
