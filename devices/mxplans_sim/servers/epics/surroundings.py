"""All process variables of ring, beam and hutch."""

from __future__ import annotations

from mxplans_sim.servers.epics.attenuator import Attenuator
from mxplans_sim.servers.epics.cryo import CryoStream
from mxplans_sim.servers.epics.diode import DiodeAmplifier
from mxplans_sim.servers.epics.energy import BeamStatus
from mxplans_sim.servers.epics.feedback import BeamPosition
from mxplans_sim.servers.epics.hutch import HutchStatus
from mxplans_sim.servers.epics.live import Part
from mxplans_sim.servers.epics.mca import Analyser
from mxplans_sim.servers.epics.ring import RingStatus
from mxplans_sim.servers.epics.switches import Switch
from mxplans_sim.world.surroundings import Surroundings


def surroundings(prefix: str, world: Surroundings, attenuator_s: float) -> tuple[Part, ...]:
    """What serves them; `watch` of each keeps it fresh, `stop` ends it.

    Args:
        prefix: Of all names.
        world: What they show and change.
        attenuator_s: Simulated seconds of a change of transmission.
    """
    clock, beam = world.clock, world.beam
    return (
        RingStatus(f"{prefix}RING:", beam.ring, clock),
        BeamStatus(prefix, beam, clock),
        Attenuator(f"{prefix}ATTEN:", beam, attenuator_s, clock),
        BeamPosition(f"{prefix}FEEDBACK:", beam.feedback, clock),
        HutchStatus(f"{prefix}HUTCH:", world.hutch, clock),
        CryoStream(f"{prefix}CRYO:", world.cryo, clock),
        Part(clock, Switch(f"{prefix}BEAMSTOP", world.beamstop).channels),
        DiodeAmplifier(f"{prefix}I0:", world.incident_diode, clock, world.lights),
        DiodeAmplifier(f"{prefix}DIODE:", world.through_diode, clock, (*world.lights, world.beamstop.changed)),
        Analyser(f"{prefix}MCA:", world.spectrometer, clock),
    )
