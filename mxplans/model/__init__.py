"""What may be asked and what was measured: frozen models with limits and units. Validating touches nothing outside."""

from mxplans.model.acquisition import (
    AcquisitionSettings,
    FrameSpots,
    Pose,
    SampleLocation,
    ScanMotion,
    Spot,
    SpotRequest,
)
from mxplans.model.experiments import CollectionSweep, MxExperiment, Scan, UnitCell
from mxplans.model.extensions import DOMAIN, Centring, ExperimentExtension, Kind, SweepExtension
from mxplans.model.item import QueueItem, SweepRequest, parse_item
from mxplans.model.message import MXLIMS_VERSION, Message, parse_message, read_message
from mxplans.model.queue import build_queue
from mxplans.model.sweeps import Position, Sweep

__all__ = [
    "DOMAIN",
    "MXLIMS_VERSION",
    "AcquisitionSettings",
    "Centring",
    "CollectionSweep",
    "ExperimentExtension",
    "FrameSpots",
    "Kind",
    "Message",
    "MxExperiment",
    "Pose",
    "Position",
    "QueueItem",
    "SampleLocation",
    "Scan",
    "ScanMotion",
    "Spot",
    "SpotRequest",
    "Sweep",
    "SweepExtension",
    "SweepRequest",
    "UnitCell",
    "build_queue",
    "parse_item",
    "parse_message",
    "read_message",
]
