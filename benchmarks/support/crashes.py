"""kill -9 of each process of a served queue at random moments: how long until it goes on, and what was lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from mxplans.app.queueserver.child import alive
from mxplans.model import parse_item
from mxplans.queue import Ledger
from mxplans.schedule import schedule_item
from mxplans_lims.journal import read_journal
from support.meter import Meter
from support.served import Served, rotation, wait_until

TARGETS = ("worker", "manager", "watchdog", "redis", "HTTP server", "all")
RECOVERY_S = 15.0
GIVE_UP_S = 120.0
SEED = 7
IMAGES, WEDGE = 60, 10
WAITING = 4
"""Experiments that are kept waiting."""


def crashes(meter: Meter, kills: int = 50) -> None:
    """Kill each process so many times while the queue runs, then let the queue end and account for every frame."""
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder, Served(Path(folder)) as served:
        run = _Run(served)
        served.ask("POST", "/queue/start")
        for target in TARGETS:
            slowest_s = max((run.kill(target, dice.uniform(0, 3)) for _ in range(kills)), default=0.0)
            name = target.replace(" ", "_").lower()
            meter.figure(f"kills_of_{name}", kills, "kills")
            ok = slowest_s <= RECOVERY_S
            meter.figure(f"slowest_recovery_{name}", slowest_s, "s", f"<= {RECOVERY_S:g}", ok)
        run.finish()
        _account(meter, run)


class _Run:
    """The experiments of a benchmark, and what is done to their queue."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.asked: dict[str, dict[str, object]] = {}

    def kill(self, target: str, after_s: float) -> float:
        """Kill when all is well; seconds until all is well again."""
        self._fill()
        self._wait_well()
        threading.Event().wait(after_s)
        self._fill()
        wait_until(lambda: set(TARGETS[:-1]) <= set(self.served.pids()), GIVE_UP_S, "all processes are there")
        pids = self.served.pids()
        for pid in pids.values() if target == "all" else (pids[target],):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return self._wait_well()

    def _wait_well(self) -> float:
        """Seconds until every process is there, the front door is open, the manager is heard, and a scan is committed."""
        begin = time.monotonic()
        wait_until(self._all_there, GIVE_UP_S, "all processes are there and heard")
        at = self._committed()
        wait_until(lambda: self._committed() > at, GIVE_UP_S, "a scan is committed")
        return time.monotonic() - begin

    def _all_there(self) -> bool:
        try:
            pids = self.served.pids()
            execution = self.served.ask("GET", "/status")["execution"]
        except (httpx.HTTPError, OSError, ValueError):
            return False
        return set(TARGETS[:-1]) <= set(pids) and all(map(alive, pids.values())) and execution["advice"] == "feed"

    def finish(self) -> None:
        """Let the queue come to its end."""
        wait_until(lambda: not self._open(), GIVE_UP_S * 5, "the queue is done")

    def states(self) -> Iterator[tuple[str, str | None]]:
        """Uuid and outcome of each experiment."""
        for uuid in self.asked:
            yield uuid, self.served.ask("GET", f"/items/{uuid}")["outcome"]

    def _fill(self) -> None:
        missing = WAITING - self._open()
        if missing > 0:
            items = [rotation(IMAGES, WEDGE) for _ in range(missing)]
            self.served.ask("POST", "/items", json=items)
            self.asked |= {str(item["experiment"]["uuid"]): item for item in items}

    def _open(self) -> int:
        status = self.served.ask("GET", "/status")
        return int(status["waiting"]) + len(status["running"])

    def _committed(self) -> int:
        """Scans in the ledger, read past the front door, which may be down."""
        with Ledger(self.served.folder / "queue.sqlite") as ledger:
            return sum(len(ledger.committed(uuid)) for uuid in self.asked)


def _account(meter: Meter, run: _Run) -> None:
    """What was asked for against what the ledger and the documents say was done."""
    outcomes = dict(run.states())
    completed = sum(outcome == "Completed" for outcome in outcomes.values())
    wrong, doubled, frames = 0, 0, 0
    with Ledger(run.served.folder / "queue.sqlite") as ledger:
        for uuid, content in run.asked.items():
            scans = schedule_item(parse_item(content))
            wrong += not ledger.verify(uuid, [scan.key for scan in scans]).exact
            taken = [
                image for sweep, first, number in ledger.committed(uuid) for image in _images(sweep, first, number)
            ]
            doubled += len(taken) != len(set(taken))
            frames += sum(images for _, _, images in ledger.committed(uuid))
    # The documents of one that was killed between its last scan and its end are written twice, its frames are not.
    repeated = sum(number > 1 for number in _successes(run.served.folder).values())
    asked = 2 * IMAGES * len(run.asked)
    meter.figure("experiments_submitted", len(run.asked), "experiments")
    meter.figure("experiments_completed", completed, "experiments", "all", completed == len(run.asked))
    meter.figure("experiments_lost", len(run.asked) - completed, "experiments", "= 0", completed == len(run.asked))
    meter.figure("experiments_doubled", doubled, "experiments", "= 0", doubled == 0)
    meter.figure("experiments_whose_documents_ended_twice", repeated, "experiments")
    meter.figure("experiments_not_exact", wrong, "experiments", "= 0", wrong == 0)
    meter.figure("frames_committed", frames, "frames", f"= {asked}", frames == asked)


def _images(sweep_uuid: str, first: int, number: int) -> list[tuple[str, int]]:
    """Each image of a scan."""
    return [(sweep_uuid, image) for image in range(first, first + number)]


def _successes(folder: Path) -> Counter[str]:
    """How often each experiment's outer run ended well, by the documents."""
    owners: dict[str, str] = {}
    found: Counter[str] = Counter()
    for name, document in read_journal(folder / "documents.jsonl"):
        about = document.get("mxplans", {})
        if name == "start" and about.get("role") == "sample":
            owners[document["uid"]] = about["item_uid"]
        elif name == "stop" and document["exit_status"] == "success" and document["run_start"] in owners:
            found[owners[document["run_start"]]] += 1
    return found
