"""The command `mxplans ipython`: a session for people at the beamline, also where the beamline is partly down."""
