"""Devices of a micro-diffractometer of the MD3 kind, each a client of its exporter."""

from mxplans_devices.md3.goniometer import MD3Goniometer, MD3Motor, MD3Scan
from mxplans_devices.md3.optics import MD3Aperture, MD3Backlight, MD3Shutter
from mxplans_devices.md3.phases import MD3Phase
from mxplans_devices.md3.viewer import MD3Viewer, MD3Zoom

__all__ = [
    "MD3Aperture",
    "MD3Backlight",
    "MD3Goniometer",
    "MD3Motor",
    "MD3Phase",
    "MD3Scan",
    "MD3Shutter",
    "MD3Viewer",
    "MD3Zoom",
]
