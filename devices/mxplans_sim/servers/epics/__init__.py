"""Channel Access: the process variables of the virtual beamline."""
