"""All backgrounds of a beamline, by camera, zoom and light: in memory, and in a folder between sessions."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from mxplans.centring.detection.background import Background, Statistics, ViewKey
from mxplans.centring.detection.usable import what_is_wrong
from mxplans.errors import InvalidInput
from mxplans.model.detection import Image


class Backgrounds:
    """The newest background for each view. Nothing here goes stale by itself: `Background.fresh` tells."""

    def __init__(self) -> None:
        self._kept: dict[ViewKey, Background] = {}

    def __len__(self) -> int:
        """How many views have one."""
        return len(self._kept)

    def put(self, background: Background) -> None:
        """Keep it in place of the one that its view had."""
        self._kept[background.key] = background

    def find(self, camera: str, zoom: str, light_frac: float | None = None) -> Background | None:
        """The background of a view.

        Args:
            camera: Its name.
            zoom: Name of its zoom level.
            light_frac: Level of the light; at any level, the newest, when None.
        """
        if light_frac is not None:
            return self._kept.get(ViewKey.of(camera, zoom, light_frac))
        fitting = [each for key, each in self._kept.items() if (key.camera, key.zoom) == (camera, zoom)]
        return max(fitting, key=lambda each: each.time_s, default=None)

    def image(self, camera: str, zoom: str, light_frac: float | None = None) -> Image | None:
        """The image of `find`, None when there is none."""
        found = self.find(camera, zoom, light_frac)
        return None if found is None else found.image

    def save(self, folder: Path) -> None:
        """Write one PNG and one JSON file for each; files of the same views are replaced, others stay.

        Raises:
            OSError: If the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for key, background in self._kept.items():
            stem = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
            statistics = background.statistics
            told = {
                "camera": background.camera,
                "zoom": background.zoom,
                "light_frac": background.light_frac,
                "time_s": background.time_s,
                "statistics": statistics.__dict__,
            }
            _replace(folder / f"{stem}.png", bytes(cv2.imencode(".png", background.image)[1]))
            _replace(folder / f"{stem}.json", json.dumps(told, indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Backgrounds:
        """Read what `save` wrote; a folder that is not there holds none.

        Raises:
            InvalidInput: If a file is damaged.
        """
        found = cls()
        for path in sorted(folder.glob("*.json")):
            found.put(_read(path))
        return found


def _read(path: Path) -> Background:
    try:
        told = json.loads(path.read_bytes())
        background = Background(
            image=_image(path.with_suffix(".png")),
            camera=str(told["camera"]),
            zoom=str(told["zoom"]),
            light_frac=_number(told["light_frac"]),
            time_s=_number(told["time_s"]),
            statistics=Statistics(
                frames=int(told["statistics"]["frames"]),
                **{
                    name: _number(told["statistics"][name]) for name in ("mean", "noise", "dark_frac", "saturated_frac")
                },
            ),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"background {path}: {type(error).__name__}: {error}; delete the file and take the background again"
        ) from error
    return background


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no finite number")
    return number


def _image(path: Path) -> Image:
    content = path.read_bytes()
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if image is None:
        raise ValueError(f"{path.name} is no image")
    if wrong := what_is_wrong(image):
        raise ValueError(f"{path.name}: {wrong}")
    return np.asarray(image, dtype=np.uint8)


def _replace(path: Path, content: bytes) -> None:
    """Write a file that is whole at any time."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    os.replace(fresh, path)
