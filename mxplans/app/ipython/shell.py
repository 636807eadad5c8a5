"""IPython around a session: its names, its errors, commands of the command line, and the way out."""

from __future__ import annotations

import atexit
import json
import pydoc
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluesky.run_engine import RunEngineResult
from bluesky.utils import RunEngineInterrupted, TransitionError  # type: ignore[attr-defined]  # not re-exported by name
from IPython.core.interactiveshell import InteractiveShell
from IPython.terminal.interactiveshell import TerminalInteractiveShell
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text
from traitlets.config import Config

from mxplans.app.ipython.help_text import PlanHelp
from mxplans.app.ipython.leaving import Leaving
from mxplans.app.ipython.magics import NAMES, StaffMagics
from mxplans.app.ipython.plan_group import PlanGroup
from mxplans.app.ipython.plans.groups import plan_groups
from mxplans.app.ipython.results import told_of
from mxplans.app.ipython.session import StaffSession
from mxplans.errors import InvalidInput, LimitExceeded, MxplansError
from mxplans.model import Sweep
from mxplans.model.item import in_words

PAUSED = "Paused. %resume goes on, %stop ends the plan as done, %abort gives it up; both make safe. %status looks."
TOLD_IN_ONE_LINE = (MxplansError, RunEngineInterrupted, ValidationError, TransitionError)
WELL, FAILED, REFUSED, INTERRUPTED = 0, 1, 2, 130


@dataclass(frozen=True)
class ToRun:
    """What a session does by itself.

    Attributes:
        startup: Scripts of a site, run before all else.
        script: A file to run; the session ends with it.
        commands: Lines to run; the session ends with them.
    """

    startup: Sequence[Path] = ()
    script: Path | None = None
    commands: Sequence[str] = ()

    @property
    def interactive(self) -> bool:
        """Whether people type."""
        return self.script is None and not self.commands


def namespace_of(session: StaffSession, groups: dict[str, PlanGroup]) -> dict[str, Any]:
    """What can be typed."""
    return {
        "RE": session.parts.run_engine,
        "bl": session.bl,
        **session.bl.devices,
        **groups,
        "catalog": session.catalog,
        "profile": session.parts.profile,
        "points": session.desk.points,
        "sample": session.desk.sample,
        "Sweep": Sweep,
        "Path": Path,
        "json": json,
        "help": help_for,
    }


def help_for(*about: Any) -> None:
    """Python's help, with units and an example for plans."""
    one = about[0] if len(about) == 1 else None
    if isinstance(one, PlanGroup) or isinstance(getattr(one, "help", None), PlanHelp):
        print(one.__doc__)
    else:
        pydoc.help(*about)


def run_shell(session: StaffSession, to_run: ToRun, console: Console, started: str, leaving: Leaving) -> int:
    """Let people type, or run what is to be run.

    Args:
        session: The session.
        to_run: What to do first, or only.
        console: For messages.
        started: What to say of the start.
        leaving: Knows whether a signal has ended it.

    Returns:
        The exit code: 0 when all went well, 2 when something was refused, 1 when it failed, 130 after Ctrl-C, 128 and
        the number of a signal that ended the session.
    """
    shell = _shell(session, to_run.interactive, console)
    leaving.shell = shell
    try:
        code = _run(shell, session, to_run, console, started)
    except SystemExit:
        code = WELL
    finally:
        leaving.ended = True
        atexit.unregister(shell.atexit_operations)
        shell.atexit_operations()
        type(shell).clear_instance()
    return code if leaving.code is None else leaving.code


def _run(shell: Any, session: StaffSession, to_run: ToRun, console: Console, started: str) -> int:
    for path in to_run.startup:
        code = _run_file(shell, path)
        if code != WELL and not to_run.interactive:
            return code
    if not to_run.interactive:
        return _run_all(shell, to_run)
    console.print(Text(f"{started}\n{_greeting(session)}"))
    session.parts.followers.start()
    session.parts.view.prepare()
    shell.mainloop()
    return WELL


def _run_all(shell: Any, to_run: ToRun) -> int:
    if to_run.script is not None:
        return _run_file(shell, to_run.script)
    for command in to_run.commands:
        if (code := _run_cell(shell, command)) != WELL:
            return code
    return WELL


def _run_file(shell: Any, path: Path) -> int:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read: {error}; give a script") from error
    shell.user_ns["__file__"] = str(path)
    return _run_cell(shell, text)


def _run_cell(shell: Any, text: str) -> int:
    result = shell.run_cell(text, store_history=False)
    error = result.error_before_exec or result.error_in_exec
    if error is None:
        return WELL
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else WELL if error.code is None else FAILED
    if isinstance(error, RunEngineInterrupted | KeyboardInterrupt):
        return INTERRUPTED
    return REFUSED if isinstance(error, InvalidInput | LimitExceeded | ValidationError) else FAILED


def _shell(session: StaffSession, interactive: bool, console: Console) -> Any:
    config = Config()
    config.HistoryManager.enabled = interactive
    config.InteractiveShell.colors = "Linux" if console.is_terminal else "NoColor"
    config.Completer.use_jedi = False  # it looks into devices to guess what they are
    config.TerminalInteractiveShell.confirm_exit = False
    config.TerminalInteractiveShell.banner1 = ""
    config.TerminalInteractiveShell.term_title_format = session.parts.profile.name
    groups = plan_groups(session.desk)
    session.namespace = namespace_of(session, groups)
    kind: Any = TerminalInteractiveShell if interactive else InteractiveShell
    shell = kind.instance(config=config, user_ns=session.namespace)
    shell.register_magics(StaffMagics(shell, session, groups))
    shell.events.register("post_run_cell", lambda _: session.parts.view.draw())

    def tell(
        shell: Any, kind: type[BaseException], error: BaseException, traceback: Any, tb_offset: Any = None
    ) -> None:
        if isinstance(error, RunEngineInterrupted):
            console.print(Text(PAUSED, "yellow"))
        elif isinstance(error, ValidationError):
            told = "; ".join(in_words(error))
            console.print(Text(f"{error.title}: {told}. Units stand in help(collect.rotation)", "red"), soft_wrap=True)
        else:
            console.print(Text(f"{kind.__name__}: {error}", "red"), soft_wrap=True)

    plain = shell.display_formatter.formatters["text/plain"]
    plain.for_type(RunEngineResult, lambda result, printer, _: printer.text(told_of(result)))
    shell.set_custom_exc(TOLD_IN_ONE_LINE, tell)
    return shell


def _greeting(session: StaffSession) -> str:
    down = [one for one in session.connected.values() if one.problem is not None]
    lines = [f"{session.parts.profile.name}; everything goes to {session.parts.out}"]
    lines += [f"down: {one.role}: {one.problem}" for one in down]
    lines += [f"down: {name}: {session.parts.services.states()[name]}" for name in sorted(session.parts.services.down)]
    magics = " ".join(f"%{name}" for name in NAMES)
    return "\n".join([*lines, f"RE(collect.rotation(...)), help(collect), bl.status(), catalog[-1]; {magics}", ""])
