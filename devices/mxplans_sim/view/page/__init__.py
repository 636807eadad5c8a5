"""The page: a server of its own that knows the virtual beamline only through its control server."""
