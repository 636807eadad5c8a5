"""Which sweeps each kind of experiment is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mxplans.model.extensions import ExperimentExtension, Kind
from mxplans.model.sweeps import GRIDS, ROTATING, Sweep

_WITHOUT_SWEEPS = frozenset({Kind.LOAD, Kind.UNLOAD, Kind.OPTICAL_CENTRING, Kind.ENERGY_SCAN, Kind.XRF_SPECTRUM})
"""Kinds that take no diffraction images of their own."""

_TYPES: Mapping[Kind, tuple[str, ...]] = {
    Kind.HELICAL: ("helical",),
    Kind.STILLS: ("still",),
    Kind.LINE: GRIDS,
    Kind.MESH: GRIDS,
    Kind.RASTER: GRIDS,
    Kind.XRAY_CENTRING: GRIDS,
}
"""Types of the sweeps of kinds that do not just rotate."""

_UNSAID: Mapping[Kind, tuple[str, ...]] = {
    Kind.HELICAL: ("helical",),
    Kind.STILLS: ("still",),
    Kind.LINE: ("line",),
    Kind.MESH: GRIDS,
}
"""Kinds that sweeps of other than the simple type make by themselves."""

_VIEWS = 2
"""Grids of an X-ray centring: two planes that cross make a place in space."""


def kind_of(extension: ExperimentExtension, sweep_types: Collection[str | None]) -> Kind:
    """The kind that an extension says; where it says none, as in messages of others, that of which all sweeps are.

    >>> kind_of(ExperimentExtension(), ["mesh"]), kind_of(ExperimentExtension(), ["simple", None])
    (<Kind.MESH: 'mesh'>, <Kind.ROTATION: 'rotation'>)
    """
    if "kind" in extension.model_fields_set or not sweep_types:
        return extension.kind
    alike = (kind for kind, types in _UNSAID.items() if set(sweep_types) <= set(types))
    return next(alike, extension.kind)


def check_sweeps(kind: Kind, sweeps: Sequence[Sweep]) -> None:
    """A kind has the sweeps that its plan follows.

    Raises:
        ValueError: If it has none, too many, or one of another type.
    """
    if kind in _WITHOUT_SWEEPS:
        if sweeps:
            raise ValueError(f"{kind} takes no images but has {len(sweeps)} sweeps; leave them out")
        return
    if not sweeps:
        raise ValueError(f"{kind} has no sweeps; give one at least")
    allowed = _TYPES.get(kind, ROTATING)
    for number, sweep in enumerate(sweeps, start=1):
        if sweep.sweep_type not in allowed:
            raise ValueError(
                f"{kind}: sweep {number} is of type {sweep.sweep_type}; allowed is {' or '.join(allowed)}: correct its "
                "sweepType, or the kind in the experiment's extension"
            )
    if kind is Kind.XRAY_CENTRING and len(sweeps) != _VIEWS:
        raise ValueError(
            f"{kind} has {len(sweeps)} grids; allowed are {_VIEWS}, one over the flat face of the loop and one over its "
            "edge: give both, or ask for a mesh"
        )


def check_wedges(kind: Kind, wedge_images: int | None, wedge_width_deg: float | None, sweeps: Sequence[Sweep]) -> None:
    """Wedges are asked for where something rotates, since nothing else is cut.

    Raises:
        ValueError: If not.
    """
    if any(sweep.sweep_type in ROTATING for sweep in sweeps):
        return
    asked = {
        "wedgeImages": (wedge_images, "images"),
        "wedgeWidth": (wedge_width_deg, "deg"),
    }
    for name, (value, unit) in asked.items():
        if value is not None:
            raise ValueError(
                f"{kind}: {name} is {value:g} {unit}, but nothing rotates in it; allowed are wedges of sweeps "
                "that rotate: leave it out"
            )
