"""What the detector remembers of the series that it has armed."""

from __future__ import annotations

from dataclasses import dataclass, field

from mxplans_sim.servers.simplon.exposure import Exposure
from mxplans_sim.servers.simplon.series import Series, SpotTable
from mxplans_sim.servers.simplon.triggers import Triggers


@dataclass
class SeriesState:
    """One armed series.

    Attributes:
        series: What was asked for.
        exposure: Its frames as they are exposed.
        triggers: What starts them.
        spots: Of each frame that is drawn, in order.
        closed: Whether it takes no more frames.
    """

    series: Series
    exposure: Exposure
    triggers: Triggers
    spots: list[SpotTable] = field(default_factory=list)
    closed: bool = False

    def stop(self, at_s: float) -> None:
        """Hear no more triggers; frames that end later than `at_s` are not taken."""
        self.triggers.stop()
        self.exposure.stop(at_s)


@dataclass(frozen=True)
class LastImage:
    """The latest frame, as it is stored."""

    series: Series
    number: int
    chunk: bytes
