"""Command line of the virtual beamline."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from mxplans_sim.service import Options, serve
from mxplans_sim.settings import SettingsError, load_world
from mxplans_sim.world.dewar import read_dewar

USAGE_ERROR = 2

app = typer.Typer(add_completion=False, help="A virtual MX beamline on real protocols.", pretty_exceptions_enable=False)


@app.callback()
def _main() -> None:
    """A virtual MX beamline on real protocols."""


@app.command("serve")
def serve_command(
    world: Annotated[Path, typer.Option(help="World file, YAML")],
    shipment: Annotated[Path, typer.Option(help="MXLIMS shipment message: what is in the dewar")],
    data: Annotated[Path, typer.Option(help="Folder for the detector's files; made when missing")],
    truth: Annotated[Path | None, typer.Option(help="Write there what really happened, JSON")] = None,
    simplon_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the detector; 0 for a free one")] = 0,
    speed_up: Annotated[float | None, typer.Option(help="Simulated seconds per second, instead of the world's")] = None,
    ca_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of Channel Access; 0 for a free one")] = 0,
) -> None:
    """Serve until SIGTERM, SIGINT or the end of standard input."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("caproto").setLevel(logging.ERROR)
    try:
        settings = load_world(world, speed_up)
        dewar = read_dewar(shipment)
        data.mkdir(parents=True, exist_ok=True)
        asyncio.run(serve(settings, dewar, Options(data, truth, simplon_port, ca_port)))
    except (SettingsError, OSError) as error:
        print(f"mxplans-sim: {error}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR) from error


def main() -> None:
    """Entry point of the command `mxplans-sim`."""
    app(prog_name="mxplans-sim")
