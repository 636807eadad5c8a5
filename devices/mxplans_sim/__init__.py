"""The virtual beamline: a world with physics behind the protocols that real hardware speaks. Imports nothing of mxplans."""
