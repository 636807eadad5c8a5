"""The command `mxplans profile check`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mxplans.app.profile_options import read_placed
from mxplans.app.profile_subject import graph_of, profile_of
from mxplans.errors import InvalidProfile
from mxplans.profile import PlacedProfile, ProfileRefused
from mxplans.profile.places import Finding, Severity, errors_of
from mxplans.profile.settings import findings_of_settings

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def check_file(path: Path, given: Sequence[str] = (), lookup: str = "") -> bool:
    """Print all that is to be said of a profile, or of a configuration of MXCuBE; returns whether it can be used.

    Args:
        path: Of a profile or its folder; or folder or entry file of MXCuBE.
        given: Values of the command line, in place of the profile's.
        lookup: Folders that the objects of an entry file of MXCuBE are looked up in.

    Raises:
        InvalidProfile: If there is no such folder, or folders to look in are given where there is nothing to look up.
    """
    console = Console()
    ours = profile_of(path)
    if ours is None:
        return _check_graph(console, path, lookup)
    if lookup:
        raise InvalidProfile(f"{ours} is a profile of mxplans, which names its files; --lookup is for MXCuBE's")
    try:
        placed = read_placed(ours, given)
    except ProfileRefused as refused:
        return _tell(console, refused.findings, f"profile {ours}")
    findings = [*placed.findings, *findings_of_settings(placed)]
    profile = placed.profile
    services = "one service" if len(profile.services) == 1 else f"{len(profile.services)} services"
    devices = f"{len(profile.devices)} devices, {services}"
    return _tell(console, findings, f"profile {ours}: {profile.name}, {devices}, {_files(placed)}")


def _check_graph(console: Console, path: Path, lookup: str) -> bool:
    graph = graph_of(path, lookup)
    edges = len(graph.edges())
    what = f"{path}: {len(graph.instances)} hardware objects, {edges} references, {len(graph.files)} files"
    return _tell(console, graph.findings, what)


def _files(placed: PlacedProfile) -> str:
    number = len(placed.files)
    return "one file" if number == 1 else f"{number} files"


def _tell(console: Console, findings: Iterable[Finding], what: str) -> bool:
    findings = tuple(findings)
    for finding in findings:
        console.print(Text(str(finding), _STYLES[finding.severity]), soft_wrap=True)
    number = len(errors_of(findings))
    said = "good" if not number else "one error" if number == 1 else f"{number} errors"
    console.print(Text(f"{what}: {said}", "red" if number else "green"), soft_wrap=True)
    return not number
