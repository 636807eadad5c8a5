"""The command line of `mxplans ipython`. What it needs is imported when it runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mxplans.app.profile_options import Given, ProfileFile, read_profile

WIDTH = 120
"""Characters of a line where there is no terminal."""


def ipython(
    profile: ProfileFile,
    script: Annotated[Path | None, typer.Argument(help="File to run; the session ends with it.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the session; a used one gets a neighbour.")] = Path("session"),
    shipment: Annotated[
        Path | None, typer.Option(help="MXLIMS message with what is in the dewar; none: shipment.json by the profile.")
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option("-c", help="Line to run, may be repeated; the session ends with the last.")
    ] = None,
    startup: Annotated[list[Path] | None, typer.Option(help="Script of the site, run first; may be repeated.")] = None,
    no_services: Annotated[
        bool, typer.Option("--no-services", help="Start no process: neither services nor archive and exporter.")
    ] = False,
    given: Given = None,
) -> None:
    """Open an IPython session for people at the beamline."""
    import time

    begun_s = time.monotonic()
    from mxplans.app.ipython.leaving import Leaving
    from mxplans.app.ipython.opening import Opening, open_staff_session

    opening = Opening(read_profile(profile, given), profile, out, shipment, not no_services)
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    with Leaving() as leaving, open_staff_session(opening, console) as session:
        from mxplans.app.ipython.shell import ToRun, run_shell

        started = f"ready after {time.monotonic() - begun_s:.1f} s"
        code = run_shell(session, ToRun(startup or (), script, command or ()), console, started, leaving)
    raise typer.Exit(code)
