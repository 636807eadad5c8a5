"""Where the positions of a multi-position pin are, from what is known of the pin and of its loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans.centring import PinLayout
from mxplans.errors import LimitExceeded
from mxplans.geometry import GoniometerGeometry, Orientation
from mxplans.model.item import QueueItem
from mxplans.plans.optical import OpticalCentre
from mxplans.plans.xray import OnPin
from mxplans.plans.xray_told import rest_pose
from mxplans.profile import PinPositions
from mxplans.udc.sample import MountedSample
from mxplans.udc.verdicts import Outcome, Verdict


def on_pin(
    item: QueueItem,
    optical: OpticalCentre | None,
    positions: PinPositions | None,
    geometry: GoniometerGeometry,
    orientation: Orientation,
) -> OnPin | None:
    """What of a multi-position pin an item is about; None for a pin with one loop.

    Args:
        item: Its MultiPin says how many positions there are.
        optical: The loop that holds them all.
        positions: Where they are, by the profile; None puts them evenly over the loop.
        geometry: Axes of the goniometer.
        orientation: Of the axes above omega when the loop was centred.
    """
    if item.position_in_pin is None:
        return None
    number = number_positions(item.objects) or (positions.number if positions else None)
    if number is None or optical is None:
        return OnPin(None, item.position_in_pin)
    centre_x_mm = rest_pose(optical.pose, geometry, orientation).x_mm
    return OnPin(layout(number, centre_x_mm, optical.length_um / 1000, positions), item.position_in_pin)


def no_crystal(item: QueueItem, sample: MountedSample) -> Outcome:
    """That there is none on an item's position, or that nobody can say which position is which."""
    found = len(sample.crystals)
    evidence = {"crystals_found": float(found), "pin_position": float(item.position_in_pin or 0)}
    placed = [crystal.pin_position for crystal in sample.crystals if crystal.pin_position is not None]
    if found and not placed:
        return Outcome(
            verdict=Verdict.NOT_CENTRED,
            reason=f"{found} crystals found, and nobody can say which is on position {item.position_in_pin}: give the pin's "
            "numberPositions as MultiPin, or xray.pin_positions.number in the profile",
            evidence=evidence,
        )
    on = ", ".join(map(str, sorted(set(placed)))) or "none"
    return Outcome(
        verdict=Verdict.NO_DIFFRACTION,
        reason=f"no diffraction at position {item.position_in_pin} of the pin: {found} crystals found, on positions {on}",
        evidence=evidence,
    )


def too_far(beyond: LimitExceeded, evidence: Mapping[str, float] | None = None) -> Outcome:
    """That a sample cannot stand where it would have to: its own affair, and the next one goes on."""
    return Outcome(verdict=Verdict.NOT_CENTRED, reason=str(beyond), evidence=evidence or {})


def number_positions(objects: Mapping[str, Mapping[str, Any]]) -> int | None:
    """How many positions a pin has, by the MXLIMS objects that an item hangs on."""
    number = objects.get("MultiPin", {}).get("numberPositions")
    return number if isinstance(number, int) and number > 0 else None


def layout(number: int, centre_x_mm: float, length_mm: float, positions: PinPositions | None) -> PinLayout:
    """Positions on a loop; motor x grows from its base to its tip.

    Args:
        number: Of positions.
        centre_x_mm: Motor x that puts the loop's middle into the beam.
        length_mm: Of the loop.
        positions: Where they are; None puts them evenly over the loop.

    >>> layout(4, 0.0, 1.6, None).x_mm(1)
    -0.6
    >>> round(layout(4, 0.0, 1.6, PinPositions(spacing_mm=0.35, tip_mm=0.3)).x_mm(4), 6)
    0.5
    """
    if positions is None:
        spacing_mm = length_mm / number
        return PinLayout(round(centre_x_mm - length_mm / 2 + spacing_mm / 2, 9), spacing_mm, number)
    last_x_mm = centre_x_mm + length_mm / 2 - positions.tip_mm
    first_x_mm = round(last_x_mm - (number - 1) * positions.spacing_mm, 9)
    return PinLayout(first_x_mm, positions.spacing_mm, number, positions.reach_mm)
