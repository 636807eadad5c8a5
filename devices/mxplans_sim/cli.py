"""Command line of the virtual beamline."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mxplans_sim.control.cli import app as fault_app
from mxplans_sim.faults import load_scenario
from mxplans_sim.servers.fleet import MAKERS, Options
from mxplans_sim.servers.proxy.cli import app as proxy_app
from mxplans_sim.service import Output, serve
from mxplans_sim.settings import SettingsError, load_world
from mxplans_sim.view.cli import app as view_app
from mxplans_sim.world.dewar import read_dewar

USAGE_ERROR = 2
LAST_PORT = 65535

app = typer.Typer(add_completion=False, help="A virtual MX beamline on real protocols.", pretty_exceptions_enable=False)


@app.callback()
def _main() -> None:
    """A virtual MX beamline on real protocols."""


app.add_typer(view_app)
app.add_typer(fault_app, name="fault")
app.add_typer(proxy_app)


@app.command("serve")
def serve_command(
    world: Annotated[Path, typer.Option(help="World file, YAML")],
    shipment: Annotated[Path, typer.Option(help="MXLIMS shipment message: what is in the dewar")],
    data: Annotated[Path, typer.Option(help="Folder for the detector's files; made when missing")],
    truth: Annotated[Path | None, typer.Option(help="Write there what really happened, JSON")] = None,
    speed_up: Annotated[float | None, typer.Option(help="Simulated seconds per second, instead of the world's")] = None,
    server: Annotated[
        list[str] | None, typer.Option(help="Serve this alone, instead of the world's; repeatable")
    ] = None,
    port: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER of a server; free ones otherwise")] = None,
    scenario: Annotated[Path | None, typer.Option(help="Faults, YAML")] = None,
    control: Annotated[Path | None, typer.Option(help="Write there how to look at it and disturb it, JSON")] = None,
) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("caproto").setLevel(logging.ERROR)
    try:
        settings = load_world(world, speed_up)
        names = known_servers(server or settings.servers)
        options = Options(data, given_ports(port or [], names))
        dewar = read_dewar(shipment)
        rules = () if scenario is None else load_scenario(scenario)
        data.mkdir(parents=True, exist_ok=True)
        asyncio.run(serve(settings, dewar, options, Output(truth, control), names, rules))
    except (SettingsError, OSError) as error:
        print(f"mxplans-sim: {error}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from error


def known_servers(names: Sequence[str]) -> tuple[str, ...]:
    """Names of servers, each once.

    Raises:
        SettingsError: If there is no server of a name.
    """
    for name in names:
        if name not in MAKERS:
            raise SettingsError(f"server {name!r} is not known, allowed are {', '.join(MAKERS)}")
    return tuple(dict.fromkeys(names))


def given_ports(texts: Sequence[str], names: Sequence[str]) -> dict[str, int]:
    """Ports by server, from NAME=NUMBER.

    Raises:
        SettingsError: If one is written otherwise, or its server is not served.
    """
    ports = {}
    for text in texts:
        name, _, number = text.partition("=")
        if name not in names or not number.isdecimal() or int(number) > LAST_PORT:
            raise SettingsError(
                f"port {text!r}: write NAME=NUMBER with a server of {', '.join(names)} and a number up to {LAST_PORT}"
            )
        ports[name] = int(number)
    return ports


def main() -> None:
    """Entry point of the command `mxplans-sim`."""
    app(prog_name="mxplans-sim")
