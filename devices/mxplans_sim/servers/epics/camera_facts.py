"""What the areaDetector camera tells of itself, and what it cannot do."""

from __future__ import annotations

from typing import Any

from mxplans_sim.servers.epics.area_detector import COLOR_MODES, DATA_TYPES, port
from mxplans_sim.settings.camera import CameraSettings


def unable(settings: CameraSettings) -> dict[str, Any]:
    """What this camera cannot do otherwise: no binning, no region, no trigger, no shutter."""
    return {
        "TriggerMode": ("Internal", ("Internal", "External")),
        "ColorMode": (COLOR_MODES[0], COLOR_MODES),
        "DataType": ("UInt8", DATA_TYPES),
        "FrameType": ("Normal", ("Normal", "Background", "FlatField", "DblCorrelation")),
        "BinX": 1,
        "BinY": 1,
        "MinX": 0,
        "MinY": 0,
        "SizeX": settings.width_px,
        "SizeY": settings.height_px,
        "ReverseX": ("No", ("No", "Yes")),
        "ReverseY": ("No", ("No", "Yes")),
        "NumExposures": 1,
        "Temperature": 25.0,
        "ShutterMode": ("None", ("None", "EPICS output", "Detector output")),
        "ShutterControl": ("Close", ("Close", "Open")),
        "ShutterOpenDelay": 0.0,
        "ShutterCloseDelay": 0.0,
    }


def known(settings: CameraSettings, name: str) -> dict[str, Any]:
    """What it tells of itself under the name of its port, and never changes."""
    width, height = settings.width_px, settings.height_px
    shutter = ("Close", ("Close", "Open"))
    return {
        **port(name),
        "Manufacturer_RBV": "mxplans",
        "Model_RBV": f"virtual {settings.name} camera"[:39],
        "MaxSizeX_RBV": width,
        "MaxSizeY_RBV": height,
        "ArraySizeX_RBV": width,
        "ArraySizeY_RBV": height,
        "ArraySizeZ_RBV": 0,
        "ArraySize_RBV": width * height,
        "DataType_RBV.DISA": 0,
        "NumExposuresCounter_RBV": 0,
        "TimeRemaining_RBV": 0.0,
        "TemperatureActual": 25.0,
        "ReadStatus": 0,
        "StringToServer_RBV": "",
        "StringFromServer_RBV": "",
        "ShutterStatus_RBV": shutter,
        "ShutterStatusEPICS_RBV": shutter,
        **{f"Shutter{what}": 0 for what in ("OpenEPICS", "CloseEPICS", "ControlEPICS", "Fanout")},
    }
