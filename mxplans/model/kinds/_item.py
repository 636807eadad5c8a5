"""From what a caller asks to a queue item: the arguments that all kinds share, and the one place that builds."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Required, TypedDict

from pydantic import ValidationError

from mxplans.errors import InvalidInput
from mxplans.model.acquisition import SampleLocation
from mxplans.model.experiments import MxExperiment
from mxplans.model.extensions import DOMAIN, Centring, ExperimentExtension, Kind
from mxplans.model.item import QueueItem, in_words
from mxplans.model.queue import request
from mxplans.model.sweeps import Position, Sweep


class Asked(TypedDict, total=False):
    """What every kind takes by keyword. Only the sample's name is required."""

    sample_name: Required[str]
    """For people; also the folder of the files: letters, digits, _ . + -, at most 64."""
    location: SampleLocation | tuple[int, int] | None
    """Puck and pin in the sample changer, from 1; None is what hangs on the goniometer."""
    position_in_pin: int | None
    """Of a pin with several positions, from 1."""
    uuid: str | None
    """Identity of the experiment; None makes a new one."""
    experiment_strategy: str | None
    """Name of the strategy for the LIMS; None takes that of the kind."""
    priority: int | None
    """Small first, from 1."""
    sample_group: str | None
    """Samples of which one success is enough."""
    dose_budget_mgy: float | None
    """What the crystal may take in all (MGy): a wish to a strategy."""
    dose_limit_mgy: float | None
    """What this item may give (MGy): more is refused."""
    radiation_sensitivity: float | None
    """Relative to a common crystal, more than 0 to 1."""
    expected_resolution_a: float | None
    """What the crystal is thought to diffract to (A)."""
    required_resolution_a: float | None
    """What the experiment needs (A)."""
    snapshot_count: int | None
    """Pictures of the on-axis view before the first scan."""
    centring: Centring | None
    """How the sample comes into the beam; None decides by whether positions are given."""


class Exposed(Asked, total=False):
    """What every kind that takes images takes besides."""

    transmission_frac: float
    """Of the attenuators, more than 0 to 1; 1 unless given."""
    energy_ev: float | None
    """1000 to 100 000 eV; None stays as it is."""
    distance_mm: float | None
    """Detector distance, 10 to 5000 mm; None is the profile's."""
    resolution_a: float | None
    """At the detector's edge, 0.3 to 50 A, in place of a distance."""
    aperture: str | None
    """Name of the aperture; None is the profile's."""
    prefix: str
    """Of the files: letters, digits, _ and -, at most 45."""


IMAGES_OF_A_SWEEP = 1_000_000

STRATEGIES: Mapping[Kind, str | None] = {
    Kind.ROTATION: "OSC",
    Kind.MULTI_ORIENTATION: "Collect - Multiwedge",
    Kind.INVERSE_BEAM: "SAD - Inverse Beam",
    Kind.MULTI_ENERGY: "MAD",
    Kind.HELICAL: "Helical",
    Kind.MULTI_POSITION: "Multi-positional",
    Kind.DOSE_SLICED: "OSC",
    Kind.LINE: "Mesh",
    Kind.MESH: "Mesh",
    Kind.XRAY_CENTRING: "Mesh3D",
    Kind.CHARACTERISATION: "Characterization",
    Kind.STILLS: "Still",
    Kind.RASTER: "Serial Fixed",
    Kind.ENERGY_SCAN: "Energy scan",
    Kind.XRF_SPECTRUM: "XRF spectrum",
    Kind.OPTICAL_CENTRING: None,
    Kind.LOAD: None,
    Kind.UNLOAD: None,
}
"""What `experimentStrategy` says of each kind, in the words of ISPyB's experiment types."""

_PLAIN = ("priority", "sample_group", "radiation_sensitivity", "snapshot_count", "experiment_strategy")
_RENAMED = {
    "dose_budget_mgy": "dose_budget",
    "expected_resolution_a": "expected_resolution",
    "required_resolution_a": "required_resolution",
}
_BEAM = frozenset(Exposed.__annotations__) - frozenset(Asked.__annotations__)


def build(
    kind: Kind,
    asked: Mapping[str, Any],
    sweeps: Sequence[Mapping[str, Any]] = (),
    *,
    order: str = "",
    wedge_images: int | None = None,
    said: Mapping[str, Any] | None = None,
) -> QueueItem:
    """Make the item of a kind.

    Args:
        kind: What is asked for.
        asked: The keywords that all kinds share, as given.
        sweeps: Of each sweep, the fields of `Sweep` that the kind decides; they win over `asked`.
        order: Which loops over scans alternate, slowest first.
        wedge_images: Images of a scan; None takes each sweep in one.
        said: More fields of our extension.

    Raises:
        InvalidInput: If a keyword is unknown, or a value missing or out of bounds.
    """
    known = Exposed.__annotations__ if sweeps else Asked.__annotations__
    unknown = sorted(set(asked) - set(known))
    if unknown:
        raise InvalidInput(f"{kind} knows no {', '.join(unknown)}; allowed are {', '.join(known)}: correct the name")
    check_order(kind, order)
    for sweep in sweeps:
        check_count(kind, "number_images", sweep["number_images"], IMAGES_OF_A_SWEEP)
    given = {name: value for name, value in asked.items() if value is not None}
    beam = {name: value for name, value in given.items() if name in _BEAM}
    loops = {"kind": kind, "order": order, "wedge_images": wedge_images}
    try:
        made = [Sweep.model_validate(beam | dict(sweep)) for sweep in sweeps]
        return _item(kind, given, made, loops | dict(said or {}))
    except ValidationError as error:
        raise InvalidInput(
            f"{kind}: {'; '.join(in_words(error)[:5])}; give values within these bounds and build it again"
        ) from error


def check_order(kind: Kind, order: str) -> None:
    """A letter names one loop.

    Raises:
        InvalidInput: If one stands twice.
    """
    twice = sorted({letter for letter in order if order.count(letter) > 1})
    if twice:
        raise InvalidInput(
            f"{kind}: order {order!r} has {', '.join(twice)} twice; allowed is each of g, s, b, d, i once: name a loop once"
        )


def check_count(kind: Kind, name: str, value: object, most: int, least: int = 1) -> None:
    """A number of things is a whole number within bounds.

    Raises:
        InvalidInput: If not.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{kind}: {name} is {value!r}; allowed are whole numbers from {least} to {most}: correct it")


def check_some(kind: Kind, name: str, values: Iterable[object], least: int = 1) -> None:
    """A list holds what the kind needs.

    Raises:
        InvalidInput: If it holds less.
    """
    count = len(tuple(values))
    if count < least:
        raise InvalidInput(f"{kind}: {name} has {count} entries; allowed are {least} or more: give them")


def named(asked: Mapping[str, Any], default: str, letter: str, number: int) -> str:
    """Prefix of the files of one sweep among several.

    >>> named({"prefix": "lyso"}, "sweep", "e", 2)
    'lyso-e2'
    """
    return f"{asked.get('prefix', default)}-{letter}{number}"


def place(position: Position | None) -> dict[str, Position]:
    """The sweep's start, where one is given."""
    return {} if position is None else {"start": position}


def _item(kind: Kind, given: Mapping[str, Any], sweeps: list[Sweep], said: Mapping[str, Any]) -> QueueItem:
    identity = given.get("uuid") or str(uuid.uuid4())
    ours = {name: given[name] for name in ("centring", "dose_limit_mgy") if name in given}
    extension = ExperimentExtension.model_validate({**said, **ours})
    told = {"kind": kind.value} | extension.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    experiment = MxExperiment.model_validate(
        {
            "uuid": identity,
            "job_status": "Ready",
            "experiment_strategy": STRATEGIES[kind],
            "extensions": {DOMAIN: told},
            **{name: given[name] for name in _PLAIN if name in given},
            **{field: given[name] for name, field in _RENAMED.items() if name in given},
        }
    )
    location = given.get("location")
    return QueueItem.model_validate(
        {
            "experiment": experiment,
            "sweeps": tuple(request(sweep, identity, number) for number, sweep in enumerate(sweeps, start=1)),
            "sample_name": given.get("sample_name"),
            "location": {"puck": location[0], "pin": location[1]} if isinstance(location, tuple) else location,
            "position_in_pin": given.get("position_in_pin"),
        }
    )
