"""The table of motors and the states of what goes in and out."""

from __future__ import annotations

from nicegui import ui

from mxplans_sim.view.page.control import Facts
from mxplans_sim.view.page.panel import framed


class MotorsPanel:
    """A row for each motor, and one for each thing with named states."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[ui.label, ui.label]] = {}
        with framed("motors", "Motors and states"):
            self._room = ui.element("div").classes("scroll")

    def update(self, world: Facts) -> None:
        """Show a snapshot."""
        motors, actuators = world["motors"], world["actuators"]
        if set(self._rows) != {thing["name"] for thing in (*motors, *actuators)}:
            self._build(motors, actuators)
        for motor in motors:
            position, state = self._rows[motor["name"]]
            position.set_text(f"{motor['position']:.4f} {_UNITS[motor['unit']]}")
            _mark(state, motor["moving"], "moves")
        for thing in actuators:
            position, state = self._rows[thing["name"]]
            position.set_text(thing["state"])
            _mark(state, thing["moving"], f"to {thing['target']}")

    def _build(self, motors: list[Facts], actuators: list[Facts]) -> None:
        self._room.clear()
        self._rows = {}
        with self._room, ui.element("table"):
            _head("Motor", "Position", "Limits", "")
            with ui.element("tbody"):
                for motor in motors:
                    low, high = motor["limits"]
                    self._row(motor["name"], f"{low:g} … {high:g}")
            _head("Thing", "State", "", "")
            with ui.element("tbody"):
                for thing in actuators:
                    self._row(thing["name"], "")

    def _row(self, name: str, limits: str) -> None:
        with ui.element("tr"):
            with ui.element("th").props("scope=row"):
                ui.label(name)
            with ui.element("td").classes("value"):
                value = ui.label("")
            with ui.element("td").classes("faint"):
                ui.label(limits)
            with ui.element("td"):
                state = ui.label("")
        self._rows[name] = (value, state)


_UNITS = {"deg": "°", "mm": "mm"}


def _head(*names: str) -> None:
    with ui.element("thead"), ui.element("tr"):
        for name in names:
            with ui.element("th").props("scope=col"):
                ui.label(name)


def _mark(label: ui.label, moving: bool, text: str) -> None:
    label.set_text(text if moving else "")
    label.classes(replace="mark busy" if moving else "")
