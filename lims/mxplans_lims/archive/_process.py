"""The archive's process: what it says on standard output, what it listens to on standard input.

It says one JSON object a line: `{"event": "ready", "url": ..., "api_key_file": ...}` once it works, and after each line
`flush` on its standard input `{"event": "caught-up", "documents": n, "failed": k, "pending": p}`: the journal is read,
and what could be written is; `pending` runs wait for a server that is away. At the end of its standard input, on SIGTERM
and on SIGINT it takes in what is left and ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

from mxplans.errors import MxplansError
from mxplans_lims._follower_talk import POLL_S, Commands, Signals, say
from mxplans_lims.archive._catalogue import Catalogue
from mxplans_lims.archive._consumer import Consumer
from mxplans_lims.archive._options import Options
from mxplans_lims.archive._server import CatalogServer, api_key
from mxplans_lims.archive._state import StateFile

log = logging.getLogger(__name__)

NICENESS = 5  # beside a running night, plans come first


def run(options: Options) -> int:
    """Serve or reach a server, and with `follow` take in the journal, until standard input ends; the exit code."""
    commands = Commands()
    with contextlib.ExitStack() as cleanup:
        try:
            options.outdir.mkdir(parents=True, exist_ok=True)
            state = StateFile(options.state_path)
            start = options.start(state.read())
            catalogue, key_file = _catalogue(options, cleanup)
        except (MxplansError, OSError) as error:
            log.error("%s", error)
            return 2
        say(event="ready", url=catalogue.url, api_key_file=str(key_file) if key_file else None)
        if options.follow:
            os.nice(NICENESS)
            _follow(Consumer(options.journal, catalogue, state, start), commands)
        while not commands.ended:
            commands.wait(POLL_S)
    return 0


def serve_until_stopped(outdir: Path, port: int) -> None:
    """Take in what the journal has, then serve until Ctrl-C, telling people where.

    Raises:
        InvalidInput: If the port or the API key cannot be used.
    """
    stop = Signals()
    options = Options(outdir.resolve(), port)
    with contextlib.ExitStack() as cleanup:
        catalogue, key_file = _catalogue(options, cleanup)
        consumer = Consumer(options.journal, catalogue, StateFile(options.state_path))
        _catch_up(consumer)
        consumer.write_unfinished()
        url = catalogue.url
        print(f"serving {options.outdir}\n  url:     {url}\n  API key: in {key_file or 'the environment'}")
        print(f"  python:  tiled.client.from_uri({url!r}, api_key=open({str(key_file)!r}).read())", flush=True)
        stop.wait_for_signal()


def _catalogue(options: Options, cleanup: contextlib.ExitStack) -> tuple[Catalogue, Path | None]:
    """The catalogue, and the file with its key; an own server is started, and stopped in the clean-up."""
    elsewhere = options.server_elsewhere()
    if elsewhere is not None:
        catalogue, key_file = Catalogue(*elsewhere), options.api_key_file
    else:
        key, key_file = api_key(options.outdir)
        server = CatalogServer(options.outdir, options.port, key)
        server.start()
        cleanup.callback(server.stop)
        catalogue = Catalogue(server.url, lambda: key)
    cleanup.callback(catalogue.close)
    return catalogue, key_file


def _follow(consumer: Consumer, commands: Commands) -> None:
    answered = 0
    while True:
        ending, flushes = commands.ended, commands.flushes
        if ending or flushes > answered:
            consumer.hurry()
        _catch_up(consumer, commands)
        for _ in range(flushes - answered):
            say(
                event="caught-up",
                documents=consumer.taken,
                failed=len(consumer.failed),
                pending=consumer.pending,
            )
        answered = flushes
        if ending:
            if not consumer.away:
                consumer.write_unfinished()
            return
        commands.wait(POLL_S)


def _catch_up(consumer: Consumer, commands: Commands | None = None) -> None:
    """Read the journal and write the runs that wait, until there is nothing more, or the server is away."""
    consumer.read()
    while consumer.write_next():
        if commands is not None:
            commands.wait(0.0)
        consumer.read()
