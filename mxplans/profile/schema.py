"""What a beamline profile may say. Every quantity carries its unit in its name; unknown keys are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mxplans.geometry import GoniometerGeometry
from mxplans.model.detection import PinSide
from mxplans.model.device_settings import DeviceEntry
from mxplans.model.storage import Storage
from mxplans.model.sweeps import Sweep
from mxplans.schedule.limits import BeamlineLimits
from mxplans.schedule.timing import Timing


class Section(BaseModel):
    """A part of a profile."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InProcess(Section):
    """What stands for a service in virtual time, within this process: a class by path and its arguments."""

    cls: str = Field(alias="class", pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")
    settings: dict[str, Any] = {}


class Service(Section):
    """A process that the profile starts, and that ends with the session.

    It prints one line of JSON with `"event": "ready"` and its addresses on standard output, and ends when its standard
    input is closed. `{name.key}` in later entries of the profile stands for a value of that line.
    """

    command: tuple[str, ...] = Field(min_length=1, description="Program and arguments, no shell")
    ready_timeout_s: float = Field(default=60.0, gt=0)
    stop_timeout_s: float = Field(default=20.0, gt=0)
    port: int = Field(default=0, ge=0, le=65535, description="0 takes a free port; given to the command as {port}")
    in_process: InProcess | None = Field(default=None, description="Used instead of the command in virtual time")


class Epics(Section):
    """Where Channel Access looks for its servers."""

    addr_list: str = "127.0.0.1"
    auto_addr_list: bool = False


class Experiment(Section):
    """What a sample without an experiment of its own gets."""

    strategy: str = "OSC"
    sweep: Sweep


class OpticalCentring(Section):
    """How a loop is found with the on-axis viewer."""

    zoom: str = Field(description="Level of the viewer that shows the whole loop")
    fine_zoom: str | None = Field(default=None, description="Level at which the centre is confirmed; the same if none")
    pin_side: PinSide = Field(default=PinSide.RIGHT, description="Side of the image at which pins enter")
    turn: Literal["continuous", "steps"] = Field(
        default="continuous", description="How it is seen from all sides: in one turn, or stopping for each image"
    )
    steps: int = Field(default=12, ge=6, le=72, description="Images over a full turn in steps")
    spin_deg: float = Field(default=260.0, ge=180, le=720, description="Turn in which the loop is seen from all sides")
    spin_speed_deg_s: float = Field(default=120.0, gt=0, le=3600)
    frames_per_turn: int = Field(default=36, ge=8, le=360, description="Images on 360 deg of it")
    search_step_mm: float = Field(default=0.5, gt=0, le=5, description="Along omega, while nothing is to be seen")
    search_steps: int = Field(default=3, ge=0, le=10)
    spins_most: int = Field(
        default=3, ge=1, le=10, description="A loop that leaves the image is moved in and seen again"
    )
    neck_range_mm: tuple[float, float] = Field(
        default=(-0.6, 0.6), description="Where loops of well-made pins end, from where they should; negative: too long"
    )
    bend_max_deg: float = Field(default=25.0, gt=0, le=90, description="Between pin and omega axis")
    opaque_max_frac: float = Field(default=0.6, gt=0, le=1, description="Of the loop, beyond which it is iced")
    hull_views: int = Field(default=18, ge=0, le=72, description="Silhouettes for the model of the loop; 0 makes none")
    centre_on: Literal["loop", "crystal"] = Field(
        default="loop",
        description="What comes into the beam: the loop's middle, or the crystal where most views show one",
    )


class PinPositions(Section):
    """Where the positions of multi-position pins are; where nothing says so, evenly over the loop."""

    spacing_mm: float = Field(gt=0, le=5, description="From position to position")
    tip_mm: float = Field(ge=0, le=5, description="From the loop's tip to the middle of the last position")
    reach_mm: float | None = Field(
        default=None, gt=0, description="How far from its middle a crystal belongs to a position; half of the spacing"
    )
    number: int | None = Field(default=None, ge=1, le=100, description="Of a pin whose MultiPin is not told")


class XrayCentring(Section):
    """How a crystal is found with X-rays."""

    strategy: Literal["two grids", "grid and line"] = Field(
        default="two grids",
        description="After the flat face: the whole edge, or only where the first grid shows crystals",
    )
    third_view: bool = Field(default=True, description="Half way between both when they can be paired in several ways")
    step_um: float = Field(default=20.0, gt=0)
    coarse_step_um: float | None = Field(
        default=None, gt=0, description="Of first grids; then `step_um` is that of finer ones around what they show"
    )
    refined_most: int = Field(default=8, ge=1, le=100, description="Crystals that get finer grids, the best first")
    extensions_most: int = Field(default=2, ge=0, le=10, description="How often grids grow whose edge cuts a crystal")
    crystals_most: int | None = Field(
        default=None, ge=1, description="Kept to be collected from, of each position of a pin; None keeps all"
    )
    pin_positions: PinPositions | None = None
    exposure_s: float = Field(default=0.01, gt=0)
    transmission_frac: float = Field(default=0.2, gt=0, le=1)
    aperture: str
    margin_um: float = Field(default=40.0, ge=0, description="Added around the loop on each side of a grid")
    grid_min_um: float = Field(default=120.0, gt=0, description="No grid is narrower or lower")
    grid_max_um: float = Field(default=1200.0, gt=0, description="No grid is wider or higher")
    significance_min: float = Field(default=5.0, gt=0)
    spots_timeout_s: float = Field(default=120.0, gt=0)
    crystals_timeout_s: float = Field(default=240.0, gt=0, description="For the answer of a `crystal_finder`")

    @model_validator(mode="after")
    def _coarse_is_coarser(self) -> Self:
        if self.coarse_step_um is not None and self.coarse_step_um <= self.step_um:
            raise ValueError(
                f"coarse_step_um is {self.coarse_step_um:g} um, step_um {self.step_um:g} um; allowed is a larger one: "
                "leave it out to scan once"
            )
        return self


class Collection(Section):
    """How data are collected."""

    aperture: str
    distance_mm: float = Field(gt=0)


class Limits(BeamlineLimits):
    """What nobody may ask for."""

    centring_travel_mm: float = Field(default=3.0, gt=0, description="How far centring may move a sample")


class FollowerSection(Section):
    """A process that follows the journal: started with the session, started again when it dies."""

    command: tuple[str, ...] = Field(min_length=1)
    port: int = Field(default=0, ge=0, le=65535)
    ready_timeout_s: float = Field(default=120.0, gt=0)
    stop_timeout_s: float = Field(default=300.0, gt=0, description="For what is still to be taken in at the end")


class Archive(FollowerSection):
    """The process that keeps documents and frames in Tiled: in a catalogue of its own, or on a server elsewhere."""

    url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="Of a Tiled server that runs already; None serves one of our own",
    )
    api_key_file: str | None = Field(
        default=None, description="File with the key for it; None takes the environment's MXPLANS_TILED_API_KEY"
    )

    @property
    def arguments(self) -> tuple[str, ...]:
        """Its command, with the server elsewhere."""
        where = () if self.url is None else ("--url", self.url)
        key = () if self.api_key_file is None else ("--api-key-file", self.api_key_file)
        return (*self.command, *where, *key)


class LimsPlugin(Section):
    """Where records go, or where samples come from."""

    type: str = Field(description="Name of its class, as its package registers it")
    settings: dict[str, Any] = Field(
        default={}, description="Of that class; secrets by reference, {file: ...} or {env: ...}"
    )


class IdsBeforeCollection(Section):
    """For sites whose processing needs the identifier that a LIMS gives, before a collection starts."""

    target: str = Field(description="Name of one of the targets")
    key: str = Field(default="group", description="Which of its identifiers")
    timeout_s: float = Field(default=30.0, gt=0, le=3600)
    otherwise: Literal["go_on", "skip", "stop"] = Field(
        default="go_on", description="What then: collect without, leave this sample out, or end the night"
    )


class Lims(FollowerSection):
    """The process that exports records: beside the data always, and to the targets that are named here.

    `mxplans lims fetch` asks the sources for samples.
    """

    command: tuple[str, ...] = ("{python}", "-m", "mxplans_lims.exporter", "{out}", "--follow")
    targets: dict[str, LimsPlugin] = {}
    sources: dict[str, LimsPlugin] = {}
    ids_before_collection: IdsBeforeCollection | None = None

    @model_validator(mode="after")
    def _ids_come_from_a_target(self) -> Self:
        ids = self.ids_before_collection
        if ids is not None and ids.target not in self.targets:
            raise ValueError(
                f"ids_before_collection.target is {ids.target!r}; allowed are the targets "
                f"{', '.join(self.targets) or '(none)'}: name one of them"
            )
        return self


class Profile(Section):
    """A beamline: what runs, where it answers, which devices play the roles, and how it works."""

    schema_: Literal["mxplans.profile/1"] = Field(alias="schema")
    name: str
    speed_up: float = Field(default=1.0, gt=0, description="Simulated seconds per second; 1 at a real beamline")
    services: dict[str, Service] = {}
    epics: Epics = Epics()
    devices: dict[str, DeviceEntry]
    goniometer: GoniometerGeometry = Field(
        default=GoniometerGeometry(), description="Its axes as last calibrated, in the image frame"
    )
    experiment: Experiment
    optical: OpticalCentring
    xray: XrayCentring
    collection: Collection
    limits: Limits
    timing: Timing = Timing()
    storage: Storage = Storage()
    archive: Archive | None = None
    lims: Lims = Lims()

    @model_validator(mode="before")
    @classmethod
    def _limits_know_the_aperture(cls, data: Any) -> Any:
        """The aperture of sweeps that name none stands in `collection`, once."""
        limits, collection = (
            (data.get(key) for key in ("limits", "collection")) if isinstance(data, Mapping) else (0, 0)
        )
        if not isinstance(limits, Mapping) or not isinstance(collection, Mapping) or "aperture" in limits:
            return data
        return {**data, "limits": {**limits, "aperture": collection.get("aperture")}}

    @model_validator(mode="after")
    def _finder_wants_two_grids(self) -> Self:
        if "crystal_finder" in self.devices and (
            self.xray.strategy != "two grids" or self.xray.coarse_step_um is not None
        ):
            raise ValueError(
                f"xray: a crystal_finder looks at two whole grids; the strategy is {self.xray.strategy!r}, coarse_step_um "
                f"{self.xray.coarse_step_um}: use 'two grids' without coarse_step_um, or leave the crystal_finder out"
            )
        return self
