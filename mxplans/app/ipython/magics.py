"""The usual things in a few letters. What moves is a plan of the RunEngine; what only looks works in a pause too."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from bluesky import plans as bp
from IPython.core.magic import Magics, line_magic, magics_class
from rich.table import Table

from mxplans.app.ipython.moving import axis_of, moved, value_from, where
from mxplans.app.ipython.plan_group import PlanGroup
from mxplans.app.ipython.results import told_of
from mxplans.app.ipython.session import StaffSession
from mxplans.app.ipython.stand_in import is_there
from mxplans.errors import InvalidInput

COUNTED = ("goniometer", "beam", "attenuator", "aperture", "detector_distance", "backlight", "fast_shutter")
CENTRING = ("optical", "xray", "both")
NAMES = ("wa", "mov", "movr", "ct", "mount", "unmount", "centre", "rotate", "status", "resume", "stop", "abort")


@magics_class
class StaffMagics(Magics):
    """`%wa`, `%mov`, `%mount` and so on.

    Args:
        shell: Of IPython.
        session: Whose devices and plans.
        groups: Its plans.
    """

    def __init__(self, shell: Any, session: StaffSession, groups: dict[str, PlanGroup]) -> None:
        super().__init__(shell)
        self._session = session
        self._groups = groups

    @line_magic
    def wa(self, line: str) -> None:
        """Where all axes are, with units: %wa, or of some devices: %wa goniometer beam."""
        wanted = line.split() or list(self._session.bl.devices)
        table = Table("axis", "value", "unit", box=None)
        for reading in where(self._session.bl, wanted):
            table.add_row(*reading)
        self._session.parts.view.console.print(table)

    @line_magic
    def mov(self, line: str) -> None:
        """Move axes to values, in deg, mm, eV or names: %mov goniometer.omega 90 goniometer.x 0.1, %mov aperture Small."""
        self._run(moved(self._pairs(line), relative=False))

    @line_magic
    def movr(self, line: str) -> None:
        """Move axes by values, in deg, mm or eV: %movr goniometer.omega 10."""
        self._run(moved(self._pairs(line), relative=True))

    @line_magic
    def ct(self, line: str) -> None:
        """Read motors and beam once into a run of its own: %ct. With a number, so many times: %ct 3."""
        number = _numbers("%ct", line, (int,), "a number of readings", least=0)
        devices = [getattr(self._session.bl, role) for role in COUNTED]
        self._run(bp.count([device for device in devices if is_there(device)], *number))

    @line_magic
    def mount(self, line: str) -> None:
        """Mount a pin: %mount PUCK PIN, both from 1, as %mount 1 2."""
        self._run(self._plan("exchange", "mount")(*_numbers("%mount", line, (int, int), "PUCK PIN, as 1 2")))

    @line_magic
    def unmount(self, line: str) -> None:
        """Put the mounted pin back: %unmount."""
        self._run(self._plan("exchange", "unmount")())

    @line_magic
    def centre(self, line: str) -> None:
        """Centre the sample: %centre with light, %centre xray with X-rays after that, %centre both."""
        how = line.strip() or "optical"
        if how not in CENTRING:
            raise InvalidInput(f"%centre {how}: allowed are {', '.join(CENTRING)}; without a word it is {CENTRING[0]}")
        for group in ("optical", "xray") if how == "both" else (how,):
            self._run(self._plan(group, "centre")())

    @line_magic
    def rotate(self, line: str) -> None:
        """Collect while omega turns: %rotate IMAGES WIDTH_DEG EXPOSURE_S [START_DEG], as %rotate 900 0.2 0.02."""
        kinds = (int, float, float, float)
        given = _numbers("%rotate", line, kinds, "IMAGES WIDTH_DEG EXPOSURE_S [START_DEG], as 900 0.2 0.02", least=3)
        self._run(self._plan("collect", "rotation")(*given))

    @line_magic
    def status(self, line: str) -> None:
        """How devices, beam, sample, archive, LIMS and disk do: %status."""
        self._session.bl.status()

    @line_magic
    def resume(self, line: str) -> None:
        """Go on with the plan that Ctrl-C has paused: %resume. A scan that was interrupted is taken again."""
        self._end(self._session.parts.run_engine.resume)

    @line_magic
    def stop(self, line: str) -> None:
        """End the paused plan, which counts as done well: %stop. Its clean-up makes safe."""
        self._end(self._session.parts.run_engine.stop)

    @line_magic
    def abort(self, line: str) -> None:
        """End the paused plan, which counts as given up: %abort. Its clean-up makes safe."""
        self._end(self._session.parts.run_engine.abort)

    def _run(self, plan: Any) -> None:
        self._tell(self._session.parts.run_engine(plan))

    def _tell(self, result: Any) -> None:
        self._session.parts.view.draw()
        self._session.parts.view.console.print(told_of(result), highlight=False, markup=False)

    def _end(self, end: Callable[[], Any]) -> None:
        state = self._session.parts.run_engine.state
        if state != "paused":
            raise InvalidInput(f"no plan is paused, the RunEngine is {state}; Ctrl-C pauses one that runs")
        self._tell(end())

    def _plan(self, group: str, name: str) -> Any:
        return getattr(self._groups[group], name)

    def _pairs(self, line: str) -> list[tuple[Any, Any]]:
        try:
            words = shlex.split(line)
        except ValueError:
            words = []  # a quotation mark that is not closed
        if not words or len(words) % 2:
            raise InvalidInput(f"{line!r} are no pairs of axis and value; write goniometer.omega 90")
        return [
            (axis_of(self._session.bl, name), value_from(text))
            for name, text in zip(words[::2], words[1::2], strict=True)
        ]


def _numbers(magic: str, line: str, kinds: Sequence[type], wanted: str, least: int | None = None) -> list[Any]:
    """The words of a line as numbers.

    Raises:
        InvalidInput: If they are not as many numbers as are wanted.
    """
    words = line.split()
    fewest = len(kinds) if least is None else least
    try:
        if not fewest <= len(words) <= len(kinds):
            raise ValueError(f"{len(words)} values are given")
        return [kind(word) for kind, word in zip(kinds, words, strict=False)]
    except ValueError as error:
        raise InvalidInput(f"{magic} {line}: {error}; write {magic} {wanted}") from error
