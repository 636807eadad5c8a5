"""Where a specimen stands in the lab."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Placement:
    """A rigid motion from the specimen's frame to the image frame (x along omega, y down, z along the beam).

    Attributes:
        rotation: Rotation matrix (3, 3).
        shift_mm: Where the specimen's origin stands (3,).
    """

    rotation: Array = field(default_factory=lambda: np.eye(3))
    shift_mm: Array = field(default_factory=lambda: np.zeros(3))

    def lab(self, points_mm: Array) -> Array:
        """Points of the specimen (n, 3) in the image frame.

        >>> half_turn = Placement(np.diag([1.0, -1.0, -1.0]), np.array([0.5, 0.0, 0.0]))
        >>> half_turn.lab(np.array([[0.0, 1.0, 2.0]])).tolist()
        [[0.5, -1.0, -2.0]]
        """
        return np.asarray(np.atleast_2d(points_mm) @ self.rotation.T + self.shift_mm)
