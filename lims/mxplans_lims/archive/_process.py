"""The archive's process: what it says on standard output, what it listens to on standard input.

It says one JSON object a line: `{"event": "ready", "url": ..., "api_key_file": ...}` once it serves, and after each
line `flush` on its standard input `{"event": "caught-up", "documents": n, "failed": k}`. At the end of its standard
input, on SIGTERM and on SIGINT it takes in what is left and ends.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from mxplans.errors import MxplansError
from mxplans_lims.archive._consumer import Consumer
from mxplans_lims.archive._server import CatalogServer, api_key
from mxplans_lims.journal import Follower

log = logging.getLogger(__name__)

POLL_S = 0.25
NICENESS = 5  # beside a running night, plans come first


class _Signals:
    """Notes SIGTERM and SIGINT."""

    def __init__(self) -> None:
        self.ended = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def wait_for_signal(self) -> None:
        """Return soon after one has come."""
        never = threading.Event()
        while not self.ended:
            never.wait(POLL_S)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.ended = True


class _Commands(_Signals):
    """Lines of standard input, without ever waiting longer than asked; signals count as its end."""

    def __init__(self) -> None:
        super().__init__()
        self.flushes = 0
        self._rest = b""

    def wait(self, timeout_s: float) -> None:
        """Read what comes within a time."""
        if self.ended or not select.select([0], [], [], timeout_s)[0]:
            return
        chunk = os.read(0, 4096)
        self.ended = self.ended or not chunk
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self.flushes += sum(line.strip() == b"flush" for line in lines)


def run(outdir: Path, port: int, follow: bool) -> int:
    """Serve, and with `follow` take in the journal, until standard input ends; returns the exit code."""
    commands = _Commands()
    outdir = outdir.resolve()
    try:
        outdir.mkdir(parents=True, exist_ok=True)
        key, key_file = api_key(outdir)
        server = CatalogServer(outdir, port, key)
        server.start()
    except (MxplansError, OSError) as error:
        log.error("%s", error)
        return 2
    try:
        _say(event="ready", url=server.url, api_key_file=str(key_file) if key_file else None)
        if follow:
            os.nice(NICENESS)
            _follow(Follower(outdir / "documents.jsonl"), Consumer(server.client()), commands)
        while not commands.ended:
            commands.wait(POLL_S)
    finally:
        server.stop()
    return 0


def serve_until_stopped(outdir: Path, port: int) -> None:
    """Take in what the journal has, then serve until Ctrl-C, telling people where.

    Raises:
        InvalidInput: If the port or the API key cannot be used.
    """
    stop = _Signals()
    outdir = outdir.resolve()
    key, key_file = api_key(outdir)
    server = CatalogServer(outdir, port, key)
    server.start()
    try:
        consumer = Consumer(server.client())
        consumer.take(Follower(outdir / "documents.jsonl").read_new())
        consumer.take_unfinished()
        print(f"serving {outdir}\n  url:     {server.url}\n  API key: in {key_file or 'the environment'}")
        print(f"  python:  tiled.client.from_uri({server.url!r}, api_key=open({str(key_file)!r}).read())", flush=True)
        stop.wait_for_signal()
    finally:
        server.stop()


def _follow(follower: Follower, consumer: Consumer, commands: _Commands) -> None:
    answered = 0
    while True:
        ending, flushes = commands.ended, commands.flushes
        while consumer.take(follower.read_new()):
            commands.wait(0.0)
        for _ in range(flushes - answered):
            _say(event="caught-up", documents=consumer.taken, failed=len(consumer.failed))
        answered = flushes
        if ending:
            consumer.take_unfinished()
            return
        commands.wait(POLL_S)


def _say(**message: object) -> None:
    """One line for the parent; a parent that is gone is told nothing, the end of standard input follows."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        log.warning("nobody reads what the archive says")
