"""The queue item: one experiment with the sweeps it asks for, on one place of the sample changer.

Its JSON has the fields, names and units of MXLIMS (mm, eV, %); plans take its sweeps as `Sweep`, with units in the names.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from mxplans.errors import InvalidInput, InvalidMessage
from mxplans.model._base import MxlimsModel
from mxplans.model._kind_needs import check_sweeps, check_wedges, kind_of
from mxplans.model.acquisition import SampleLocation
from mxplans.model.experiments import CollectionSweep, MxExperiment
from mxplans.model.extensions import ExperimentExtension, Kind, experiment_extension
from mxplans.model.sweeps import Sweep

SWEEPS_MOST = 1000
IMAGES_MOST = 10_000_000
PRIORITY_LAST = 1_000_000

PathPart = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_+-][A-Za-z0-9_.+-]*$",
        description="Also the folder of its files: letters, digits, _ . + -, not beginning with a dot",
    ),
]


class SweepRequest(CollectionSweep):
    """A `CollectionSweep` that is asked for: an MXLIMS object whose values lie within what is collected anywhere.

    What MXLIMS can say and no plan follows is refused, not passed over: overlap, numberTriggers,
    numberImagesPerTrigger, detectorRoiMode, detectorBinningMode, beamShape, beamSize, scans, filenameTemplate;
    axisPositionsEnd but of a helical sweep; meshRange and numberLines but of a line or a mesh, and an imageWidth there
    that is not that of the boxes; a resolution together with a distance.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    exposure_time: float = Field(gt=0, le=3600, description="s per image")
    number_images: int = Field(gt=0, le=1_000_000, description="Images of the whole sweep")
    transmission: float = Field(default=100.0, gt=0, le=100, description="%")
    energy: float | None = Field(default=None, ge=1000, le=100_000, description="eV; None stays as it is")
    prefix: str = Field(
        default="sweep",
        pattern=r"^[A-Za-z0-9_-]+$",
        max_length=45,
        description="Of its files: letters, digits, _ and -",
    )
    path: None = Field(default=None, description="The beamline says where files go")


class QueueItem(MxlimsModel):
    """One experiment on one crystal position: what goes into a plan and, with the same uuid, comes out of the LIMS."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ignored_types=(cached_property,))

    experiment: MxExperiment = Field(description="The MXLIMS experiment; its uuid is the item's identity")
    sweeps: tuple[SweepRequest, ...] = Field(
        default=(), max_length=SWEEPS_MOST, description="What is asked for, as MXLIMS templates"
    )
    sample_name: PathPart = Field(description="For people, unique in its queue; also the folder of its files")
    location: SampleLocation | None = Field(
        default=None, description="Where the pin stands in the sample changer; None: what hangs on the goniometer"
    )
    position_in_pin: int | None = Field(
        default=None, gt=0, description="Of a multi-position pin, counted from its base; None for a pin with one loop"
    )
    objects: dict[str, dict[str, Any]] = Field(
        default={}, description="The MXLIMS objects that the item hangs on, by type"
    )

    @property
    def uuid(self) -> str:
        """Identity of the item and of its experiment."""
        return str(self.experiment.uuid)

    @cached_property
    def extension(self) -> ExperimentExtension:
        """What our domain says of the experiment."""
        return experiment_extension(self.experiment)

    @property
    def kind(self) -> Kind:
        """Kind of experiment."""
        return kind_of(self.extension, [sweep.sweep_type for sweep in self.sweeps])

    @cached_property
    def asked(self) -> tuple[Sweep, ...]:
        """The sweeps as plans use them."""
        return tuple(Sweep.from_mxlims(sweep) for sweep in self.sweeps)

    @property
    def number_images(self) -> int:
        """Images of all sweeps."""
        return sum(sweep.number_images for sweep in self.sweeps)

    @model_validator(mode="before")
    @classmethod
    def _with_uuids(cls, data: Any) -> Any:
        """Sweeps without a uuid get one that follows from the experiment's, so that reading again gives the same."""
        if not isinstance(data, Mapping) or not isinstance(data.get("sweeps"), list | tuple):
            return data
        experiment = data.get("experiment")
        origin = experiment.get("uuid") if isinstance(experiment, Mapping) else getattr(experiment, "uuid", None)
        if not isinstance(origin, str):
            return data
        sweeps = [
            {**sweep, "uuid": swept_uuid(origin, number)}
            if isinstance(sweep, Mapping) and sweep.get("uuid") is None
            else sweep
            for number, sweep in enumerate(data["sweeps"], start=1)
        ]
        return {**data, "sweeps": sweeps}

    @model_validator(mode="after")
    def _can_be_collected(self) -> QueueItem:
        """The parts fit together; every problem of an extension or a sweep is told with its place."""
        if self.experiment.uuid is None:
            raise ValueError("experiment.uuid is missing; give a UUID in lower case, version 1 to 5")
        asked, problems = self._read()
        if problems:
            raise ValidationError.from_exception_data(type(self).__name__, problems)
        uuids = [sweep.uuid for sweep in self.sweeps]
        if len(set(uuids)) != len(uuids):
            raise ValueError("two sweeps have the same uuid; give each its own, or none")
        if self.number_images > IMAGES_MOST:
            raise ValueError(f"{self.number_images} images; allowed are {IMAGES_MOST}: split the experiment")
        if (self.experiment.priority or 1) > PRIORITY_LAST:
            raise ValueError(f"priority {self.experiment.priority}; allowed is 1 (first) to {PRIORITY_LAST}: lower it")
        self._check_kind(asked)
        return self

    def _read(self) -> tuple[list[Sweep], list[InitErrorDetails]]:
        """The sweeps as plans use them, and what keeps others from being so."""
        asked: list[Sweep] = []
        found: list[InitErrorDetails] = []
        try:
            _ = self.extension
        except ValidationError as error:
            found += _placed(error, ("experiment", "extensions"))
        for number, sweep in enumerate(self.sweeps):
            try:
                asked.append(Sweep.from_mxlims(sweep))
            except ValidationError as error:
                found += _placed(error, ("sweeps", number))
            except InvalidMessage as error:
                found.append(_problem(str(error), ("sweeps", number), sweep.sweep_type))
        return asked, found

    def _check_kind(self, asked: Sequence[Sweep]) -> None:
        """The kind has the sweeps and the fields that its plan follows."""
        kind = self.kind
        check_sweeps(kind, asked)
        check_wedges(kind, self.extension.wedge_images, self.experiment.wedge_width, asked)
        if kind is Kind.LOAD and self.location is None:
            raise ValueError("load has no location; give puck and pin")
        if kind is Kind.ENERGY_SCAN and (self.extension.element is None or self.extension.edge is None):
            raise ValueError("energy_scan needs element and edge, e.g. Se and K")


def swept_uuid(experiment_uuid: str, number: int) -> str:
    """Identity of the n-th sweep of an experiment that gave it none."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mxplans:{experiment_uuid}/sweep/{number}"))


def with_uuid(content: Any) -> Any:
    """A queue item's JSON whose experiment has a uuid; a new one where it brings none."""
    experiment = content.get("experiment", {}) if isinstance(content, dict) else None
    if not isinstance(experiment, dict) or experiment.get("uuid") is not None:
        return content
    return {**content, "experiment": {"mxlimsType": "MxExperiment", **experiment, "uuid": str(uuid.uuid4())}}


def parse_item(content: Any, origin: str = "queue item") -> QueueItem:
    """Make a queue item of decoded JSON.

    Raises:
        InvalidInput: If it is no queue item, with the first problem and its place in words.
    """
    try:
        return QueueItem.model_validate(content)
    except ValidationError as error:
        raise InvalidInput(f"{origin}: {'; '.join(in_words(error)[:5])}; correct it and send it again") from error


def in_words(error: ValidationError) -> list[str]:
    """Each problem of a validation: place, what is wrong, and what was given.

    >>> try:
    ...     Sweep(number_images=0, image_width_deg=0.1, exposure_s=0.1)
    ... except ValidationError as problem:
    ...     in_words(problem)
    ['number_images: Input should be greater than 0, given is 0']
    """
    return [_in_words(each) for each in error.errors(include_url=False)]


def _in_words(each: Any) -> str:
    where = ".".join(str(part) for part in each["loc"])
    given = each["input"]
    shown = "" if isinstance(given, dict | list | tuple | MxlimsModel) else f", given is {_short(given)}"
    return f"{where}: {each['msg']}{shown}" if where else f"{each['msg']}{shown}"


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _placed(error: ValidationError, at: tuple[str | int, ...]) -> list[InitErrorDetails]:
    """The problems of a part, at their places in the whole."""
    return [_problem(each["msg"], (*at, *each["loc"]), each["input"]) for each in error.errors(include_url=False)]


def _problem(text: str, at: tuple[str | int, ...], given: Any) -> InitErrorDetails:
    told = PydanticCustomError("cannot_be_collected", "{text}", {"text": text})
    return InitErrorDetails(type=told, loc=at, input=given)
