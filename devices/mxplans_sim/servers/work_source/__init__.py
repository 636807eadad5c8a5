"""Where an unattended beamline asks what to do next."""
