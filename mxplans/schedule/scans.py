"""Sweeps into scans: an exact partition in images, in the order that was asked for.

Whole numbers only: no quotient of angles decides which images a scan holds, and an angle follows from an image.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from mxplans.errors import InvalidInput
from mxplans.model import Kind, QueueItem, Sweep
from mxplans.model.sweeps import ROTATING, ScanKey
from mxplans.schedule.order import loop_keys

SCANS_MOST = 500_000
"""So that no request can fill the memory; a scan takes a second at least, which makes this six days."""

KIND_ORDER = {Kind.INVERSE_BEAM: "gsib", Kind.MULTI_ENERGY: "gsb"}
"""Orders of the kinds that exist to alternate, used where an item asks for wedges and leaves the order empty."""

Wedge: TypeAlias = int | None | Sequence[int | None]
"""Images of a scan, for all sweeps or for each; None takes a sweep in one scan."""


@dataclass(frozen=True, slots=True)
class ScheduledScan:
    """Images that are taken without a pause."""

    ordinal: int
    """Place among all scans of the experiment, from 1."""
    sweep_index: int
    """Which sweep of the experiment, from 0."""
    sweep_uuid: str
    first_image: int
    """Within the sweep, from 1."""
    number_images: int
    start_deg: float
    """Omega where the first image begins."""
    image_width_deg: float

    @property
    def key(self) -> ScanKey:
        """What the scan is known by, whatever its place in the order."""
        return (self.sweep_uuid, self.first_image, self.number_images)

    @property
    def last_image(self) -> int:
        """Within the sweep, from 1."""
        return self.first_image + self.number_images - 1

    @property
    def width_deg(self) -> float:
        """Rotation from the start of the first image to the end of the last."""
        return self.number_images * self.image_width_deg


def schedule(sweeps: Sequence[Sweep], wedge_images: Wedge, order: str) -> tuple[ScheduledScan, ...]:
    """Cut sweeps into scans and put these in order.

    Scans have `wedge_images` images, the last of a sweep what is left. Sweeps that do not rotate are not cut.

    >>> two = [Sweep(number_images=25, image_width_deg=0.1, exposure_s=0.1, energy_ev=energy) for energy in (9e3, 1e4)]
    >>> [(scan.sweep_index, scan.first_image, scan.number_images) for scan in schedule(two, 10, "sb")]
    [(0, 1, 10), (1, 1, 10), (0, 11, 10), (1, 11, 10), (0, 21, 5), (1, 21, 5)]

    Raises:
        InvalidInput: If the order is none, a wedge is less than one image, two sweeps share a uuid, or there are more
            than `SCANS_MOST` scans.
    """
    uuids = [sweep.uuid or f"sweep-{number}" for number, sweep in enumerate(sweeps, start=1)]
    if len(set(uuids)) != len(uuids):
        raise InvalidInput("two sweeps have the same uuid; give each its own")
    wedges = _wedges(sweeps, wedge_images)
    number = sum(-(-sweep.number_images // wedge) for sweep, wedge in zip(sweeps, wedges, strict=True))
    if number > SCANS_MOST:
        raise InvalidInput(f"the experiment makes {number} scans; allowed are {SCANS_MOST}: ask for longer wedges")
    cuts = []
    for index, (outside, inside) in enumerate(loop_keys(sweeps, order)):
        cuts += [
            (outside, place, inside, index, first, images)
            for place, (first, images) in enumerate(_cut(sweeps[index].number_images, wedges[index]))
        ]
    cuts.sort()
    return tuple(
        ScheduledScan(
            ordinal, index, uuids[index], first, images, sweeps[index].start_of(first), sweeps[index].image_width_deg
        )
        for ordinal, (_, _, _, index, first, images) in enumerate(cuts, start=1)
    )


def schedule_item(item: QueueItem) -> tuple[ScheduledScan, ...]:
    """The scans of a queue item, with the wedges and the order that it asks for.

    Raises:
        InvalidInput: If they cannot be made.
    """
    return schedule(item.asked, wedges_of(item), order_of(item))


def wedges_of(item: QueueItem) -> tuple[int | None, ...]:
    """Images of a scan for each sweep: `wedgeImages`, else `wedgeWidth` in whole images, else None."""
    asked = item.extension.wedge_images
    if asked is not None:
        return (asked,) * len(item.sweeps)
    return tuple(_images_in(sweep, item.experiment.wedge_width) for sweep in item.asked)


def order_of(item: QueueItem) -> str:
    """The order that an item asks for, its kind's where it has wedges and leaves the order empty."""
    asked = item.extension.order
    cut = any(wedge is not None for wedge in wedges_of(item))
    return asked or (KIND_ORDER.get(item.kind, "") if cut else "")


def remaining(scans: Sequence[ScheduledScan], committed: Collection[ScanKey]) -> tuple[ScheduledScan, ...]:
    """What is left to do, in the same order and with the same ordinals.

    Raises:
        InvalidInput: If a committed scan is none of these, that is, if the experiment was changed since.
    """
    done = frozenset(committed)
    unknown = sorted(done - {scan.key for scan in scans})
    if unknown:
        uuid, first, images = unknown[0]
        raise InvalidInput(
            f"{len(unknown)} committed scans are none of the experiment's {len(scans)}, the first: sweep {uuid}, "
            f"images {first} to {first + images - 1}; a begun experiment keeps its sweeps, wedges and uuid: "
            "submit the changed one with a new uuid"
        )
    return tuple(scan for scan in scans if scan.key not in done)


def _images_in(sweep: Sweep, width_deg: float | None) -> int | None:
    """A wedge of a sweep in whole images, one at least."""
    if width_deg is None or sweep.sweep_type not in ROTATING:
        return None
    images = width_deg / sweep.image_width_deg
    return sweep.number_images if images >= sweep.number_images else max(1, round(images))


def _wedges(sweeps: Sequence[Sweep], wedge_images: Wedge) -> list[int]:
    """Images of a scan for each sweep, as many as it has where it is not cut."""
    asked = wedge_images if isinstance(wedge_images, Sequence) else (wedge_images,) * len(sweeps)
    if len(asked) != len(sweeps):
        raise InvalidInput(f"{len(asked)} wedges for {len(sweeps)} sweeps; give one number, or one for each sweep")
    for wedge in asked:
        if wedge is not None and (type(wedge) is not int or wedge < 1):
            raise InvalidInput(f"wedge_images is {wedge!r}; allowed is a whole number of images from 1, or none at all")
    return [
        sweep.number_images if wedge is None or sweep.sweep_type not in ROTATING else wedge
        for sweep, wedge in zip(sweeps, asked, strict=True)
    ]


def _cut(number_images: int, wedge: int) -> Iterator[tuple[int, int]]:
    """First image and number of images of each piece.

    >>> list(_cut(25, 10))
    [(1, 10), (11, 10), (21, 5)]
    """
    for done in range(0, number_images, wedge):
        yield done + 1, min(wedge, number_images - done)
