"""Where clicks come from: a person before a window, a list, or any function that looks at an image."""

from __future__ import annotations

import importlib.util
import json
import math
import subprocess
import sys
from collections.abc import Sequence
from io import BytesIO
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mxplans.errors import AnalysisFailed, InvalidInput
from mxplans.geometry import Camera
from mxplans.model.acquisition import Pose

Image = npt.NDArray[np.uint8]
Pixel = tuple[float, float]


class ClickSource(Protocol):
    """Says where in an image the point is. It is called in a thread of its own, so it may take its time."""

    def __call__(self, image: Image, camera: Camera, pose: Pose) -> Pixel | None:
        """Where the point is.

        Args:
            image: (height, width).
            camera: Its scale and the beam's place in it.
            pose: Where the motors stand.

        Returns:
            Column and row, index = centre of a pixel; None gives up.
        """
        ...


class GivenClicks:
    """Clicks that are known beforehand, one after the other.

    >>> clicks = GivenClicks([(10.0, 20.0)])
    >>> clicks(np.zeros((40, 40), np.uint8), Camera(1.0, 20.0, 20.0), Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0))
    (10.0, 20.0)
    """

    def __init__(self, pixels: Sequence[Pixel | None]) -> None:
        self._pixels = tuple(pixels)
        self._next = 0

    def __call__(self, image: Image, camera: Camera, pose: Pose) -> Pixel | None:
        """The next one.

        Raises:
            InvalidInput: If there are no more.
        """
        if self._next == len(self._pixels):
            raise InvalidInput(
                f"{self._next} clicks were given, and one more is asked for: give more, or ask for fewer"
            )
        pixel = self._pixels[self._next]
        self._next += 1
        return pixel


class WindowClicks:
    """Lets a person click in a window of matplotlib, which has a process of its own: nothing here waits for a window.

    Args:
        timeout_s: How long a person may take for one click; then it counts as given up.

    Raises:
        InvalidInput: If matplotlib is not there.
    """

    def __init__(self, timeout_s: float = 300.0) -> None:
        if importlib.util.find_spec("matplotlib") is None:
            raise InvalidInput(
                "a window to click in needs matplotlib, which is not installed here: pip install matplotlib, or give the "
                "clicks as GivenClicks([(column, row), ...]) or as a function of image, camera and pose"
            )
        self._timeout_s = timeout_s

    def __call__(self, image: Image, camera: Camera, pose: Pose) -> Pixel | None:
        """Show an image until somebody clicks on the point, or closes the window.

        Raises:
            AnalysisFailed: If the window cannot be shown.
        """
        packed = BytesIO()
        np.save(packed, image, allow_pickle=False)
        title = f"Click on the point, omega {pose.omega_deg:.1f} deg; close the window to give up"
        mark = [f"{camera.beam_x_px}", f"{camera.beam_y_px}"]
        command = [sys.executable, "-m", "mxplans.plans.clicking_window", title, *mark]
        try:
            done = subprocess.run(
                command, input=packed.getvalue(), capture_output=True, timeout=self._timeout_s, check=False
            )
        except subprocess.TimeoutExpired:
            return None
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            raise AnalysisFailed(
                f"the window to click in ended with code {done.returncode}: {told}; is there a display?"
            )
        clicked = json.loads(done.stdout)
        return None if clicked is None else (float(clicked[0]), float(clicked[1]))


def checked_pixel(image: Image, pixel: object) -> Pixel | None:
    """What a source said, if it is a place in the image.

    Raises:
        InvalidInput: If it is not.
    """
    if pixel is None:
        return None
    height, width = image.shape[:2]
    try:
        x_px, y_px = (float(value) for value in pixel)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as wrong:
        raise InvalidInput(f"a click is {pixel!r}; allowed are a column and a row, px, or None to give up") from wrong
    inside = (
        math.isfinite(x_px) and math.isfinite(y_px) and -0.5 <= x_px <= width - 0.5 and -0.5 <= y_px <= height - 0.5
    )
    if not inside:
        raise InvalidInput(
            f"a click at column {x_px:g}, row {y_px:g} px; allowed are 0 to {width - 1} and 0 to {height - 1}: click on "
            "the image"
        )
    return x_px, y_px
