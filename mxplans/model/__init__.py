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
from mxplans.model.message import MXLIMS_VERSION, Message, parse_message, read_message
from mxplans.model.queue import QueueItem, build_queue
from mxplans.model.sweeps import RotationSweep

__all__ = [
    "MXLIMS_VERSION",
    "AcquisitionSettings",
    "CollectionSweep",
    "FrameSpots",
    "Message",
    "MxExperiment",
    "Pose",
    "QueueItem",
    "RotationSweep",
    "SampleLocation",
    "Scan",
    "ScanMotion",
    "Spot",
    "SpotRequest",
    "UnitCell",
    "build_queue",
    "parse_message",
    "read_message",
]
