"""A turn for a camera, and a camera that keeps what it sees meanwhile: parts of a goniometer and of a viewer."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from mxplans.model.detection import AngleTrack, StampedFrame
from mxplans.roles._protocols import Status


@runtime_checkable
class Spinner(Protocol):
    """Turns omega at constant speed.

    `prepare` takes a `Spin` and moves omega to where it begins to speed up; setting it to the same `Spin` turns, and goes
    to that place first when omega is elsewhere. The Status ends when omega stands, and fails with `LimitExceeded` when
    the goniometer has not the speed or the room. `stop` ends the turn.
    """

    @property
    def name(self) -> str:
        """Prefix in messages."""
        ...

    parent: Any

    def prepare(self, value: Any) -> Status:
        """Go to where a `Spin` begins to speed up."""
        ...

    def set(self, value: Any) -> Status:
        """Turn as a `Spin` asks."""
        ...

    @property
    def track(self) -> AngleTrack:
        """Omega during the last turn while its speed was constant, by the stamps of the control system.

        Raises:
            DeviceFault: If nothing has turned yet, or the last turn did not come to its end.
        """
        ...


@runtime_checkable
class FrameRecorder(Protocol):
    """Keeps the frames of a camera that runs by itself.

    Setting it to a rate (frames per second of the camera's time, > 0) begins: the Status ends when the camera runs.
    Setting it to 0 ends that: its Status ends when the camera is as it was before, and fails with `DeviceFault` when the
    camera could not be read. A camera that shows nothing new is no failure: then there are no frames. `stop` ends too.
    """

    @property
    def name(self) -> str:
        """Prefix in messages."""
        ...

    parent: Any

    def set(self, value: Any) -> Status:
        """Begin with a rate in Hz, end with 0."""
        ...

    @property
    def frames(self) -> tuple[StampedFrame, ...]:
        """Frames of the last recording that were new during it, each once, in the order of their times."""
        ...
