"""How long stored experiments take to come into an empty ISPyB, and that they come there once.

They go the way of a night: steps into the outbox, from there one after the other to the target.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ispyb_support import add_proposal, connect, counts, make_schema
from mariadb_support import PASSWORD, mariadb_server

from mxplans_lims.delivery import Delivery
from mxplans_lims.outbox import Outbox, spell
from mxplans_lims.targets.ispyb.target import IspybTarget
from support.ispyb_records import record

RUNS = 1000
RUNS_EACH = 4
"""Of an experiment: its own, two grids, the turn."""
GOAL_S = 120.0
_NAME = "ispyb"
_LONGEST_S = 60.0


def measure(experiments: int = RUNS // RUNS_EACH) -> list[dict[str, Any]]:
    """Replay to an empty database, then once more with all identifiers forgotten.

    Returns:
        Figures: name, value, unit, goal, and whether the goal is reached.
    """
    with _folder() as folder, _ispyb(folder) as settings:
        engine = connect(settings["url"], PASSWORD)
        try:
            empty = counts(engine)
            seconds, steps = _replay(folder / "first.sqlite", settings, experiments)
            first = counts(engine)
            _replay(folder / "second.sqlite", settings, experiments)
            second = counts(engine)
        finally:
            engine.dispose()
    kind = settings["url"].split(":")[0].split("+")[0]
    rows = sum(first.values()) - sum(empty.values())
    added = sum(abs(second.get(name, 0) - first.get(name, 0)) for name in {*first, *second})
    runs = RUNS_EACH * experiments
    unit = f"s ({experiments} experiments, {steps} steps, {rows} rows, {kind})"
    return [
        {
            "name": f"replay_of_{runs}_runs_to_ispyb",
            "value": seconds,
            "unit": unit,
            "goal": f"<= {GOAL_S:g}",
            "ok": seconds <= GOAL_S and first.get("DataCollection", 0) == 3 * experiments,
        },
        {
            "name": "rows_added_by_second_replay",
            "value": float(added),
            "unit": f"of {rows}",
            "goal": "0",
            "ok": added == 0,
        },
    ]


def _replay(outbox_file: Path, settings: dict[str, Any], experiments: int) -> tuple[float, int]:
    """Seconds and steps until all have arrived; an outbox of its own knows nothing of what was sent before."""
    target = IspybTarget(_NAME, IspybTarget.Settings(**settings))
    began = time.perf_counter()
    sent = 0
    with Outbox(outbox_file) as outbox:
        for number in range(experiments):
            told = record(number)
            outbox.put(told.item_uid, {_NAME: spell(target.steps(Delivery(told, {}, outbox_file.parent)))})
            while (claim := outbox.claim(_NAME, _LONGEST_S)) is not None:
                outbox.done(claim, target.send(claim.step, claim.ids))
                sent += 1
    seconds = time.perf_counter() - began
    target.close()
    return seconds, sent


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mxplans-ispyb-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _ispyb(folder: Path) -> Iterator[dict[str, Any]]:
    """Settings of an empty database with a proposal: MariaDB where it is installed, else SQLite."""
    if shutil.which("mariadbd", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
        url = f"sqlite:///{folder / 'ispyb.sqlite'}"
        _fill(url)
        yield {"url": url, "timezone": "Europe/Paris"}
        return
    with mariadb_server() as server:
        url = server.database("replay")
        _fill(url)
        secret = folder / "password"
        secret.write_text(PASSWORD)
        yield {"url": url, "timezone": "Europe/Paris", "password": {"file": str(secret)}}


def _fill(url: str) -> None:
    engine = connect(url, PASSWORD)
    make_schema(engine)
    with engine.begin() as connection:
        add_proposal(connection)
    engine.dispose()
