"""Profiles in several files, for tests of how they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from mxplans.profile import ProfileRefused, load_placed

PROFILES = Path(__file__).parents[1] / "profiles"
SIM = PROFILES / "sim/beamline.yaml"


def written(folder: Path, **files: str) -> Path:
    """Files by stem, with the folder's `top.yaml` returned; one that begins with `+` is the shipped profile and that."""
    for stem, text in files.items():
        path = folder / f"{stem.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SIM.read_text() + text[1:] if text.startswith("+") else text)
    return folder / "top.yaml"


def without(*sections: str) -> str:
    """The shipped profile without some of its sections."""
    kept, leaving = [], False
    for line in SIM.read_text().splitlines(keepends=True):
        if line[0].isalpha():
            leaving = line.split(":")[0] in sections
        if not leaving:
            kept.append(line)
    return "".join(kept)


def refused(path: Path, *given: str, environ: dict[str, str] | None = None) -> list[str]:
    """What is said of a profile that cannot be used: a line for each finding, with paths as from its folder."""
    with pytest.raises(ProfileRefused) as caught:
        load_placed(path, given, environ)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return [str(finding).replace(f"{path.parent}/", "") for finding in caught.value.findings]
