"""Looking at the virtual beamline and disturbing it, over HTTP: for its page, its command line and tests."""
