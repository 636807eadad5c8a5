"""The points of one sample, from mount to mount."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mxplans.centring.hull_remount import Remount
from mxplans.centring.points import CentrePoint, matrix, vector
from mxplans.errors import InvalidInput


class PointStore(BaseModel):
    """Points of a sample. A change gives a new store; `state` and `from_state` take it through documents and files.

    A remounted sample stands otherwise than before: its points are kept, but none of them can be used until it is known
    how it stands now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sample: str = Field(max_length=200)
    mount: int = Field(default=0, ge=0, description="How often the sample had been mounted before")
    points: tuple[CentrePoint, ...] = Field(default=(), description="In the order in which they came, of all mounts")

    @model_validator(mode="after")
    def _belongs_together(self) -> PointStore:
        ids = [point.id for point in self.points]
        if len(set(ids)) < len(ids):
            raise ValueError(f"{len(ids) - len(set(ids))} points share an id; each needs its own")
        for point in self.points:
            if point.sample != self.sample or point.mount > self.mount:
                raise ValueError(
                    f"point {point.id} is of sample {point.sample!r}, mount {point.mount}; allowed are points of "
                    f"{self.sample!r}, mounts 0 to {self.mount}"
                )
        return self

    @property
    def valid(self) -> tuple[CentrePoint, ...]:
        """Points of the present mount."""
        return tuple(point for point in self.points if point.mount == self.mount)

    @property
    def expired(self) -> tuple[CentrePoint, ...]:
        """Points of earlier mounts."""
        return tuple(point for point in self.points if point.mount < self.mount)

    def point(self, point_id: str) -> CentrePoint:
        """A point by its id.

        Raises:
            InvalidInput: If there is none, or it has expired.
        """
        found = next((point for point in self.points if point.id == point_id), None)
        if found is None:
            known = ", ".join(point.id for point in self.valid) or "none"
            raise InvalidInput(f"sample {self.sample!r} has no point {point_id!r}; known are {known}: register it")
        if found.mount < self.mount:
            raise InvalidInput(
                f"point {point_id!r} of sample {self.sample!r} is of mount {found.mount}, and the sample is in mount "
                f"{self.mount}: find out how it stands now (register the remount), or register the point anew"
            )
        return found

    def added(self, point: CentrePoint) -> PointStore:
        """With one more point, of the present mount whatever it says.

        Raises:
            InvalidInput: If it is another sample's, or its id is there.
        """
        return self._checked([*self.points, point.model_copy(update={"mount": self.mount})], self.mount)

    def removed(self, point_id: str) -> PointStore:
        """Without a point.

        Raises:
            InvalidInput: If there is none of that id.
        """
        if all(point.id != point_id for point in self.points):
            raise InvalidInput(f"sample {self.sample!r} has no point {point_id!r}: nothing to remove")
        return self._checked([point for point in self.points if point.id != point_id], self.mount)

    def remounted(self) -> PointStore:
        """The sample has been mounted again: all points have expired."""
        return self._checked(self.points, self.mount + 1)

    def found_again(self, remount: Remount) -> PointStore:
        """With the points of the mount before this one where they are now; what that is uncertain by is added."""
        before = self.mount - 1
        return self._checked(
            [moved(point, remount, self.mount) if point.mount == before else point for point in self.points],
            self.mount,
        )

    def state(self) -> dict[str, Any]:
        """Plain JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_state(cls, content: Any) -> PointStore:
        """The store that a state holds.

        Raises:
            InvalidInput: If it is none.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as wrong:
            first = wrong.errors()[0]
            raise InvalidInput(f"this is no store of points: {first['loc']}: {first['msg']}") from wrong

    def _checked(self, points: Any, mount: int) -> PointStore:
        return self.from_state({"sample": self.sample, "mount": mount, "points": tuple(points)})


def moved(point: CentrePoint, remount: Remount, mount: int) -> CentrePoint:
    """A point of the mount before where it is now."""
    turn = remount.rotation
    place = turn @ np.array(point.s_mm) + remount.shift_mm
    covariance = turn @ np.array(point.covariance_um2) @ turn.T + remount.covariance_mm2(place) * 1e6
    return point.model_copy(update={"s_mm": vector(place), "covariance_um2": matrix(covariance), "mount": mount})
