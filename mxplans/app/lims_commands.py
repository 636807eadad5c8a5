"""The commands `mxplans lims ...`. What a command needs is imported when it runs, so that help comes at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mxplans.app.profile_options import Given, ProfileFile

lims = typer.Typer(
    name="lims",
    help="What went to LIMS and other targets, and what did not: look, try again, send again.",
    no_args_is_help=True,
)

Out = Annotated[Path, typer.Argument(help="Folder of a night or a queue.", show_default=False)]
TargetName = Annotated[str | None, typer.Option("--target", help="Name in the profile; none: all of them.")]


@lims.command()
def status(
    out: Out,
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
) -> None:
    """Say how each target does; exit code 0: all arrived, 1: something needs a person, 3: something waits."""
    from mxplans.app.lims import show_status

    raise typer.Exit(show_status(out, as_json))


@lims.command()
def show(
    out: Out,
    item: Annotated[str, typer.Argument(help="Uuid of an experiment, or how it begins.", show_default=False)],
    payload: Annotated[bool, typer.Option("--payload", help="With what is sent.")] = False,
) -> None:
    """Show the steps of an experiment: state, reason, identifier at the target."""
    from mxplans.app.lims import show_item

    show_item(out, item, payload)


@lims.command()
def retry(
    out: Out,
    target: TargetName = None,
    item: Annotated[str | None, typer.Option(help="Uuid of an experiment; none: all of them.")] = None,
) -> None:
    """Try again what was given up, and at once what waits."""
    from mxplans.app.lims import retry_steps

    retry_steps(out, target, item)


@lims.command()
def replay(
    out: Out,
    from_run: Annotated[str | None, typer.Option(help="Uid of an experiment's run; none: the first.")] = None,
    target: TargetName = None,
    resend: Annotated[bool, typer.Option("--resend", help="Send also what has not changed.")] = False,
    forget_ids: Annotated[
        bool, typer.Option("--forget-ids", help="Forget what the target called its records, and send all again.")
    ] = False,
) -> None:
    """Make the records again from the journal; what has not changed is not sent, unless asked for."""
    from mxplans.app.lims import replay_journal

    replay_journal(out, from_run, target, resend, forget_ids)


@lims.command()
def send(
    out: Out,
    limit_s: Annotated[float, typer.Option(help="Longest time to send.")] = 60.0,
) -> None:
    """Send what is left of a night that is over; exit code as of `status`."""
    from mxplans.app.lims import send_left

    raise typer.Exit(send_left(out, limit_s))


@lims.command()
def fetch(
    folder: Annotated[Path, typer.Argument(help="Where the messages go.", show_default=False)],
    profile: ProfileFile,
    source: Annotated[str | None, typer.Option(help="Name in the profile; none: its only one.")] = None,
    given: Given = None,
) -> None:
    """Ask a LIMS for samples that wait, with what is to be done: one message for each container."""
    from mxplans.app.lims_sources import fetch_samples

    fetch_samples(profile, source, folder, given or ())
