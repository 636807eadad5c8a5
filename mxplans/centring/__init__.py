"""Where the loop and the crystal are: pure functions of images, spots and poses."""

from mxplans.centring.axis import AxisFit, fit_axis
from mxplans.centring.blobs import Blob, find_blobs, significance
from mxplans.centring.loop import LoopCentred, LoopNotFound, LoopView, locate_loop
from mxplans.centring.scores import GridView, score_frames
from mxplans.centring.silhouette import Silhouette, find_silhouette, saturated_frac
from mxplans.centring.xray import CrystalsFound, XrayCandidate, locate_crystals

__all__ = [
    "AxisFit",
    "Blob",
    "CrystalsFound",
    "GridView",
    "LoopCentred",
    "LoopNotFound",
    "LoopView",
    "Silhouette",
    "XrayCandidate",
    "find_blobs",
    "find_silhouette",
    "fit_axis",
    "locate_crystals",
    "locate_loop",
    "saturated_frac",
    "score_frames",
    "significance",
]
