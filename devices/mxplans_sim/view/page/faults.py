"""Faults: what is wrong now, and all kinds that can be injected with a click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import ui

from mxplans_sim.view.page.control import ControlError, Facts
from mxplans_sim.view.page.panel import framed
from mxplans_sim.view.page.watch import Watch


class FaultsPanel:
    """The panel.

    Args:
        watch: Knows the faults, and takes orders.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._active: list[Facts] | None = None
        self._catalogue: list[Facts] = []
        self._samples: list[str] = []
        self._rows: list[tuple[str, ui.element]] = []
        with framed("faults", "Faults"):
            self._now = ui.element("div").classes("active").props('role="status" aria-label="Active faults"')
            ui.input(placeholder="Search kinds").props(
                'dense clearable aria-label="Search kinds of faults"'
            ).on_value_change(lambda event: self._search(event.value or ""))
            self._kinds = ui.element("div").classes("scroll kinds")

    def update(self, world: Facts) -> None:
        """Show what has changed."""
        self._samples = [pin["sample"] for pin in world["dewar"]]
        if self._watch.faults != self._active:
            self._active = self._watch.faults
            self._draw_active(self._active)
        if self._watch.catalogue != self._catalogue:
            self._catalogue = self._watch.catalogue
            self._draw_kinds()

    def _draw_active(self, active: list[Facts]) -> None:
        self._now.clear()
        with self._now:
            if not active:
                ui.label("None active").classes("faint")
            for fault in active:
                with ui.element("div").classes("row"):
                    ui.label(told(fault)).classes("mark bad")
                    ui.button("Clear", on_click=lambda _, fault=fault: self._clear(fault["id"])).props(
                        f'flat dense no-caps size=sm aria-label="Clear {fault["kind"]}"'
                    )

    def _draw_kinds(self) -> None:
        self._kinds.clear()
        self._rows = []
        with self._kinds:
            for kind in self._catalogue:
                button = ui.button(on_click=lambda _, kind=kind: self._ask(kind)).props(
                    f'flat dense no-caps align=left aria-label="Inject {kind["kind"]}"'
                )
                with button.classes("kind"):
                    ui.label(kind["kind"]).classes("name")
                    ui.label(kind["text"]).classes("faint")
                self._rows.append((f"{kind['kind']} {kind['text']}".lower(), button))

    def _search(self, text: str) -> None:
        for content, row in self._rows:
            row.set_visibility(text.lower() in content)

    def _ask(self, kind: Facts) -> None:
        FaultDialog(kind, self._samples, self._inject).open()

    async def _inject(self, fault: Facts) -> None:
        await self._order(self._watch.inject(fault), f"{fault['kind']} injected")

    async def _clear(self, fault_id: str) -> None:
        await self._order(self._watch.clear(fault_id), "cleared")

    async def _order(self, order: Any, done: str) -> None:
        try:
            await order
        except ControlError as error:
            ui.notify(str(error), type="negative", multi_line=True)
        else:
            ui.notify(done, type="positive", timeout=1500)


class FaultDialog:
    """Asks for a fault's parameters, its sample and how often it strikes.

    Args:
        kind: Of the catalogue.
        samples: In the dewar.
        inject: Is given the fault.
    """

    def __init__(self, kind: Facts, samples: list[str], inject: Callable[[Facts], Any]) -> None:
        self._kind = kind
        self._inject = inject
        self._values: dict[str, Any] = {}
        with ui.dialog() as self._dialog, ui.card().classes("fault-card").props(f'aria-label="Inject {kind["kind"]}"'):
            ui.label(kind["kind"]).classes("title")
            ui.label(kind["text"])
            for name, parameter in kind["parameters"].items():
                self._values[name] = _field(name, parameter)
            self._sample = ui.select({"": "any sample", **{name: name for name in samples}}, value="", label="Sample")
            self._count = ui.number("Times", value=1, min=0, step=1, format="%d").props('hint="0: until it is cleared"')
            with ui.row():
                ui.button("Inject", on_click=self._confirm).props(
                    'unelevated no-caps color=negative aria-label="Inject now"'
                )
                ui.button("Cancel", on_click=self._dialog.close).props('flat no-caps aria-label="Cancel"')

    def open(self) -> None:
        """Ask."""
        self._dialog.open()

    async def _confirm(self) -> None:
        fault: Facts = {
            "kind": self._kind["kind"],
            "parameters": {name: field.value for name, field in self._values.items()},
        }
        if self._sample.value:
            fault["sample"] = self._sample.value
        fault["count"] = int(self._count.value or 0)
        self._dialog.close()
        await self._inject(fault)


def told(fault: Facts) -> str:
    """A fault in a line."""
    return f"{fault['kind']} · {fault['sample']}" if fault.get("sample") else str(fault["kind"])


def _field(name: str, parameter: Facts) -> Any:
    default = parameter.get("default")
    if isinstance(default, bool):
        return ui.checkbox(name, value=default)
    if isinstance(default, int | float):
        return ui.number(name, value=default)
    return ui.input(name, value=default or "")
