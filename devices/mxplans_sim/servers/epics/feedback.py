"""The beam-position feedback: whether the beam is in its place, and a pause."""

from __future__ import annotations

from typing import Any

import numpy as np

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice
from mxplans_sim.servers.epics.live import LiveChoice, LiveNumber, LiveWhole, Part
from mxplans_sim.world.feedback import Feedback

RUNNING, PAUSED = "Running", "Paused"


class BeamPosition(Part):
    """A put to STATE pauses or resumes; STABLE tells whether the beam has been in its place.

    Args:
        prefix: Of its process variables.
        feedback: The loop.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, feedback: Feedback, clock: Clock) -> None:
        states = {"enum_strings": (RUNNING, PAUSED)}
        self._feedback = feedback
        self._now_s = clock.now_s
        self._setpoint = Choice(value=self._state(), on_put=self._put, **states)
        named = {
            "STATE": self._setpoint,
            "STATE_RBV": LiveChoice(self._state, **states),
            "STABLE_RBV": LiveWhole(lambda: int(feedback.stable)),
            "X_RBV": LiveNumber(lambda: self._offset_um(0), units="um", precision=3),
            "Y_RBV": LiveNumber(lambda: self._offset_um(1), units="um", precision=3),
        }
        super().__init__(clock, {prefix + name: channel for name, channel in named.items()})
        feedback.changed.subscribe(self._show)

    def _state(self) -> str:
        return PAUSED if self._feedback.paused else RUNNING

    def _offset_um(self, place: int) -> float:
        return float(self._feedback.offset_um(np.array([self._now_s()]))[0, place])

    async def _show(self) -> None:
        await self._setpoint.show(self._state())
        await self.post()

    async def _put(self, value: Any) -> None:
        if self._setpoint.name_of(value) == PAUSED:
            await self._feedback.pause()
        else:
            await self._feedback.resume()
