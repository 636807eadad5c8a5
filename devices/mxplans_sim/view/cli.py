"""Commands for people who look: the page, and pictures and frames in files."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mxplans_sim.settings import SettingsError, WorldSettings, load_world
from mxplans_sim.view.page.control import ControlError, read_control_file
from mxplans_sim.world.dewar import Dewar, read_dewar
from mxplans_sim.world.robot import RobotError
from mxplans_sim.world.scanner import ScanFault

USAGE_ERROR = 2

WorldFile = Annotated[Path, typer.Option("--world", help="World file, YAML")]
ShipmentFile = Annotated[Path, typer.Option("--shipment", help="MXLIMS shipment message: what is in the dewar")]
SampleName = Annotated[str, typer.Option("--sample", help="Name of the sample")]
Angles = Annotated[str, typer.Option(help="Angles in degrees, with commas between them")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the files; made when missing")]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
render_app = typer.Typer(no_args_is_help=True)
app.add_typer(render_app, name="render", help="Write what the cameras and the detector would show to files.")


@app.command("view")
def view_command(
    control: Annotated[Path, typer.Option(help="Control file that `mxplans-sim serve` writes")],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 for a free one")] = 0,
) -> None:
    """Serve a page on this machine that shows a running virtual beamline.

    Ends with SIGTERM, SIGINT or the end of standard input.
    """
    try:
        where = read_control_file(control)
        # The framework of the page is an extra of the installation.
        from mxplans_sim.view.page.server import serve_page
    except ControlError as error:
        _fail(str(error), error)
    except ModuleNotFoundError as error:
        _fail(f"the page needs the package {error.name}; install it with: pip install 'mxplans[view]'", error)
    try:
        asyncio.run(serve_page(where, port))
    except OSError as error:
        _fail(str(error), error)


@render_app.command("on-axis")
def on_axis_command(
    world: WorldFile,
    shipment: ShipmentFile,
    sample: SampleName,
    out: OutFolder,
    omega: Angles = "0",
    zoom: Annotated[str, typer.Option(help="Zoom level")] = "Coarse",
) -> None:
    """Images of the on-axis camera as PNG files."""
    from mxplans_sim.view.render import render_on_axis

    settings, dewar = _read(world, shipment)
    angles = _angles_deg(omega)
    try:
        _say(render_on_axis(settings, dewar, sample, angles, zoom, out))
    except (SettingsError, RobotError, ValueError, OSError) as error:
        _fail(str(error), error)


@render_app.command("side")
def side_command(
    world: WorldFile, shipment: ShipmentFile, sample: SampleName, out: OutFolder, omega: Angles = "0"
) -> None:
    """Images of the coarse camera at the side as PNG files."""
    from mxplans_sim.view.render import render_side

    settings, dewar = _read(world, shipment)
    angles = _angles_deg(omega)
    try:
        _say(render_side(settings, dewar, sample, angles, out))
    except (SettingsError, RobotError, ValueError, OSError) as error:
        _fail(str(error), error)


def _angles_deg(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        _fail(f"--omega is {text!r}, it must be numbers with commas between them, as 0,30,60", error)


@render_app.command("frames")
def frames_command(
    world: WorldFile,
    shipment: ShipmentFile,
    sample: SampleName,
    out: OutFolder,
    start: Annotated[float, typer.Option(help="Omega at the first frame, deg")] = 0.0,
    width: Annotated[float, typer.Option(help="Omega per frame, deg")] = 0.5,
    number: Annotated[int, typer.Option(min=1, max=100_000, help="Frames")] = 10,
    exposure: Annotated[float, typer.Option(help="Seconds per frame")] = 0.1,
    distance: Annotated[float, typer.Option(help="Detector distance, mm")] = 100.0,
    aperture: Annotated[str, typer.Option(help="Aperture")] = "Medium",
) -> None:
    """Diffraction frames of a crystal on the axis: the detector's HDF5 files, and PNG previews on a logarithmic scale."""
    from mxplans_sim.view.render import Rotation, render_frames

    settings, dewar = _read(world, shipment)
    rotation = Rotation(start, width, number, exposure, distance, aperture)
    try:
        _say(render_frames(settings, dewar, sample, rotation, out))
    except (SettingsError, RobotError, ScanFault, ValueError, OSError) as error:
        _fail(str(error), error)


def _read(world: Path, shipment: Path) -> tuple[WorldSettings, Dewar]:
    try:
        return load_world(world), read_dewar(shipment)
    except SettingsError as error:
        _fail(str(error), error)


def _say(files: list[Path]) -> None:
    for file in files:
        print(file)


def _fail(reason: str, cause: Exception) -> NoReturn:
    print(f"mxplans-sim: {reason}", file=sys.stderr)
    raise typer.Exit(USAGE_ERROR) from cause
