"""What comes out of a night: journal, archive, LIMS records and report, all made from the documents of a RunEngine.

Nothing here talks to a beamline. Import what is needed from the modules; importing this package costs nothing.
"""
