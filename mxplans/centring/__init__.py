"""Where the loop and the crystal are: pure functions of images, spots and poses."""

from mxplans.centring.axis import AxisFit, fit_axis
from mxplans.centring.background import significance
from mxplans.centring.blobs import Blob, find_blobs
from mxplans.centring.crystals import CrystalsFound, LineOfSight, Truncation, XrayCandidate
from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.hull import Extent, GridExtent, Hull, HullNotFound
from mxplans.centring.hull_carve import HullView, carve
from mxplans.centring.hull_rays import Chord, chord, thickness_um
from mxplans.centring.hull_record import hull_record, read_hull
from mxplans.centring.hull_remount import Remount, RemountUnclear, find_remount
from mxplans.centring.kappa_calibration import CentredTip, KappaCalibration, calibrate_kappa
from mxplans.centring.loop import LoopCentred, locate_loop
from mxplans.centring.mesh import write_stl
from mxplans.centring.next_grid import ambiguous, refinement
from mxplans.centring.outline import LoopView
from mxplans.centring.pins import PinLayout, pin_position_of
from mxplans.centring.points import CentrePoint, PointSource, centre_point
from mxplans.centring.points_cloud import helical_ends, point_cloud
from mxplans.centring.points_hull import MissesHull, OnHull, meet_hull
from mxplans.centring.points_store import PointStore
from mxplans.centring.registration import LineOnly, Registered, Sighting, register
from mxplans.centring.scores import GridView, score_frames
from mxplans.centring.volume import result_volume, volume_scan
from mxplans.centring.xray import locate_crystals

__all__ = [
    "AxisFit",
    "Blob",
    "CentrePoint",
    "CentredTip",
    "Chord",
    "CrystalsFound",
    "Extent",
    "GridExtent",
    "GridView",
    "Hull",
    "HullNotFound",
    "HullView",
    "KappaCalibration",
    "LineOfSight",
    "LineOnly",
    "LoopCentred",
    "LoopNotFound",
    "LoopView",
    "MissesHull",
    "OnHull",
    "OpticalFailure",
    "PinLayout",
    "PointSource",
    "PointStore",
    "Registered",
    "Remount",
    "RemountUnclear",
    "Sighting",
    "Truncation",
    "XrayCandidate",
    "ambiguous",
    "calibrate_kappa",
    "carve",
    "centre_point",
    "chord",
    "find_blobs",
    "find_remount",
    "fit_axis",
    "helical_ends",
    "hull_record",
    "locate_crystals",
    "locate_loop",
    "meet_hull",
    "pin_position_of",
    "point_cloud",
    "read_hull",
    "refinement",
    "register",
    "result_volume",
    "score_frames",
    "significance",
    "thickness_um",
    "volume_scan",
    "write_stl",
]
