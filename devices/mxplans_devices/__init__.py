"""Ophyd devices that fulfil the roles of `mxplans.roles` over real protocols. Simulated or real makes no difference here."""

from mxplans_devices.detector import SimplonDetector
from mxplans_devices.file_spot_finder import FileSpotFinder
from mxplans_devices.goniometer import Goniometer, ScanProgram, Smargon
from mxplans_devices.motors import DetectorDistance, Motor
from mxplans_devices.optics import Aperture, Attenuator, Backlight, Beam, Shutter
from mxplans_devices.sample_changer import SampleChanger
from mxplans_devices.spot_finder import HttpSpotFinder
from mxplans_devices.viewer import OnAxisViewer
from mxplans_devices.zocalo import ZocaloCrystalFinder

__all__ = [
    "Aperture",
    "Attenuator",
    "Backlight",
    "Beam",
    "DetectorDistance",
    "FileSpotFinder",
    "Goniometer",
    "HttpSpotFinder",
    "Motor",
    "OnAxisViewer",
    "SampleChanger",
    "ScanProgram",
    "Shutter",
    "SimplonDetector",
    "Smargon",
    "ZocaloCrystalFinder",
]
