"""What the journal costs a plan: the time to add a document, and what becomes of the rate of events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator
from ophyd.sim import SynAxis, SynGauss

from mxplans.app.session import running_engine
from mxplans_lims.journal import Follower, Journal, JournalState

DOCUMENTS = 30_000
KEYS = 20
EVENTS_PER_RUN = 500
MEDIAN_MS = 1.0
P99_MS = 10.0
RATE_FRAC = 0.7
PAIRS = 3
RUNS = 4
"""More than one, so that the consumers have finished runs to work on while more events come."""
CONSUMERS = ("mxplans_lims.archive", "mxplans_lims.exporter")
START_S = 60.0


def measure() -> list[dict[str, Any]]:
    """Figures of the journal: name, value, unit, goal, ok."""
    with tempfile.TemporaryDirectory() as folder:
        added_ms = _adds_ms(Path(folder) / "adds")
    with tempfile.TemporaryDirectory() as folder:
        bare_hz, kept_hz = _rates_hz(Path(folder) / "rates")
    median_ms, p99_ms = statistics.median(added_ms), statistics.quantiles(added_ms, n=100)[98]
    kept_frac = statistics.median(kept / bare for bare, kept in zip(bare_hz, kept_hz, strict=True))
    return [
        _figure("journal_add_median", median_ms, "ms", f"<= {MEDIAN_MS:g}", median_ms <= MEDIAN_MS),
        _figure("journal_add_p99", p99_ms, "ms", f"<= {P99_MS:g}", p99_ms <= P99_MS),
        _figure("journal_add_longest", max(added_ms), f"ms ({len(added_ms)} documents)"),
        _figure("events_without_subscriber", statistics.median(bare_hz), "events/s"),
        _figure("events_with_journal_and_consumers", statistics.median(kept_hz), "events/s"),
        _figure(
            "event_rate_kept", kept_frac, f"of 1 (median of {PAIRS} pairs)", f">= {RATE_FRAC}", kept_frac >= RATE_FRAC
        ),
    ]


def _figure(name: str, value: float, unit: str, goal: str = "", ok: bool = True) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "ok": ok}


def _documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Runs of events as a beamline makes them."""
    numbers = random.Random(1)
    keys = [f"device_{number}_readback" for number in range(KEYS)]
    for _ in range(DOCUMENTS // (EVENTS_PER_RUN + 3)):
        run, descriptor = str(uuid.uuid4()), str(uuid.uuid4())
        yield "start", {"uid": run, "time": time.time(), "plan_name": "bench", "item": {"text": "x" * 4000}}
        described = {key: {"source": f"PV:{key}", "dtype": "number", "shape": []} for key in keys}
        yield "descriptor", {"uid": descriptor, "run_start": run, "name": "primary", "data_keys": described}
        for number in range(1, EVENTS_PER_RUN + 1):
            yield (
                "event",
                {
                    "uid": str(uuid.uuid4()),
                    "descriptor": descriptor,
                    "seq_num": number,
                    "time": time.time(),
                    "data": {key: numbers.random() for key in keys},
                    "timestamps": dict.fromkeys(keys, time.time()),
                    "filled": {},
                },
            )
        yield "stop", {"uid": str(uuid.uuid4()), "run_start": run, "time": time.time(), "exit_status": "success"}


def _adds_ms(out: Path) -> list[float]:
    """Milliseconds of each call while another process reads what was written."""
    journal = Journal(out / "documents.jsonl")
    taken_ms = []
    with _process([__file__, str(journal.path)]) as reader:
        for name, document in _documents():
            begin = time.perf_counter()
            journal(name, document)
            taken_ms.append((time.perf_counter() - begin) * 1e3)
        journal.close()
        read = reader.flush()["documents"]
    if (read, journal.state) != (len(taken_ms), JournalState()):
        raise RuntimeError(f"{len(taken_ms)} documents were written, {read} read; the journal says {journal.state}")
    return taken_ms


def _rates_hz(out: Path) -> tuple[list[float], list[float]]:
    """Events per second of the same plan without a subscriber and with the journal, in turn, consumers beside both."""
    motor = SynAxis(name="motor")
    detectors = [SynGauss(f"det_{number}", motor, "motor", center=0, Imax=1, sigma=1) for number in (1, 2)]
    journal = Journal(out / "documents.jsonl")
    bare_hz, kept_hz = [], []
    with contextlib.ExitStack() as stack:
        stack.callback(journal.close)
        consumers = [stack.enter_context(_process(["-m", name, str(out), "--follow"])) for name in CONSUMERS]
        engine = stack.enter_context(running_engine(asyncio.new_event_loop()))
        _hz(lambda: engine(_runs(detectors)))  # what is done once is done
        for _ in range(PAIRS):
            bare_hz.append(_hz(lambda: engine(_runs(detectors))))
            token = engine.subscribe(journal)
            kept_hz.append(_hz(lambda: engine(_runs(detectors))))
            engine.unsubscribe(token)
            for consumer in consumers:  # what is left to do shall not slow the next run without a subscriber
                consumer.flush()
    return bare_hz, kept_hz


def _runs(detectors: list[SynGauss]) -> MsgGenerator[None]:
    for _ in range(RUNS):
        yield from bps.open_run()
        for _ in range(EVENTS_PER_RUN):
            yield from bps.trigger_and_read(detectors)
        yield from bps.close_run()


def _hz(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return RUNS * EVENTS_PER_RUN / (time.perf_counter() - begin)


class _Told:
    """A process that answers `flush` with what it has taken."""

    def __init__(self, process: subprocess.Popen[str], stdin: IO[str], stdout: IO[str]) -> None:
        self._process, self._stdin, self._stdout = process, stdin, stdout

    def wait_for(self, event: str) -> dict[str, Any]:
        """The next line that tells of an event."""
        for line in self._stdout:
            said: dict[str, Any] = json.loads(line)
            if said.get("event") == event:
                return said
        raise RuntimeError(f"{self._process.args!r} has ended; see what it logged before")

    def flush(self) -> dict[str, Any]:
        """Let it take all that there is."""
        self._stdin.write("flush\n")
        self._stdin.flush()
        return self.wait_for("caught-up")


@contextlib.contextmanager
def _process(arguments: list[str]) -> Iterator[_Told]:
    """A python process that is ready, and ends with its standard input."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("a process was started without pipes")
        told = _Told(process, process.stdin, process.stdout)
        try:
            told.wait_for("ready")
            yield told
            process.stdin.close()
            process.stdout.read()
            process.wait(START_S)
        finally:
            process.kill()


def _follow(path: Path) -> None:
    """The reader's process."""
    follower, asked, ended = Follower(path), queue.SimpleQueue[str](), threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            asked.put(line)
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps({"event": "ready"}), flush=True)
    taken = 0
    while not ended.wait(0.01):
        flush = not asked.empty() and asked.get()
        taken += sum(1 for _ in follower.read_new())
        if flush:
            print(json.dumps({"event": "caught-up", "documents": taken}), flush=True)


if __name__ == "__main__":
    _follow(Path(sys.argv[1]))
