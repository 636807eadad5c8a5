"""What may be asked and what was measured: frozen models with limits and units. Validating touches nothing outside."""

from mxplans.model._base import MxlimsObject, Reference
from mxplans.model.acquisition import (
    AcquisitionSettings,
    FrameSpots,
    Pose,
    SampleLocation,
    ScanMotion,
    Spot,
    SpotRequest,
)
from mxplans.model.checks import Problem, check_message, require_sound
from mxplans.model.clouds import PointCloud
from mxplans.model.crystals import Tensor, UnitCell
from mxplans.model.datasets import Dataset, ReflectionSet, ReflectionStatistics, ResolutionCutoffs
from mxplans.model.experiments import CollectionSweep, MxExperiment, Scan
from mxplans.model.extensions import DOMAIN, Centring, ExperimentExtension, Kind, SweepExtension
from mxplans.model.item import QueueItem, SweepRequest, parse_item
from mxplans.model.jobs import Job, MxProcessing, VolumeScan
from mxplans.model.message import (
    MAX_BYTES,
    MXLIMS_VERSION,
    SUPPORTED_VERSIONS,
    Message,
    decode_message,
    parse_message,
    read_message,
    write_message,
)
from mxplans.model.plates import DropRegion, Plate, PlateType, PlateWell, WellDrop
from mxplans.model.queue import build_queue
from mxplans.model.regions import Circle, DropImage, ImageRegion, Line, PlateRegion, Point, Polygon, Rectangle
from mxplans.model.samples import (
    Crystal,
    Dewar,
    LogisticalSample,
    Macromolecule,
    MacromoleculeSample,
    Medium,
    MultiPin,
    Person,
    Pin,
    PinPosition,
    Puck,
    SampleComponent,
    Shipment,
    TrackingDevice,
)
from mxplans.model.space_groups import SPACE_GROUP_NAMES
from mxplans.model.sweeps import Position, Sweep

__all__ = [
    "DOMAIN",
    "MAX_BYTES",
    "MXLIMS_VERSION",
    "SPACE_GROUP_NAMES",
    "SUPPORTED_VERSIONS",
    "AcquisitionSettings",
    "Centring",
    "Circle",
    "CollectionSweep",
    "Crystal",
    "Dataset",
    "Dewar",
    "DropImage",
    "DropRegion",
    "ExperimentExtension",
    "FrameSpots",
    "ImageRegion",
    "Job",
    "Kind",
    "Line",
    "LogisticalSample",
    "Macromolecule",
    "MacromoleculeSample",
    "Medium",
    "Message",
    "MultiPin",
    "MxExperiment",
    "MxProcessing",
    "MxlimsObject",
    "Person",
    "Pin",
    "PinPosition",
    "Plate",
    "PlateRegion",
    "PlateType",
    "PlateWell",
    "Point",
    "PointCloud",
    "Polygon",
    "Pose",
    "Position",
    "Problem",
    "Puck",
    "QueueItem",
    "Rectangle",
    "Reference",
    "ReflectionSet",
    "ReflectionStatistics",
    "ResolutionCutoffs",
    "SampleComponent",
    "SampleLocation",
    "Scan",
    "ScanMotion",
    "Shipment",
    "Spot",
    "SpotRequest",
    "Sweep",
    "SweepExtension",
    "SweepRequest",
    "Tensor",
    "TrackingDevice",
    "UnitCell",
    "VolumeScan",
    "WellDrop",
    "build_queue",
    "check_message",
    "decode_message",
    "parse_item",
    "parse_message",
    "read_message",
    "require_sound",
    "write_message",
]
