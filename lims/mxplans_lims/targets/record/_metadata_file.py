"""`metadata.json` of a folder, which tells of each experiment that has frames there under its uuid."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mxplans.errors import TargetRefused
from mxplans_lims.targets._files import unwritable, write_whole

FORMAT = "mxplans.metadata/1"
METADATA = "metadata.json"


def tell(folder: Path, item: str, told: Mapping[str, Any] | None) -> None:
    """Change what a folder's file tells of one experiment; None takes it out.

    Raises:
        TargetUnreachable: If the disk is full or the folder cannot be written.
        TargetRefused: If the file is there and holds something else.
    """
    path = folder / METADATA
    with _alone_in(folder):
        known = _read(path)
        experiments = {uuid: each for uuid, each in known["experiments"].items() if uuid != item}
        if told is not None:
            experiments[item] = told
        if experiments:
            content = {**known, "experiments": experiments}
            write_whole(path, json.dumps(content, indent=2, allow_nan=False, sort_keys=True) + "\n")
        else:
            path.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"format": FORMAT, "experiments": {}}
    except OSError as error:
        raise unwritable(path, error) from error
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise TargetRefused(
            f"{path} was not written by this program: its `format` is not {FORMAT}; move it away, then retry"
        )
    return content


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Nobody else changes the folder's file meanwhile, where the file system has locks."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        with contextlib.suppress(OSError):  # some network file systems lock no folders; one exporter is the rule
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
