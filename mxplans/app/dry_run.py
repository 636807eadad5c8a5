"""The command `mxplans dry-run`: what experiments would take and give, without anything that moves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mxplans.app.profile_options import read_profile
from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.model import QueueItem, build_queue, parse_item, read_message
from mxplans.model.item import with_uuid
from mxplans.profile import Profile
from mxplans.schedule import dry_run
from mxplans.udc import check_kind


def print_dry_run(profile_path: Path, path: Path, given: Sequence[str] = ()) -> bool:
    """Print the table of each experiment; returns whether all of them may be run.

    Args:
        profile_path: Beamline profile.
        path: A queue item, a list of them, or an MXLIMS message, as JSON.
        given: Values of the command line, in place of the profile's.

    Raises:
        InvalidInput: If the profile or the file cannot be used.
    """
    profile = read_profile(profile_path, given)
    good = True
    for item in read_items(path, profile):
        run = dry_run(item, profile.limits, profile.timing)
        print(f"{item.sample_name}: {item.kind}, experiment {item.uuid}\n{run.table()}")
        try:
            check_kind(item)
        except LimitExceeded as reason:
            print(f"not allowed: {reason}")
            good = False
        good = good and not run.violations
        print()
    return good


def read_items(path: Path, profile: Profile) -> tuple[QueueItem, ...]:
    """The queue items of a file, whichever of the three shapes it has.

    Raises:
        InvalidInput: If it cannot be read or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} cannot be read as JSON: {error}; give a queue item or an MXLIMS message") from error
    if isinstance(content, dict) and "version" in content:
        return build_queue(read_message(path), profile.experiment.sweep, profile.experiment.strategy)
    items = content if isinstance(content, list) else [content]
    return tuple(parse_item(with_uuid(item), f"{path}, item {number}") for number, item in enumerate(items, start=1))
