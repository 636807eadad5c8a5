"""All backgrounds of a beamline, by camera, zoom and light: in memory, and in a folder between sessions."""

from __future__ import annotations

import hashlib
import json
import logging
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

log = logging.getLogger(__name__)


class Backgrounds:
    """The newest background for each view. Nothing here goes stale by itself: `Background.fresh` tells.

    Args:
        folder: Where each is written as it comes, and taken away as it goes; None keeps them in memory.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._kept: dict[ViewKey, Background] = {}
        self._folder = folder

    @classmethod
    def kept_in(cls, folder: Path) -> Backgrounds:
        """Those of a folder, and the folder for those to come.

        A damaged file is left out, with a warning: the view it belongs to is taken again.
        """
        found = cls(folder)
        for path in sorted(folder.glob("*.json")):
            try:
                background = _read(path)
            except InvalidInput as error:
                log.warning("%s", error)
            else:
                found._kept[background.key] = background
        return found

    def __len__(self) -> int:
        """How many views have one."""
        return len(self._kept)

    def put(self, background: Background) -> None:
        """Keep it in place of the one that its view had.

        Raises:
            OSError: If the folder cannot be written.
        """
        self._kept[background.key] = background
        if self._folder is not None:
            _write(background, self._folder)

    def discard(self, background: Background) -> None:
        """Forget one that no longer holds; the view may have a newer one by now, which stays."""
        if self._kept.get(background.key) is background:
            del self._kept[background.key]
            if self._folder is not None:
                for path in _paths(background.key, self._folder):
                    path.unlink(missing_ok=True)

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
        for background in self._kept.values():
            _write(background, folder)

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


def _paths(key: ViewKey, folder: Path) -> tuple[Path, Path]:
    """Of the numbers, and of the image."""
    stem = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]
    return folder / f"{stem}.json", folder / f"{stem}.png"


def _write(background: Background, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "camera": background.camera,
        "zoom": background.zoom,
        "light_frac": background.light_frac,
        "time_s": background.time_s,
        "statistics": background.statistics.__dict__,
    }
    numbers, image = _paths(background.key, folder)
    _replace(image, bytes(cv2.imencode(".png", background.image)[1]))
    _replace(numbers, json.dumps(told, indent=1).encode())


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
