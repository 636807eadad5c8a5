"""Which position of a pin a crystal is on."""

from __future__ import annotations

from dataclasses import dataclass

from mxplans.centring.crystals import XrayCandidate
from mxplans.errors import InvalidInput


@dataclass(frozen=True)
class PinLayout:
    """The positions of a multi-position pin, counted from 1 at the pin's base; MXLIMS's PinPosition counts the same.

    Attributes:
        first_x_mm: Motor x that puts the middle of position 1 into the beam.
        spacing_mm: From position to position, towards the tip; moving the sample in -x shows what is nearer to the base,
            so motor x grows from position to position.
        number_positions: As MultiPin has it.
        reach_mm: How far from its middle a crystal still belongs to a position; half of the spacing if None.

    Raises:
        InvalidInput: If there is no position, or a length is not positive.
    """

    first_x_mm: float
    spacing_mm: float
    number_positions: int
    reach_mm: float | None = None

    def __post_init__(self) -> None:
        if (
            self.number_positions < 1
            or not self.spacing_mm > 0
            or (self.reach_mm is not None and not self.reach_mm > 0)
        ):
            raise InvalidInput(
                f"a pin of {self.number_positions} positions {self.spacing_mm} mm apart, reach {self.reach_mm} mm; "
                "allowed are 1 position or more, lengths > 0"
            )

    def x_mm(self, position: int) -> float:
        """Motor x of the middle of a position.

        >>> PinLayout(-0.8, 0.4, 5).x_mm(3)
        0.0
        """
        return self.first_x_mm + (position - 1) * self.spacing_mm


def pin_position_of(crystal: XrayCandidate, positions: PinLayout) -> int | None:
    """Number of the position that a crystal is on, from 1 at the pin's base; None for one that is on none of them."""
    number = round((crystal.pose.x_mm - positions.first_x_mm) / positions.spacing_mm) + 1
    number = min(max(number, 1), positions.number_positions)
    reach_mm = positions.spacing_mm / 2 if positions.reach_mm is None else positions.reach_mm
    # A nanometre more, for what rounding takes away half way between two positions.
    return number if abs(crystal.pose.x_mm - positions.x_mm(number)) <= reach_mm + 1e-6 else None
