"""What a turn with a running camera must give, told by the world itself: omega of each frame that was exposed."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from mxplans.plans.spinning import SeenFrame


class Exposures:
    """Pictures that a world's camera has taken, and the omega at which it stood."""

    def __init__(self) -> None:
        self.pictures: list[Any] = []

    def errors_deg(self, seen: Sequence[SeenFrame]) -> Any:
        """Omega of frames minus that of the very pictures, deg."""
        errors = []
        for frame, omega_deg in seen:
            (picture,) = [one for one in self.pictures if np.array_equal(one.pixels, frame.image)]
            turned = picture.placement.rotation
            errors.append(omega_deg - math.degrees(math.atan2(turned[2, 1], turned[1, 1])))
        return (np.array(errors) + 180.0) % 360.0 - 180.0


@contextmanager
def exposures(camera: Any) -> Iterator[Exposures]:
    """Keep what a camera takes."""
    kept = Exposures()
    end = camera.changed.subscribe(lambda: kept.pictures.append(camera.last))
    try:
        yield kept
    finally:
        end()
