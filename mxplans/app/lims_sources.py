"""The command `mxplans lims fetch`: work that a LIMS, or a folder, has for this beamline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mxplans.app.profile_options import read_placed
from mxplans.app.session import known_places
from mxplans.errors import InvalidInput
from mxplans.profile import ProfileRefused
from mxplans.profile.entry_points import load_entry_point
from mxplans.profile.lims_settings import filled_plugin, plugin_problems


def fetch_samples(profile_path: Path, source: str | None, folder: Path, given: Sequence[str] = ()) -> None:
    """Write what waits, and say what was written.

    Args:
        profile_path: Beamline profile.
        source: Name in the profile; None takes its only one.
        folder: Where the messages go.
        given: Values of the command line, in place of the profile's.

    Raises:
        InvalidInput: If the profile has no such source.
        InvalidProfile: If its settings are wrong, each told with its place.
        InvalidMessage: If some of the work cannot be taken; the rest has been written.
        TargetUnreachable: If the source does not answer.
    """
    placed = read_placed(profile_path, given)
    profile, sources = placed.profile, placed.profile.lims.sources
    name = source if source is not None else next(iter(sources)) if len(sources) == 1 else None
    if name not in sources:
        raise InvalidInput(
            f"--source {source}: the profile has {', '.join(sources) or 'none'} in lims.sources; name one of them"
        )
    if wrong := [finding for _, finding in plugin_problems(profile, placed.tree, "sources", name)]:
        raise ProfileRefused(str(profile_path), wrong)
    known = known_places(profile, profile_path, folder.resolve(), None)
    settings = filled_plugin(profile, "sources", name, known)
    paths: list[Path] = load_entry_point("mxplans.records", "fetch", "records")(sources[name].type, settings, folder)
    for path in paths:
        Console().print(str(path), soft_wrap=True, markup=False)
    if not paths:
        Console().print(f"nothing waits at {name}", markup=False)
