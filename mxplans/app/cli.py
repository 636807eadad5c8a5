"""The command `mxplans`. What a command needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mxplans import __version__
from mxplans.app.ipython.command import ipython
from mxplans.app.lims_commands import lims
from mxplans.app.profile_commands import profile as profile_commands
from mxplans.app.profile_options import Given, ProfileFile
from mxplans.errors import InvalidInput, LimitExceeded, MxplansError

app = typer.Typer(
    name="mxplans",
    help="Macromolecular crystallography with Bluesky: run a night, look at what it left.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.add_typer(lims)
app.add_typer(profile_commands)


app.command()(ipython)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")] = False,
) -> None:
    """Options of all commands."""


@app.command()
def udc(
    shipment: Annotated[Path, typer.Argument(help="MXLIMS message with the samples.", show_default=False)],
    profile: ProfileFile,
    out: Annotated[Path, typer.Option(help="Folder for all that comes out.")] = Path("night"),
    virtual_time: Annotated[
        bool,
        typer.Option("--virtual-time", help="Jump from event to event, with the virtual beamline in this process."),
    ] = False,
    given: Given = None,
) -> None:
    """Collect a shipment unattended: mount, centre, collect, unmount, pin after pin."""
    from mxplans.app.unattended import run_night

    raise typer.Exit(run_night(profile, shipment, out, virtual_time, given or ()))


@app.command()
def serve(
    profile: ProfileFile,
    out: Annotated[Path, typer.Option(help="Folder of the queue; one that was used before goes on.")] = Path("queue"),
    shipment: Annotated[Path | None, typer.Option(help="MXLIMS message with what is in the dewar.")] = None,
    port: Annotated[int, typer.Option(help="Of the HTTP server, on 127.0.0.1; 0 takes a free one.")] = 0,
    redis: Annotated[str | None, typer.Option(help="HOST:PORT of a Redis that runs; none: one is started.")] = None,
    startup_module: Annotated[str | None, typer.Option(help="Module that the worker imports instead of ours.")] = None,
    permissions: Annotated[Path | None, typer.Option(help="User groups of the execution queue (YAML).")] = None,
    given: Given = None,
) -> None:
    """Serve a queue over HTTP and run it: queue server, worker, Redis and services, until Ctrl-C."""
    from mxplans.app.queueserver.serve import ServeOptions
    from mxplans.app.queueserver.serve import serve as serve_queue

    serve_queue(ServeOptions(profile, out, shipment, port, redis, startup_module, permissions, tuple(given or ())))


@app.command("dry-run")
def dry_run(
    experiments: Annotated[Path, typer.Argument(help="Queue items or MXLIMS message (JSON).", show_default=False)],
    profile: ProfileFile,
    given: Given = None,
) -> None:
    """Say what experiments would take: seconds, frames, bytes and dose of each sweep; exit code 2 if one may not run."""
    from mxplans.app.dry_run import print_dry_run

    raise typer.Exit(0 if print_dry_run(profile, experiments, given or ()) else 2)


@app.command()
def tiled(
    outdir: Annotated[Path, typer.Argument(help="Folder of a night.", show_default=False)],
    port: Annotated[int, typer.Option(help="On 127.0.0.1; 0 takes a free one.")] = 0,
) -> None:
    """Serve the documents and frames of a night with Tiled, until Ctrl-C."""
    from mxplans.app.archive import serve

    serve(outdir, port)


def main() -> None:
    """Entry point: errors of ours in one line and a number, others with their traceback."""
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except (InvalidInput, LimitExceeded) as error:
        typer.secho(f"mxplans: {error}", fg="red", err=True)
        raise SystemExit(2) from error
    except MxplansError as error:
        typer.secho(f"mxplans: {error}", fg="red", err=True)
        raise SystemExit(1) from error
