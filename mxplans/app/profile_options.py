"""What every command with a profile takes besides its file, and the profile with that."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mxplans.profile import PlacedProfile, Profile

ProfileFile = Annotated[Path, typer.Option(help="Beamline profile (YAML).", show_default=False)]
Given = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Value in place of the profile's, as limits.energy_ev=12700; may be repeated. It goes before "
        "MXPLANS__limits__energy_ev in the environment, and that before the file.",
        show_default=False,
    ),
]


def read_profile(path: Path, given: Sequence[str] | None = None) -> Profile:
    """The profile, with what the command line and the environment say.

    Raises:
        InvalidProfile: With all that is wrong.
    """
    return read_placed(path, given).profile


def read_ready(path: Path, given: Sequence[str] | None = None) -> Profile:
    """The profile, with the settings of its devices, targets and sources checked as well, so that a session can begin.

    Raises:
        InvalidProfile: With all that is wrong.
    """
    from mxplans.profile import ProfileRefused
    from mxplans.profile.places import errors_of
    from mxplans.profile.settings import findings_of_settings

    placed = read_placed(path, given)
    if wrong := errors_of(findings_of_settings(placed)):
        raise ProfileRefused(str(path), wrong)
    return placed.profile


def read_placed(path: Path, given: Sequence[str] | None = None) -> PlacedProfile:
    """The same, with the place of each value.

    Raises:
        InvalidProfile: With all that is wrong.
    """
    from mxplans.profile import load_placed

    return load_placed(path, given or (), os.environ)
