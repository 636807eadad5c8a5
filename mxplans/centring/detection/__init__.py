"""Detection of the sample in on-axis images: backgrounds, the classical detector, agreement of several."""

from mxplans.centring.detection.asking import ask
from mxplans.centring.detection.background import Background, Freshness, Statistics, ViewKey, freshness
from mxplans.centring.detection.backgrounds import Backgrounds
from mxplans.centring.detection.classical import ClassicalDetector
from mxplans.centring.detection.consensus import ConsensusDetector
from mxplans.centring.detection.usable import saturated_frac

__all__ = [
    "Background",
    "Backgrounds",
    "ClassicalDetector",
    "ConsensusDetector",
    "Freshness",
    "Statistics",
    "ViewKey",
    "ask",
    "freshness",
    "saturated_frac",
]
