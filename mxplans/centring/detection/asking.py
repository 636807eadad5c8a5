"""A sample detector's answers, checked: plugins and services may say anything."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from mxplans.errors import AnalysisFailed, DeviceFault, MxplansError
from mxplans.model.detection import Detection, Look
from mxplans.roles import SampleDetector


def ask(detector: SampleDetector, looks: Sequence[Look]) -> Sequence[Detection]:
    """What a detector finds in looks, one detection for each; nothing that is no detection is passed on.

    Raises:
        DeviceFault: If its service is away, it leaves looks out, or says what cannot be: masks of another size, places
            that are no numbers.
        AnalysisFailed: If it raises what is no error of ours.
        InvalidInput: If it refuses a look.
    """
    try:
        found = list(detector.detect(looks))
    except MxplansError:
        raise
    except Exception as error:  # a plugin: whatever it raises, the plan has to be told who it was
        raise AnalysisFailed(
            f"{detector.name} failed at {len(looks)} looks: {type(error).__name__}: {error}; these looks are worth a report "
            "to those who wrote it"
        ) from error
    if len(found) != len(looks):
        raise DeviceFault(
            f"{detector.name} gave {len(found)} answers to {len(looks)} looks; there must be one for each: look after its "
            "version"
        )
    for number, (detection, look) in enumerate(zip(found, looks, strict=True), start=1):
        if wrong := _what_is_wrong(detection, look):
            raise DeviceFault(f"{detector.name}, look {number} of {len(looks)}: {wrong}; look after its version")
    return found


def _what_is_wrong(detection: Any, look: Look) -> str:
    """Why something is no detection of a look; empty when it is one."""
    if not isinstance(detection, Detection):
        return f"the answer is a {type(detection).__name__}; it must be a Detection"
    size = look.image.shape[:2]
    for notion, mask in detection.masks.items():
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != size:
            told = f"{mask.dtype} {mask.shape}" if isinstance(mask, np.ndarray) else type(mask).__name__
            return f"the mask of {notion} is {told}; it must be bool {size}"
    for name in ("tip_px", "centroid_px"):
        place = getattr(detection, name)
        if place is not None and not all(math.isfinite(each) for each in place):
            return f"{name} is {tuple(map(float, place))}; it must be two numbers, or None where it is not seen"
    if not 0 <= detection.score <= 1:
        return f"the score is {detection.score}; it must be from 0 to 1"
    return ""
