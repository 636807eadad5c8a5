"""The queue file: how long it takes to add experiments and to read the queue back, and whether that stays linear."""

from __future__ import annotations

import gc
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mxplans.model import QueueItem, parse_item
from mxplans.queue import Ledger, NewSession, QueueStore
from support.meter import Meter

SIZES = (200, 1000, 2000, 5000)
GOAL_ITEMS = 2000
GOAL_S = 1.5
LINEAR = 1.5
"""How much more of the processor one of 5000 may take than one of 1000."""
ROUNDS = 5
SCANS = 200
PER_SAMPLE = 4
PINS = 16
VISIT = "visit"


def queue_store(meter: Meter) -> None:
    """Add and read back queues of several lengths; commit scans one by one."""
    contents = [_content(number) for number in range(SIZES[-1])]
    # What the other parts of the benchmark have imported is not to be searched for garbage of this one.
    gc.collect()
    gc.freeze()
    # Sizes take turns, so that what else the machine does falls on all of them.
    rounds = [{size: _round(contents[:size]) for size in SIZES} for _ in range(ROUNDS)]
    gc.unfreeze()
    for size in SIZES:
        for name in rounds[0][size]:
            seconds = statistics.median(each[size][name] for each in rounds)
            goal = f"<= {GOAL_S}" if (size, name) == (GOAL_ITEMS, "in_all") else ""
            meter.figure(f"queue_{size}_{name}", seconds, "s", goal, not goal or seconds <= GOAL_S)
    cpu_s = {size: min(each[size]["cpu"] for each in rounds) / size for size in SIZES}
    ratio = cpu_s[5000] / cpu_s[1000]
    meter.figure("queue_5000_against_1000_per_item", ratio, "times", f"<= {LINEAR}", ratio <= LINEAR)
    _ledger(meter)


def _round(contents: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds of each part, in a new file."""
    with tempfile.TemporaryDirectory() as folder, QueueStore(Path(folder) / "queue") as store:
        store.add_session(NewSession(name=VISIT), "benchmark")
        cpu_began = time.process_time()
        validate_s, items = _timed(lambda: [parse_item(content) for content in contents])
        add_s, added = _timed(lambda: _add(store, items))
        read_s, snapshot = _timed(store.snapshot)
        order_s, order = _timed(store.order)
        cpu_s = time.process_time() - cpu_began
        read = sum(len(sample["experiments"]) for sample in snapshot["sessions"][0]["samples"])
        if not len(added) == read == len(order) == len(contents):
            raise RuntimeError(f"{len(contents)} experiments went in, {read} came out, {len(order)} are to be run")
    wall = {"validated": validate_s, "added": add_s, "read": read_s, "ordered": order_s}
    return {**wall, "in_all": sum(wall.values()), "cpu": cpu_s}


def _add(store: QueueStore, items: list[QueueItem]) -> tuple[str, ...]:
    return store.add_items(VISIT, items, "benchmark")


def _ledger(meter: Meter) -> None:
    """Two durable transactions for each scan."""
    with tempfile.TemporaryDirectory() as folder, Ledger(Path(folder) / "queue") as ledger:
        ledger.begin("experiment")

        def take(ordinal: int) -> None:
            key = ("sweep", ordinal, 1)
            ledger.begin_scan("experiment", key, ordinal, f"f{ordinal}")
            ledger.commit("experiment", key, ordinal, f"run-{ordinal}", f"f{ordinal}")

        seconds = [_timed(lambda number=number: take(number))[0] for number in range(1, SCANS + 1)]
    meter.figure("ledger_scan_begun_and_committed", 1000 * statistics.median(seconds), "ms")


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _content(number: int) -> dict[str, Any]:
    """A rotation; four to a sample, sixteen samples to a puck."""
    sample = number // PER_SAMPLE
    return {
        "experiment": {
            "mxlimsType": "MxExperiment",
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"benchmark {number}")),
            "experimentStrategy": "OSC",
        },
        "sampleName": f"sample-{sample}",
        "location": {"puck": 1 + sample // PINS, "pin": 1 + sample % PINS},
        "sweeps": [
            {
                "mxlimsType": "CollectionSweep",
                "exposureTime": 0.01,
                "numberImages": 1800,
                "imageWidth": 0.1,
                "energy": 12_660,
                "transmission": 50,
                "scanAxis": "omega",
                "axisPositionsStart": {"omega": 0.0, "detectorDistance": 200.0},
            }
        ],
    }
