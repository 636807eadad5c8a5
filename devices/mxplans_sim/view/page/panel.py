"""What the panels of the page share: a frame with a heading, names with values, and marks of states."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

from nicegui import ui

from mxplans_sim.view.page.control import Facts


class Panel(Protocol):
    """A part of the page that shows a part of the world."""

    def update(self, world: Facts) -> None:
        """Show a snapshot."""
        ...


@contextlib.contextmanager
def framed(name: str, heading: str) -> Iterator[ui.element]:
    """A part of the page; `name` is its place in the layout."""
    with ui.element("section").classes(f"panel {name}").props(f'aria-label="{heading}"') as section:
        with ui.element("div").classes("heading"):
            ui.html(heading, tag="h2", sanitize=False)
        yield section


class Fields:
    """Names and values in two columns.

    Args:
        names: In order.
    """

    def __init__(self, *names: str) -> None:
        self._values: dict[str, ui.label] = {}
        with ui.element("dl").classes("fields"):
            for name in names:
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    self._values[name] = ui.label("–")

    def show(self, name: str, text: str, mark: str = "") -> None:
        """Set a value; `mark` is good, busy or bad, or empty for none."""
        label = self._values[name]
        label.set_text(text)
        label.classes(replace=f"mark {mark}" if mark else "")


def engineering(value: float, unit: str) -> str:
    """A large number in short.

    >>> engineering(1.234e12, "ph/s")
    '1.23e12 ph/s'
    >>> engineering(0, "ph/s")
    '0 ph/s'
    """
    if value == 0:
        return f"0 {unit}"
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}e{int(exponent)} {unit}"
