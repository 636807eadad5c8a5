"""On-axis images that people have labelled with labelme: what is foreground in them, where its tip is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

PX2A_UM_PER_PX = (1.6101, 1.2940, 0.9873, 0.7528, 0.5743, 0.4385, 0.3341, 0.2537, 0.1941, 0.1576)
"""Scale of zoom levels 1 to 10 of PROXIMA 2A's viewer, for images 1360 px wide."""
PX2A_WIDTH_PX = 1360
BACKGROUND = "background"
TIP_PX = 2
"""Labels are drawn to a pixel or two: the tip is the middle of so many last columns."""


@dataclass(frozen=True)
class Labelled:
    """One image with its labels.

    Attributes:
        name: Of its file.
        image: Colour (height, width, 3).
        um_per_px: Scale.
        pin_side: left or right.
        foreground: Union of all outlines, (height, width).
        tip_px: Column and row of its end away from the pin.
    """

    name: str
    image: npt.NDArray[np.uint8]
    um_per_px: float
    pin_side: str
    foreground: npt.NDArray[np.bool_]
    tip_px: tuple[float, float]


def read_labelled(folder: Path, um_per_px: float | None = None) -> Iterator[Labelled]:
    """All images of a folder that have labels, in the order of their names.

    Args:
        folder: Holds NAME.json beside NAME.jpg, .jpeg or .png.
        um_per_px: Scale of all images; by the zoom in their names when None.

    Raises:
        ValueError: If an image tells no zoom and no scale is given.
    """
    for labels in sorted(folder.glob("*.json")):
        pictures = [path for suffix in (".jpg", ".jpeg", ".png") if (path := labels.with_suffix(suffix)).exists()]
        shapes = json.loads(labels.read_text()).get("shapes", []) if pictures else []
        outlines = [shape for shape in shapes if shape["shape_type"] == "polygon" and shape["label"] != BACKGROUND]
        if not outlines:
            continue
        image = cv2.cvtColor(cv2.imread(str(pictures[0]), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        foreground = _filled(outlines, image.shape[:2])
        pin = _filled([shape for shape in outlines if shape["label"] in ("pin", "stem")], image.shape[:2])
        side = _side(pin if pin.any() else foreground)
        yield Labelled(
            labels.stem,
            np.asarray(image, dtype=np.uint8),
            um_per_px or _scale(labels.stem, image.shape[1]),
            side,
            foreground,
            tip_of(foreground, side),
        )


def tip_of(mask: npt.NDArray[np.bool_], pin_side: str) -> tuple[float, float]:
    """Column and row of the end of a mask away from the pin."""
    columns = np.flatnonzero(mask.any(axis=0))
    last = columns[:TIP_PX] if pin_side == "right" else columns[-TIP_PX:]
    rows = [np.flatnonzero(mask[:, column])[[0, -1]].mean() for column in last]
    return float(columns[0] if pin_side == "right" else columns[-1]), float(np.mean(rows))


def _filled(outlines: list[dict[str, Any]], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.round(np.array(outline["points"])).astype(np.int32)], (1,))
    return mask > 0


def _side(mask: npt.NDArray[np.bool_]) -> str:
    """The side that more of a mask reaches; that its middle is nearer to when it reaches none."""
    left, right = int(mask[:, :3].sum()), int(mask[:, -3:].sum())
    if left == right:
        return "left" if np.flatnonzero(mask.any(axis=0)).mean() < mask.shape[1] / 2 else "right"
    return "left" if left > right else "right"


def _scale(name: str, width_px: int) -> float:
    found = re.search(r"zoom_(\d+)", name)
    if found is None or not 1 <= int(found[1]) <= len(PX2A_UM_PER_PX):
        raise ValueError(f"{name} tells no zoom from 1 to {len(PX2A_UM_PER_PX)}; give the scale of the images, um/px")
    return PX2A_UM_PER_PX[int(found[1]) - 1] * PX2A_WIDTH_PX / width_px
