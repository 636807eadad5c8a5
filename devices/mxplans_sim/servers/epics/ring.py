"""The storage ring: current, mode, countdowns."""

from __future__ import annotations

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Number
from mxplans_sim.servers.epics.live import LiveChoice, LiveNumber, Part
from mxplans_sim.world.ring import MODES, Ring


class RingStatus(Part):
    """What a beamline is told about the ring; countdowns of top-up are -1 when none is to come.

    Args:
        prefix: Of its process variables.
        ring: The ring.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, ring: Ring, clock: Clock) -> None:
        settings = ring.settings
        named = {
            "CURRENT_RBV": LiveNumber(ring.current_ma, units="mA", precision=3),
            "MODE_RBV": LiveChoice(ring.mode, enum_strings=MODES),
            "TOPUP:COUNTDOWN_RBV": LiveNumber(ring.top_up_countdown_s, units="s", precision=1),
            "TOPUP:END_COUNTDOWN_RBV": LiveNumber(ring.top_up_end_countdown_s, units="s", precision=1),
            "TOPUP:PERIOD_RBV": Number(value=settings.top_up_period_s, units="s", precision=1),
            "USER_COUNTDOWN_RBV": LiveNumber(ring.user_countdown_s, units="s", precision=0),
            "ENERGY_RBV": Number(value=settings.energy_gev, units="GeV", precision=2),
            "LIFETIME_RBV": Number(value=settings.lifetime_h, units="h", precision=1),
        }
        super().__init__(clock, {prefix + name: channel for name, channel in named.items()})
        self._ring = ring

    def next_step_s(self) -> float:
        """Begin or end of a top-up, an outage, the users' beam time."""
        return self._ring.next_change_s()
