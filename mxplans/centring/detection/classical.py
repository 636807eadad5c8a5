"""A sample detector without training: the image over its background, and the outline of what differs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from pydantic import Field

from mxplans.centring.detection.background import freshness, require_fits
from mxplans.centring.detection.ends import extents, find_parts, find_tip
from mxplans.centring.detection.outline import MIN_AREA_UM2, MIN_CONTRAST, Outline, as_light, find_outline
from mxplans.centring.detection.surface import FloatImage
from mxplans.centring.detection.usable import as_gray, shrunk, what_is_wrong, what_it_lacks
from mxplans.errors import InvalidInput
from mxplans.model.detection import Box, Detection, Image, Look, Mask, Notion, PinSide
from mxplans.model.device_settings import DeviceSettings

WORK_PX = 700
"""Larger images are looked at in a size below this: outlines are no sharper than the blur."""
BY_EDGES_SCORE = 0.8
NOT_AT_PIN_SCORE = 0.5
CLEAR_CONTRAST = 5 * MIN_CONTRAST
CLEAR_AREA_UM2 = 4 * MIN_AREA_UM2
Lights = dict[tuple[int, PinSide], FloatImage]
"""Of backgrounds by their identity, while the looks that hold them are."""


@dataclass(frozen=True)
class ClassicalDetector:
    """Tells foreground, and loop, stem and pin where the outline's width does; never crystals."""

    class Settings(DeviceSettings):
        """Settings of a `ClassicalDetector`."""

        name: str = Field(
            default="classical", min_length=1, description="Of a detector among several, for results and messages"
        )

    name: str = "classical"

    def detect(self, looks: Sequence[Look]) -> Sequence[Detection]:
        """One detection for each look, in their order.

        A look whose image is the same as that before, pixel for pixel, is of a camera that stands still: it shows
        nothing of what has moved since, and is said to be no use.

        Raises:
            InvalidInput: If a background is of another size than its image, or a scale is no positive number.
        """
        found: list[Detection] = []
        lights: Lights = {}
        for index, look in enumerate(looks):
            before = looks[index - 1].image if index else None
            found.append(self._detect(look, before, lights))
        return found

    def _detect(self, look: Look, before: Image | None, lights: Lights) -> Detection:
        if not (math.isfinite(look.um_per_px) and look.um_per_px > 0):
            raise InvalidInput(
                f"scale of a look is {look.um_per_px} um/px; it must be positive: calibrate the zoom level"
            )
        if wrong := what_is_wrong(look.image):
            return Detection(self.name, reason=wrong, evidence={"answer_used": False})
        gray = as_gray(look.image)
        evidence: dict[str, Any] = {}
        reason = what_it_lacks(gray, evidence)
        if not reason and before is not None and np.array_equal(before, look.image):
            evidence["frozen"] = True
            reason = "the image is the one before, pixel for pixel; the camera stands still: start it again"
        if reason:
            return Detection(self.name, reason=reason, evidence=evidence | {"answer_used": False})
        factor = math.ceil(max(gray.shape) / WORK_PX)
        light = _light(look, factor, evidence, lights)
        outline = find_outline(_oriented(gray, factor, look.pin_side), look.um_per_px * factor, light)
        evidence |= {
            "area_um2": outline.area_um2,
            "threshold_um2": MIN_AREA_UM2,
            "noise_frac": outline.noise_frac,
            "by_edges": outline.by_edges,
        }
        if not outline.present:
            reason = f"the largest object has {outline.area_um2:.0f} um2; at least {MIN_AREA_UM2:.0f} um2 are needed"
            return Detection(self.name, reason=reason, evidence=evidence)
        return self._described(outline, look, factor, evidence)

    def _described(self, outline: Outline, look: Look, factor: int, evidence: dict[str, Any]) -> Detection:
        """Masks, tip, box, centroid and score of an outline, in the image's own pixels."""
        height, width = look.image.shape[:2]
        um_per_px = look.um_per_px * factor
        foreground = _enlarged(outline.mask, factor, height, width)
        masks = {Notion.FOREGROUND: foreground}
        first, last = extents(outline.mask)
        tip = find_tip(first, last, outline.depth, um_per_px)
        parts = find_parts(first, last, um_per_px, tip is not None, outline.at_pin_side)
        for notion, (begin, end) in parts.items():
            part = np.zeros_like(foreground)
            columns = slice(begin * factor, width if end == outline.mask.shape[1] else end * factor)
            part[:, columns] = foreground[:, columns]
            masks[notion] = part
        tip_px = None if tip is None else tuple((factor * at + (factor - 1) / 2) for at in tip)
        evidence |= {"at_pin_side": outline.at_pin_side, "tip_in_image": tip is not None}
        if look.pin_side is PinSide.LEFT:
            masks = {notion: np.ascontiguousarray(mask[:, ::-1]) for notion, mask in masks.items()}
            tip_px = None if tip_px is None else (width - 1 - tip_px[0], tip_px[1])
        contrast = float(np.median(outline.depth[outline.mask]))
        evidence["contrast_frac"] = contrast
        return Detection(
            self.name,
            masks=masks,
            tip_px=None if tip_px is None else (tip_px[0], tip_px[1]),
            box_px=_box(masks[Notion.FOREGROUND]),
            centroid_px=_centroid(masks.get(Notion.LOOP, masks[Notion.FOREGROUND])),
            score=_score(outline, contrast),
            evidence=evidence,
        )


def _light(look: Look, factor: int, evidence: dict[str, Any], lights: Lights) -> FloatImage | None:
    """The background as the outline wants it, None when there is none or it no longer holds.

    Looks of one turn share their background: what was made of it for one of them is kept in `lights`.
    """
    if look.background is None:
        return None
    require_fits(look.image, look.background)
    fits = freshness(look.image, look.background)
    evidence |= {
        "background_correlation": fits.correlation,
        "background_residual_frac": fits.residual_frac,
        "background_stale": not fits.fresh,
    }
    if not fits.fresh:
        return None
    key = (id(look.background), look.pin_side)
    if key not in lights:
        lights[key] = as_light(_oriented(as_gray(look.background), factor, look.pin_side))
    return lights[key]


def _oriented(gray: Image, factor: int, pin_side: PinSide) -> FloatImage:
    """A grey image at the working scale with the pin on the right."""
    small = shrunk(gray, factor)
    return small if pin_side is PinSide.RIGHT else np.ascontiguousarray(small[:, ::-1])


def _enlarged(mask: Mask, factor: int, height: int, width: int) -> Mask:
    """A mask in the image's own pixels; rows and columns that the working scale left out continue the last ones."""
    if factor == 1:
        return mask
    size = (mask.shape[1] * factor, mask.shape[0] * factor)
    smooth = cv2.resize(mask.astype(np.uint8) * 255, size, interpolation=cv2.INTER_LINEAR)
    below, right = height - size[1], width - size[0]
    return np.asarray(cv2.copyMakeBorder(smooth, 0, below, 0, right, cv2.BORDER_REPLICATE) > 127, dtype=bool)


def _box(mask: Mask) -> Box:
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return Box(int(left), int(top), int(left + width - 1), int(top + height - 1))


def _centroid(mask: Mask) -> tuple[float, float]:
    box = _box(mask)
    part = mask[box.y_first : box.y_last + 1, box.x_first : box.x_last + 1]
    moments = cv2.moments(part.astype(np.uint8), binaryImage=True)
    return box.x_first + moments["m10"] / moments["m00"], box.y_first + moments["m01"] / moments["m00"]


def _score(outline: Outline, contrast: float) -> float:
    """How sure: large, in clear contrast, at the side where pins are, and not by edges alone."""
    score = min(1.0, contrast / CLEAR_CONTRAST) * min(1.0, outline.area_um2 / CLEAR_AREA_UM2)
    if not outline.at_pin_side:
        score *= NOT_AT_PIN_SCORE
    return score * BY_EDGES_SCORE if outline.by_edges else score
