"""A proxy as a command of its own, before any server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import typer

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.proxy.channel_access import ChannelAccessFaults
from mxplans_sim.servers.proxy.mode import Mode, Way
from mxplans_sim.servers.proxy.proxies import resolved
from mxplans_sim.servers.proxy.server import NetworkFaults
from mxplans_sim.settings.base import SettingsError

USAGE_ERROR = 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command("proxy")
def proxy_command(
    to: Annotated[str, typer.Option(help="HOST:PORT of the server")],
    mode: Annotated[str, typer.Option(help=f"What goes wrong: {', '.join(Way)}")] = Way.PASS.value,
    number: Annotated[
        float | None, typer.Option(help="Latency s, bytes, HTTP status or seconds down, as the mode needs")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 for a free port")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of garbage")] = 0,
    channel_access: Annotated[bool, typer.Option("--channel-access", help="Forward searches by UDP as well")] = False,
) -> None:
    """A proxy on 127.0.0.1 before any server, whose network goes wrong.

    Each line on standard input is another mode, as `slow 0.5` or `pass`. Ends with SIGTERM, SIGINT or the end of
    standard input.
    """
    try:
        host, target = resolved("--to", to, {})
        kind = ChannelAccessFaults if channel_access else NetworkFaults
        asyncio.run(_serve(kind(host, target, RealClock(), seed), Mode.of(mode, number), port))
    except (SettingsError, ValueError, OSError) as error:
        print(f"mxplans-sim: {error}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from error


async def _serve(proxy: NetworkFaults, mode: Mode, port: int) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await proxy.start(port)
    try:
        await proxy.switch(mode)
        print(json.dumps({"event": "ready", "proxy_addr": proxy.address, "pid": os.getpid()}), flush=True)
        _listen(loop, lambda line: _take(proxy, line), ended.set)
        await ended.wait()
    finally:
        await proxy.stop()


def _take(proxy: NetworkFaults, line: str) -> None:
    """Change the mode as a line says; a wrong one changes nothing."""
    way, _, number = line.strip().partition(" ")
    if not way:
        return
    try:
        proxy.put(Mode.of(way, float(number) if number else None))
    except ValueError as error:
        print(f"mxplans-sim: {error}", file=sys.stderr, flush=True)


def _listen(loop: asyncio.AbstractEventLoop, take: Callable[[str], None], end: Callable[[], None]) -> None:
    """Pass on lines of standard input; in a thread, since it may be a file, a pipe or a terminal."""
    descriptor = sys.stdin.fileno()

    def call(function: Callable[..., None], *arguments: str) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(function, *arguments)

    def read() -> None:
        rest = b""
        while data := os.read(descriptor, 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                call(take, line.decode(errors="replace"))
        call(end)

    threading.Thread(target=read, name="standard input", daemon=True).start()
