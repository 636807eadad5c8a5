"""What the commands `mxplans lims ...` do: they look into the outbox and ask the exporter, whether it runs or not."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mxplans.errors import InvalidInput
from mxplans.profile.entry_points import load_entry_point

WELL, NEEDS_SOMEBODY, WAITS = 0, 1, 3
COLOURS = {
    "ready": "green",
    "done": "green",
    "away": "yellow",
    "pending": "yellow",
    "sending": "yellow",
    "held": "magenta",
    "removed": "magenta",
    "misconfigured": "red",
    "dead": "red",
}


def show_status(out: Path, as_json: bool) -> int:
    """Print how each target does, and the journal and the catalogue as far as they say.

    Returns:
        0 if all arrived, 1 if something was given up or cannot be told, 3 if something waits.

    Raises:
        InvalidInput: If the folder holds no night.
        DeliveryError: If the outbox cannot be used.
    """
    with _outbox(out) as outbox:
        statuses, problems, position = outbox.statuses(), outbox.problems(), outbox.position()
    runs = _exporter_runs(out)
    journal, catalogue = _journal(out), _catalogue(out)
    read = {
        "documents": position.documents if position else 0,
        "unread_bytes": max(0, journal["size_bytes"] - (position.offset if position else 0)),
    }
    code = NEEDS_SOMEBODY if journal["problem"] else _code(statuses, read["unread_bytes"], catalogue or {})
    if as_json:
        told = {
            "exit_code": code,
            "exporter": {"runs": runs, **read},
            "targets": [asdict(status) for status in statuses],
            "problems": [asdict(problem) for problem in problems],
            "journal": journal,
            "tiled": catalogue,
        }
        print(json.dumps(told, indent=2, default=str))
        return code
    console = Console()
    console.print(_status_table(statuses))
    for problem in problems:
        console.print(Text(f"{problem.target}: experiment {problem.item_uid} cannot be told: {problem.reason}", "red"))
    does = "runs" if runs else f"does not run; mxplans lims send {out}"
    console.print(Text(f"exporter: {does}, {read['documents']} documents read, {read['unread_bytes']} bytes not"))
    for name, said in (("journal", journal), ("tiled", _for_people(catalogue))):
        if said is not None:
            console.print(
                Text(
                    f"{name}: " + ", ".join(f"{key} {'none' if value == '' else value}" for key, value in said.items())
                )
            )
    return code


def show_item(out: Path, beginning: str, payload: bool) -> None:
    """Print the steps of an experiment.

    Raises:
        InvalidInput: If there is none whose uuid begins so, or several.
        DeliveryError: If the outbox cannot be used.
    """
    with _outbox(out) as outbox:
        item_uid = _only(outbox.items(beginning), beginning, out)
        steps = outbox.steps(item_uid)
        problems = [problem for problem in outbox.problems() if problem.item_uid == item_uid]
    console = Console()
    table = Table(title=f"Experiment {item_uid}")
    for heading in ("target", "step", "state", "tries", "identifier", "since", "why"):
        table.add_column(heading)
    for step in steps:
        state = Text(step.state, COLOURS[step.state])
        since = _clock(step.changed_s)
        table.add_row(
            Text(step.target),
            Text(step.key),
            state,
            str(step.attempts),
            step.remote_id or "-",
            since,
            Text(step.reason),
        )
    console.print(table)
    for problem in problems:
        console.print(Text(f"{problem.target}: {problem.reason}", "red"))
    for step in steps if payload else ():
        console.print(Text(f"{step.target} {step.key}", "bold"))
        console.print_json(step.payload)


def retry_steps(out: Path, target: str | None, item: str | None) -> None:
    """Let what was given up be tried again.

    Raises:
        InvalidInput: If there is no such target or experiment.
        DeliveryError: If the outbox cannot be used.
    """
    with _outbox(out) as outbox:
        _require_target(outbox, target)
        item_uid = None if item is None else _only(outbox.items(item), item, out)
        number = outbox.retry(target, item_uid)
    Console().print(Text(f"{number} given up before {'is' if number == 1 else 'are'} tried again; {_by_whom(out)}"))


def replay_journal(out: Path, from_run: str | None, target: str | None, resend: bool, forget_ids: bool) -> None:
    """Let the exporter read the journal again.

    Raises:
        InvalidInput: If there is no such run or target.
        DeliveryError: If the outbox cannot be used.
    """
    with _outbox(out) as outbox:
        _require_target(outbox, target)
    number = load_entry_point("mxplans.records", "replay", "records")(out, from_run, target, resend, forget_ids)
    where = "its beginning" if from_run is None else f"run {from_run}"
    Console().print(Text(f"the journal is read again from {where}, {number} steps are sent again; {_by_whom(out)}"))


def send_left(out: Path, limit_s: float) -> int:
    """Export what is left, in this process.

    Returns:
        As `show_status`, 2 if it cannot work.

    Raises:
        InvalidInput: If the folder holds no night, or an exporter runs for it.
    """
    _require_night(out)
    if _exporter_runs(out):
        raise InvalidInput(f"{out} has an exporter that runs: it sends what is left; look with `mxplans lims status`")
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    code: int = load_entry_point("mxplans.records", "send", "records")(out, limit_s)
    return code


@contextlib.contextmanager
def _outbox(out: Path) -> Iterator[Any]:
    _require_night(out)
    with load_entry_point("mxplans.records", "outbox", "records")(out / "lims" / "outbox.sqlite") as outbox:
        yield outbox


def _require_night(out: Path) -> None:
    if not (out / "documents.jsonl").exists() and not (out / "lims" / "outbox.sqlite").exists():
        raise InvalidInput(f"{out} holds no documents.jsonl; give the folder of a night, as `mxplans udc` printed it")


def _require_target(outbox: Any, target: str | None) -> None:
    names = [status.name for status in outbox.statuses()]
    if target is not None and target not in names:
        raise InvalidInput(f"target {target} is not known; allowed are {', '.join(names) or 'none'}: name one of them")


def _only(found: Sequence[str], beginning: str, out: Path) -> str:
    if len(found) != 1:
        told = f"{len(found)} experiments begin so" if found else "no experiment begins so"
        raise InvalidInput(f"experiment {beginning}: {told} in {out}; give the whole uuid, as the report has it")
    return found[0]


def _code(statuses: Sequence[Any], unread_bytes: int, catalogue: Mapping[str, Any]) -> int:
    if any(status.dead or status.problems or status.state == "misconfigured" for status in statuses):
        return NEEDS_SOMEBODY
    if catalogue.get("failed") or catalogue.get("problem"):
        return NEEDS_SOMEBODY
    waits = any(status.pending or status.held or status.state == "away" for status in statuses)
    return WAITS if waits or unread_bytes or catalogue.get("pending_runs") or catalogue.get("away_since") else WELL


def _status_table(statuses: Sequence[Any]) -> Table:
    table = Table(title="LIMS and other targets")
    for heading in ("target", "state", "done", "pending", "held", "dead", "oldest", "last arrived", "why"):
        table.add_column(heading)
    now_s = time.time()
    for status in statuses:
        since = f" {_age(now_s - status.away_since_s)}" if status.away_since_s is not None else ""
        numbers = (status.done, status.pending, status.held, status.dead + status.problems)
        table.add_row(
            Text(status.name),
            Text(f"{status.state}{since}", COLOURS[status.state]),
            *map(str, numbers),
            "-" if status.oldest_s is None else _age(now_s - status.oldest_s),
            "-" if status.last_success_s is None else _clock(status.last_success_s),
            Text(status.reason or (status.last_error if status.dead or _fails(status) else "")),
        )
    return table


def _fails(status: Any) -> bool:
    """Whether something waits, and the last that was heard of the target is an error."""
    return bool(status.pending) and (status.last_error_s or 0.0) > (status.last_success_s or 0.0)


def _age(seconds: float) -> str:
    return str(timedelta(seconds=max(0, round(seconds))))


def _clock(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _exporter_runs(out: Path) -> bool:
    """Whether a process holds the exporter's lock."""
    path = out / "lims" / "exporter.lock"
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _by_whom(out: Path) -> str:
    return "the exporter that runs does it" if _exporter_runs(out) else f"now run: mxplans lims send {out}"


def _journal(out: Path) -> dict[str, Any]:
    health = load_entry_point("mxplans.records", "journal_health", "records")(out / "documents.jsonl")
    return {
        "problem": health.problem,
        "size_bytes": health.size_bytes,
        "writer_alive": health.writer_alive,
        "open_runs": len(health.open_runs),
    }


def _for_people(catalogue: dict[str, Any] | None) -> dict[str, Any] | None:
    """What is worth a look; the runs that wait are counted, all of them stand in the file."""
    if catalogue is None:
        return None
    kept = {key: value for key, value in catalogue.items() if key not in ("journal", "position", "pending")}
    return {key: value for key, value in kept.items() if value or key == "pending_runs"}


def _catalogue(out: Path) -> dict[str, Any] | None:
    """What the archive last said of itself; None where there is none."""
    path = out / "lims" / "tiled_state.json"
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return {"problem": f"{path} cannot be read: {error}"}
    return said if isinstance(said, dict) else {"problem": f"{path} holds no object"}
