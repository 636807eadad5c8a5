"""From frames of the on-axis viewer to views of the mount: what a detector found, and which images are no use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from mxplans.centring.detection.asking import ask
from mxplans.centring.detection.usable import DARK_MAX_FRAC, as_gray, what_is_wrong, what_it_lacks
from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.outline import LoopView
from mxplans.geometry import Camera
from mxplans.model.acquisition import Pose
from mxplans.model.detection import Detection, Image, Look, Mask, PinSide
from mxplans.roles import SampleDetector

OPAQUE_FRAC = 0.2
"""Of the light without a sample: ice and metal leave less. Liquid leaves more in the middle of its flat face."""
LIGHT_PERCENT = 75
"""Of the pixels are no brighter than the light, where no background tells it; a mount covers less of the image."""


def unusable(image: Image) -> LoopNotFound | None:
    """Why an image tells nothing, if it does not.

    >>> unusable(np.zeros((64, 64), np.uint8)).failure.value
    'dark image'
    >>> unusable(np.full((64, 64), 120, np.uint8))
    """
    if wrong := what_is_wrong(image):
        return LoopNotFound(OpticalFailure.NO_IMAGE, f"{wrong}; look at the camera")
    evidence: dict[str, float] = {}
    reason = what_it_lacks(as_gray(image), evidence)
    if not reason:
        return None
    dark = evidence["dark_frac"] > DARK_MAX_FRAC
    return LoopNotFound(OpticalFailure.DARK if dark else OpticalFailure.SATURATED, reason, evidence)


def views_of(
    detector: SampleDetector,
    images: Sequence[Image],
    poses: Sequence[Pose],
    camera: Camera,
    background: Image | None,
    pin_side: PinSide,
    sigma_mm: float,
) -> tuple[LoopView, ...] | LoopNotFound:
    """Let a detector look at images that one camera took at one zoom.

    Args:
        detector: Finds the mount.
        images: Grey, (height, width) each.
        poses: Where the goniometer stood in the middle of each exposure.
        camera: Scale and beam.
        background: The same view without a sample.
        pin_side: Where pins enter.
        sigma_mm: Standard error of heights.

    Returns:
        A view per image that is one, those of another size than most left out; or why most of the images, or of the
        detector's answers, are no use.

    Raises:
        DeviceFault: If the detector's service is away, or says what cannot be.
        AnalysisFailed: If the detector fails.
    """
    useless = [why for why in map(unusable, images) if why is not None]
    if 2 * len(useless) > len(images):
        return useless[0]
    kept = _alike(images)
    images, poses = [images[index] for index in kept], [poses[index] for index in kept]
    background = background if background is not None and background.shape == images[0].shape else None
    looks = [Look(image, camera.um_per_px, pin_side, background) for image in images]
    found = ask(detector, looks)
    mute = [each for each in found if not each.answered]
    if 2 * len(mute) > len(found):
        return _no_answer(mute, len(found))
    return tuple(
        LoopView(pose, camera, detection, pin_side, _opaque(image, background), sigma_mm)
        for image, pose, detection in zip(images, poses, found, strict=True)
    )


def _alike(images: Sequence[Image]) -> list[int]:
    """Which are images at all, and of the shape that most of these have."""
    shapes = {index: image.shape for index, image in enumerate(images) if not what_is_wrong(image)}
    usual, _ = Counter(shapes.values()).most_common(1)[0]
    return [index for index, shape in shapes.items() if shape == usual]


def _no_answer(mute: Sequence[Detection], looks: int) -> LoopNotFound:
    """That a detector could not tell of most images whether something is there."""
    first = mute[0]
    reason = (
        f"{first.detector} could not use {len(mute)} of {looks} images; the first: {first.reason or 'no reason given'}"
    )
    return LoopNotFound(OpticalFailure.NO_ANSWER, reason, {"views": looks, "views_without_answer": len(mute)})


def stale_frac(views: Sequence[LoopView]) -> float:
    """Part of the views whose background no longer held."""
    stale = [bool(view.detection.evidence.get("background_stale", False)) for view in views]
    return sum(stale) / max(len(stale), 1)


def _opaque(image: Image, background: Image | None) -> Mask:
    """Where most of the light is lost: of that without a sample, or of what most of the image has."""
    gray = as_gray(image)
    if background is None:
        return np.asarray(gray < OPAQUE_FRAC * np.percentile(gray[::4, ::4], LIGHT_PERCENT), dtype=bool)
    light = as_gray(background).astype(np.float32)
    # The light may have changed as a whole; where it is brightest nothing stands before it.
    level = np.percentile(gray[::4, ::4] / np.maximum(light[::4, ::4], 1.0), LIGHT_PERCENT)
    return np.asarray(gray < OPAQUE_FRAC * level * light, dtype=bool)
