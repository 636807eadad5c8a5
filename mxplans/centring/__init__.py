"""Where the loop and the crystal are: pure functions of images, spots and poses."""

from mxplans.centring.axis import AxisFit, fit_axis
from mxplans.centring.background import significance
from mxplans.centring.blobs import Blob, find_blobs
from mxplans.centring.crystals import CrystalsFound, LineOfSight, Truncation, XrayCandidate
from mxplans.centring.loop import LoopCentred, LoopNotFound, LoopView, locate_loop
from mxplans.centring.next_grid import ambiguous, extension, orthogonal_line, refinement
from mxplans.centring.pins import PinLayout, by_pin_position, pin_position_of
from mxplans.centring.scores import GridView, score_frames
from mxplans.centring.silhouette import Silhouette, find_silhouette, saturated_frac
from mxplans.centring.volume import result_volume, volume_scan
from mxplans.centring.xray import locate_crystals

__all__ = [
    "AxisFit",
    "Blob",
    "CrystalsFound",
    "GridView",
    "LineOfSight",
    "LoopCentred",
    "LoopNotFound",
    "LoopView",
    "PinLayout",
    "Silhouette",
    "Truncation",
    "XrayCandidate",
    "ambiguous",
    "by_pin_position",
    "extension",
    "find_blobs",
    "find_silhouette",
    "fit_axis",
    "locate_crystals",
    "locate_loop",
    "orthogonal_line",
    "pin_position_of",
    "refinement",
    "result_volume",
    "saturated_frac",
    "score_frames",
    "significance",
    "volume_scan",
]
