"""A rotation sweep as plans use it, and the way from and to the MXLIMS shape: the one place where these units meet."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mxplans.errors import InvalidMessage
from mxplans.model._base import Uuid
from mxplans.model.experiments import CollectionSweep


class RotationSweep(BaseModel):
    """Images of equal width, one after the other, about omega. The total width follows from the count.

    >>> RotationSweep(number_images=3, image_width_deg=0.1, exposure_s=0.02).width_deg
    0.30000000000000004
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    uuid: Uuid | None = None
    omega_start_deg: float = Field(default=0.0, ge=-3600, le=3600)
    image_width_deg: float = Field(gt=0, le=10)
    number_images: int = Field(gt=0, le=100_000)
    exposure_s: float = Field(gt=0, le=3600, description="Per image")
    transmission_frac: float = Field(default=1.0, gt=0, le=1)
    prefix: str = Field(default="sweep", pattern=r"^[A-Za-z0-9_-]+$", max_length=45)

    @property
    def width_deg(self) -> float:
        """Rotation from the first image's start to the last one's end."""
        return self.number_images * self.image_width_deg

    @property
    def speed_deg_s(self) -> float:
        """Omega's speed during the images."""
        return self.image_width_deg / self.exposure_s

    def to_mxlims(self) -> CollectionSweep:
        """The requested sweep as MXLIMS writes it."""
        return CollectionSweep(
            uuid=self.uuid,
            role="Result",
            sweep_type="simple",
            scan_axis="omega",
            exposure_time=self.exposure_s,
            image_width=self.image_width_deg,
            number_images=self.number_images,
            transmission=self.transmission_frac * 100,
            axis_positions_start={"omega": self.omega_start_deg},
            prefix=self.prefix,
        )

    @classmethod
    def from_mxlims(cls, sweep: CollectionSweep, default: RotationSweep) -> RotationSweep:
        """Read a requested sweep; what it leaves open is taken from `default`.

        Raises:
            InvalidMessage: If it is no rotation about omega.
        """
        if sweep.scan_axis != "omega" or sweep.sweep_type not in (None, "simple"):
            raise InvalidMessage(
                f"sweep {sweep.uuid or sweep.prefix} is a {sweep.sweep_type or 'simple'} sweep along {sweep.scan_axis}; "
                "this version runs simple sweeps along omega: change scanAxis and sweepType, or take it out"
            )
        asked = {
            "uuid": sweep.uuid,
            "exposure_s": sweep.exposure_time,
            "image_width_deg": sweep.image_width,
            "number_images": sweep.number_images,
            "transmission_frac": None if sweep.transmission is None else sweep.transmission / 100,
            "omega_start_deg": (sweep.axis_positions_start or {}).get("omega"),
            "prefix": sweep.prefix,
        }
        return cls.model_validate(default.model_dump() | {k: v for k, v in asked.items() if v is not None})
