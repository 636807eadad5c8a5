"""The dewar: its pucks with their places."""

from __future__ import annotations

from nicegui import ui

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.panel import framed

PINS = 16
SIGNS = {"mounted": "▲", "missing": "×"}


class DewarPanel:
    """Where each pin is."""

    def __init__(self) -> None:
        self._shown: list[Facts] = []
        with framed("dewar", "Dewar"):
            self._room = ui.element("div").classes("scroll")
            self._caption = ui.label("").classes("caption")

    def update(self, world: Facts) -> None:
        """Draw the map anew if it has changed."""
        robot = world["robot"]
        program = f"robot: {robot['program']}" if robot["program"] else "robot idle"
        arm = ", arm in the hutch" if robot["in_hutch"] else ""
        pin = "pin sensed" if robot["pin_sensed"] else "no pin sensed"
        self._caption.set_text(f"{program}{arm} · {pin} · gripper {robot['gripper_k']:.0f} K")
        if world["dewar"] != self._shown:
            self._shown = world["dewar"]
            self._room.clear()
            with self._room:
                _draw(self._shown)


def _draw(pins: list[Facts]) -> None:
    places = {(pin["puck"], pin["pin"]): pin for pin in pins}
    last = max([PINS, *(pin["pin"] for pin in pins)])
    for puck in sorted({pin["puck"] for pin in pins}):
        ui.html(f"Puck {puck}", tag="h3", sanitize=False)
        with ui.element("ol").classes("puck"):
            for number in range(1, last + 1):
                _pin(number, places.get((puck, number)))


def _pin(number: int, pin: Facts | None) -> None:
    state = "empty" if pin is None else pin["state"]
    told = "empty place" if pin is None else f"{pin['sample']}, {pin['barcode'] or 'no barcode'}, {state}"
    with ui.element("li").classes(f"pin {state.replace(' ', '-')}") as item:
        item.props["aria-label"] = f"{number}: {told}"
        ui.label(str(number)).classes("number")
        ui.label("" if pin is None else pin["sample"]).classes("name")
        if state in SIGNS:
            ui.label(SIGNS[state])
        ui.tooltip(told)
