"""What stands at the virtual beamline: specimens, their dewar, the goniometer, the light and the beam."""
