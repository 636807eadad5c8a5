"""What can go wrong with the detector: plain attributes, looked at by server and detector at the moment of use."""

from __future__ import annotations

from dataclasses import dataclass, field

FOR_EVER = -1


@dataclass
class HttpFault:
    """An answer in place of the right one.

    Attributes:
        status: HTTP status, 4xx or 5xx.
        times: How often; `FOR_EVER` without end.
    """

    status: int
    times: int = FOR_EVER


@dataclass
class SimplonFaults:
    """All is well as long as nothing is set.

    Attributes:
        stuck_disarms: So many of the next commands disarm, cancel and abort have no effect.
        failed_arms: So many of the next commands arm end in the state error.
        failed_arms_after_interrupt: The same, of those that follow a series which has not come to its end.
        ignored: Names of detector parameters whose setting has no effect.
        clamped: Least and greatest value of detector parameters, by name; what lies outside is moved there.
        http: Answers in place of the right ones, by the beginning of the path.
        delay_s: Simulated seconds by which each answer is late.
        spots_delay_s: The same for answers of the spot finder alone.
        spots: What is wrong with its answers: "dropped", "empty" or "other_series"; empty when all is well.
        deaf: External triggers are not heard.
        lost_frames: So many of the next frames get lost on their way to the file.
        writer_stalled: The file writer never comes to an end.
        writer_delay_s: Simulated seconds that it needs longer for each series.
        writer_error: The file writer is in its error state, with this text.
    """

    stuck_disarms: int = 0
    failed_arms: int = 0
    failed_arms_after_interrupt: int = 0
    ignored: set[str] = field(default_factory=set)
    clamped: dict[str, tuple[float, float]] = field(default_factory=dict)
    http: dict[str, HttpFault] = field(default_factory=dict)
    delay_s: float = 0.0
    spots_delay_s: float = 0.0
    spots: str = ""
    deaf: bool = False
    lost_frames: int = 0
    writer_stalled: bool = False
    writer_delay_s: float = 0.0
    writer_error: str = ""

    def status(self, path: str) -> int | None:
        """HTTP status in place of the right answer to a path, which is then counted; None for the right one."""
        for beginning, fault in self.http.items():
            if path.startswith(beginning) and fault.times:
                fault.times -= 1 if fault.times > 0 else 0
                return fault.status
        return None

    def sticks(self) -> bool:
        """Whether this disarming has no effect; it is counted."""
        if not self.stuck_disarms:
            return False
        self.stuck_disarms -= 1
        return True

    def fails_to_arm(self, interrupted: bool = False) -> bool:
        """Whether this arming fails; it is counted.

        Args:
            interrupted: Whether the series before has not come to its end.
        """
        if self.failed_arms:
            self.failed_arms -= 1
            return True
        if interrupted and self.failed_arms_after_interrupt:
            self.failed_arms_after_interrupt -= 1
            return True
        return False

    def lose(self, frames: int) -> int:
        """How many of these frames get lost; they are counted."""
        lost = min(frames, self.lost_frames)
        self.lost_frames -= lost
        return lost

    def moved(self, name: str, value: object) -> object:
        """A value as the detector takes it."""
        if name in self.clamped and isinstance(value, int | float) and not isinstance(value, bool):
            low, high = self.clamped[name]
            return min(max(value, type(value)(low)), type(value)(high))
        return value
