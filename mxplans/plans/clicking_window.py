"""A window with one image that waits for one click: `python -m mxplans.plans.clicking_window TITLE BEAM_X BEAM_Y`.

The image comes as .npy on standard input; column and row go to standard output as JSON, or null when the window is closed.
It is a process of its own, since windows want the main thread and the session's is busy.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
from typing import Any

import numpy as np


def main(arguments: list[str]) -> None:
    """Show, wait, tell."""
    # An extra that most installations lack; `WindowClicks` sees first whether it is there.
    plt: Any = importlib.import_module("matplotlib.pyplot")
    title, beam_x_px, beam_y_px = arguments[0], float(arguments[1]), float(arguments[2])
    image = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    figure, axes = plt.subplots()
    if figure.canvas.required_interactive_framework is None:
        # Without a display matplotlib draws into memory and does not wait: that would look as if somebody had given up.
        sys.exit(f"matplotlib has no window here, only {plt.get_backend()}")
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.plot(beam_x_px, beam_y_px, "+", color="red", markersize=20)
    axes.set_title(title)
    clicked: list[tuple[float, float]] = []

    def on_click(event: Any) -> None:
        # A click while the toolbar zooms or pans is meant for that.
        busy = bool(getattr(figure.canvas.toolbar, "mode", ""))
        if event.inaxes is axes and event.button == 1 and not busy:
            clicked.append((event.xdata, event.ydata))
            plt.close(figure)

    figure.canvas.mpl_connect("button_press_event", on_click)
    plt.show()
    print(json.dumps(clicked[0] if clicked else None))


if __name__ == "__main__":
    main(sys.argv[1:])
