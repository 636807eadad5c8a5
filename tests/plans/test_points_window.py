"""The window to click in, in a process of its own; skipped where matplotlib is not installed."""

import json
import subprocess
import sys

import numpy as np
import pytest

from mxplans.errors import AnalysisFailed
from mxplans.geometry import Camera
from mxplans.model import Pose
from mxplans.plans.clicking import WindowClicks

pytest.importorskip("matplotlib", reason="matplotlib is not installed")
CAMERA, POSE = Camera(2.0, 30.0, 20.0), Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=90)
PRESSED = """
import sys
import matplotlib.pyplot as plt
from matplotlib.backend_bases import MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from mxplans.plans import clicking_window
FigureCanvasAgg.required_interactive_framework = "headless"
def show():
    canvas, axes = plt.gcf().canvas, plt.gca()
    canvas.draw()
    x, y = axes.transData.transform((12.25, 7.5))
    if {press}:
        canvas.callbacks.process("button_press_event", MouseEvent("button_press_event", canvas, x, y, 1))
plt.show = show
clicking_window.main(["title", "30", "20"])
"""


@pytest.mark.parametrize(("press", "told"), [(True, [12.25, 7.5]), (False, None)])
def test_a_click_is_told_as_column_and_row_and_a_closed_window_as_nothing(tmp_path, press, told):
    np.save(tmp_path / "image.npy", np.zeros((40, 60), np.uint8))
    with (tmp_path / "image.npy").open("rb") as image:
        done = subprocess.run(
            [sys.executable, "-c", PRESSED.format(press=press)],
            stdin=image,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
            env={"MPLBACKEND": "agg", "PYTHONPATH": ":".join(sys.path), "MPLCONFIGDIR": str(tmp_path)},
        )
    assert done.returncode == 0, done.stderr
    clicked = json.loads(done.stdout)
    assert clicked == (pytest.approx(told) if told else None)


def test_without_a_display_nobody_is_taken_to_have_given_up(monkeypatch, tmp_path):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    with pytest.raises(AnalysisFailed, match="is there a display"):
        WindowClicks()(np.zeros((40, 60), np.uint8), CAMERA, POSE)
