"""From a look to what Murko is sent, and from what it says to a detection in pixels of the look.

A prediction covers the whole image whatever its size, so that place (x + 0.5) / width is the same in both: with
index = pixel centre, column c of a prediction is column (c + 0.5) * width / columns - 0.5 of the image.
"""

from __future__ import annotations

import cv2
import numpy as np

from mxplans.model.detection import Box, Detection, Image, Look, Mask, Notion, PinSide
from mxplans_devices.protocols._murko_reply import LEVELS, Described

_DARK, _BRIGHT = 4, 251
_ALIKE_FRAC = 0.999  # of an image whose pixels are all dark or all saturated, a few hot ones set aside
_SMALLEST_PX = 16
_SCORES = {Notion.CRYSTAL: 1.0, Notion.LOOP: 0.8, Notion.FOREGROUND: 0.5}


def fault_of(image: Image) -> str:
    """Why an image is of no use; empty when it is."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        return f"the image is a {getattr(image, 'dtype', type(image).__name__)}; allowed is an array of uint8"
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        return f"the image has shape {image.shape}; allowed is (height, width) or (height, width, 3)"
    if min(image.shape[:2]) < _SMALLEST_PX:
        return f"the image has {image.shape[1]} x {image.shape[0]} pixels; allowed are {_SMALLEST_PX} or more each way"
    if np.count_nonzero(image <= _DARK) >= _ALIKE_FRAC * image.size:
        return f"the image is dark (no pixel above {_DARK} of 255); see light, shutter and exposure of the camera"
    if np.count_nonzero(image >= _BRIGHT) >= _ALIKE_FRAC * image.size:
        return f"the image is saturated (no pixel below {_BRIGHT} of 255); lower light or exposure of the camera"
    return ""


def reduced(image: Image, width_px: int | None) -> Image:
    """Colour image (height, width, 3) of at most this width, the same for grey and colour."""
    height, width = image.shape[:2]
    if width_px is not None and width > width_px:
        size = width_px, max(_SMALLEST_PX, round(height * width_px / width))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def as_jpeg(image: Image, quality: int) -> bytes:
    """A colour image, red first, as JPEG."""
    _, content = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return content.tobytes()


def detection_of(name: str, described: Described, look: Look, largest_frac: float) -> Detection:
    """A detection in pixels of the look.

    Args:
        name: Of the detector.
        described: What the service says.
        look: What it was asked about.
        largest_frac: Part of the image beyond which a foreground is not believed.
    """
    if described.problem:
        return not_found(name, f"the answer for this image cannot be used: {described.problem}", answer_used=False)
    if "foreground" not in described.masks:
        return not_found(name, "nothing stands in the image (present = 0)", answer_used=True)
    masks = _scaled_masks(described, look.image.shape[:2])
    whole = masks.get(Notion.FOREGROUND)
    if whole is None:
        return not_found(name, "what stands there is smaller than a pixel of the image", answer_used=True)
    covered = float(whole.mean())
    if covered > largest_frac:
        reason = (
            f"{100 * covered:.0f} % of the image would be sample, more than {100 * largest_frac:g} % are not believed"
        )
        return not_found(name, reason, answer_used=False)
    tip = _tip(whole, look.pin_side)
    best = next(notion for notion in _SCORES if notion in masks)
    evidence: dict[str, object] = {"answer_used": True, "foreground_frac": covered}
    if described.click is not None:
        evidence["click_px"] = _click(described.click, look.image.shape)
    if Notion.CRYSTAL in masks:
        box = box_of(masks[Notion.CRYSTAL])
        evidence["crystal_box_px"] = (box.x_first, box.y_first, box.x_last, box.y_last)
    if tip is None:
        evidence["tip_missing"] = "the sample goes on beyond the side of the image that is away from the pin"
    return Detection(
        detector=name,
        masks=masks,
        tip_px=tip,
        box_px=box_of(whole),
        centroid_px=_centroid(masks[best]),
        score=_SCORES[best] * (1.0 if tip is not None else 0.5),
        evidence=evidence,
    )


def not_found(name: str, reason: str, answer_used: bool) -> Detection:
    """Nothing, and why. `answer_used` is False where that says nothing about the sample."""
    return Detection(detector=name, reason=reason, evidence={"answer_used": answer_used})


def _scaled_masks(described: Described, shape: tuple[int, ...]) -> dict[Notion, Mask]:
    found = {Notion(key): mask for key, mask in described.masks.items() if "," not in key}
    if described.levels is not None:
        found |= {Notion(name): described.levels == level for name, level in LEVELS.items()}
    scaled = {notion: scaled_to(mask, shape) for notion, mask in found.items()}
    return {notion: mask for notion, mask in scaled.items() if mask.any()}


def scaled_to(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """A mask in pixels of an image of this height and width, outlines where they were, to a part of a pixel."""
    size = shape[1], shape[0]
    shrinks = mask.shape[0] > shape[0] or mask.shape[1] > shape[1]
    # Both keep the outer edges of the image together, as pixel-centre coordinates want it.
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(mask.astype(np.float32), size, interpolation=how) >= 0.5)


def box_of(mask: Mask) -> Box:
    """The smallest box around what is set; there must be something."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1]))


def _tip(mask: Mask, pin_side: PinSide) -> tuple[float, float] | None:
    """The end away from the pin, its rows averaged over the width of a predicted pixel; None where it is out of sight."""
    box = box_of(mask)
    width = mask.shape[1]
    depth = max(1, round(width / 320))
    if pin_side is PinSide.LEFT:
        at, beyond, last = box.x_last, box.x_last == width - 1, slice(max(0, box.x_last - depth + 1), box.x_last + 1)
    else:
        at, beyond, last = box.x_first, box.x_first == 0, slice(box.x_first, box.x_first + depth)
    return None if beyond else (float(at), float(np.nonzero(mask[:, last])[0].mean()))


def _centroid(mask: Mask) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def _click(fractions: tuple[float, float], shape: tuple[int, ...]) -> tuple[float, float]:
    return fractions[0] * shape[1] - 0.5, fractions[1] * shape[0] - 0.5
