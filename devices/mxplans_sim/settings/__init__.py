"""The world file, a model for each part of the beamline."""

from mxplans_sim.settings.base import SettingsError
from mxplans_sim.settings.beam import BeamSettings
from mxplans_sim.settings.camera import CameraSettings
from mxplans_sim.settings.detector import DetectorSettings
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.settings.motion import MotionSettings
from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.settings.timing import TimingSettings
from mxplans_sim.settings.world import WorldSettings, load_world

__all__ = [
    "BeamSettings",
    "CameraSettings",
    "DetectorSettings",
    "GoniometerSettings",
    "MotionSettings",
    "SampleTruth",
    "SettingsError",
    "TimingSettings",
    "WorldSettings",
    "load_world",
]
