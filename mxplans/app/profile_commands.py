"""The commands `mxplans profile ...`. What a command needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mxplans.app.profile_migrate import migrate
from mxplans.app.profile_options import Given

profile = typer.Typer(
    name="profile",
    help="Beamline profiles: check, look at, compare; and the way from MXCuBE's files to them.",
    no_args_is_help=True,
)

profile.command()(migrate)

File = Annotated[Path, typer.Argument(help="Beamline profile (YAML), or its folder.", show_default=False)]


@profile.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="Beamline profile; or folder or entry file of MXCuBE.", show_default=False)
    ],
    given: Given = None,
    lookup: Annotated[
        str,
        typer.Option(metavar="FOLDER:FOLDER", help="Where the objects of MXCuBE's entry file stand; its own folder."),
    ] = "",
) -> None:
    """Say all that is wrong, each with its place; exit code 2 if something is."""
    from mxplans.app.profile_check import check_file

    raise typer.Exit(0 if check_file(file, given or (), lookup) else 2)


@profile.command()
def show(
    file: File,
    origins: Annotated[bool, typer.Option("--origins", help="With the place that each value comes from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    given: Given = None,
) -> None:
    """Show the whole profile: with what it includes, what stands over it, and the defaults; secrets as references."""
    from mxplans.app.profile_show import show_profile

    show_profile(file, given or (), origins, as_json)


@profile.command()
def schema() -> None:
    """Print the JSON Schema of profiles, for editors."""
    from mxplans.app.profile_show import print_schema

    print_schema()


@profile.command()
def diff(
    one: Annotated[Path, typer.Argument(help="Beamline profile; or folder or entry file of MXCuBE.")],
    other: Annotated[Path, typer.Argument(help="The same kind.")],
) -> None:
    """Say what differs, value by value, with the places; exit code 1 if something does."""
    from mxplans.app.profile_diff import print_differences

    raise typer.Exit(1 if print_differences(one, other) else 0)
