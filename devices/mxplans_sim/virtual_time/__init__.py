"""Virtual time: the beamline, the RunEngine and the devices in one process, jumping from event to event."""

from mxplans_sim.virtual_time.beamline import VirtualBeamline

__all__ = ["VirtualBeamline"]
