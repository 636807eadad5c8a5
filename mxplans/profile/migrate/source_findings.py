"""What is to be known of a source before it is migrated: what must be mended first, and what may stay as it is.

An object that is mentioned and not there is missing afterwards as before, and a broken file that nobody mentions is
carried along; both are told. All other errors are to be mended first, and a file that looks like none of a hardware
object, and cannot be read, if an object mentions it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import PurePosixPath

from mxplans.profile.dialects.config_object import Dialect
from mxplans.profile.dialects.folder import place_of
from mxplans.profile.dialects.graph import ENTRY_NAMES
from mxplans.profile.dialects.reading import FileKind
from mxplans.profile.migrate.snapshot import Snapshot, mentioned
from mxplans.profile.places import Finding, Severity


def source_findings(
    snapshot: Snapshot, selected: Collection[PurePosixPath], despite_errors: bool = False
) -> list[Finding]:
    """All that is to be known of a folder, errors only for what keeps it from being migrated.

    Args:
        snapshot: The folder.
        selected: Files that are to be converted.
        despite_errors: Nothing is to be mended first: what is wrong stays as it is.
    """
    harmless = {
        path
        for path, file in snapshot.files.items()
        if file.kind is FileKind.BROKEN and path.name not in ENTRY_NAMES and not snapshot.is_mentioned(path)
    }
    wanted = {
        path
        for path, file in snapshot.files.items()
        if file.kind is FileKind.OTHER and file.findings and snapshot.is_mentioned(path)
    }
    found: dict[Finding, None] = {}
    for graph in (snapshot.folder, *snapshot.entries.values()):
        missing = frozenset(graph.missing)
        for finding in graph.findings:
            if PurePosixPath(finding.place.file) in harmless:
                finding = replace(
                    finding, severity=Severity.WARNING, remedy="nothing mentions it, so it stays as it is"
                )
            elif PurePosixPath(finding.place.file) in wanted:
                finding = replace(finding, severity=Severity.ERROR, remedy="an object mentions it: mend it")
            elif _is_missing(finding, missing):
                finding = replace(finding, severity=Severity.WARNING)
            if despite_errors and finding.severity is Severity.ERROR:
                finding = replace(finding, severity=Severity.WARNING, what=f"{finding.what}; it stays as it is")
            found[finding] = None
    return [*found, *_out_of_reach(snapshot, selected), *_shared(snapshot, selected)]


def _is_missing(finding: Finding, missing: Collection[str]) -> bool:
    name, said, _ = finding.what.partition(" is not found")
    return bool(said) and name.removeprefix("object ") in missing


def _out_of_reach(snapshot: Snapshot, selected: Collection[PurePosixPath]) -> list[Finding]:
    """XML that mentions what is YAML afterwards: MXCuBE finds it only where something else has loaded it before."""
    found = []
    for path, file in snapshot.files.items():
        if file.config is None or file.config.dialect is not Dialect.XML or path in selected:
            continue
        targets = {snapshot.targets.get((path, name)) for name in mentioned(file)}
        converted = sorted(target for target in targets if target is not None and target in selected)
        found += [
            Finding(
                Severity.WARNING,
                file.config.place,
                f"stays XML and mentions {target}, which becomes YAML: MXCuBE finds it only if it was loaded before",
                f"name {target.with_suffix('.yaml')} in the entry file before it, or convert both",
                (place_of(target),),
            )
            for target in converted
        ]
    return found


def _shared(snapshot: Snapshot, selected: Collection[PurePosixPath]) -> list[Finding]:
    """XML that several objects mention: MXCuBE makes one object of it, and of YAML one for each mention.

    Source: MXCuBE's own simulated beamline, 46 objects in XML and 67 in YAML (mxcubecore 2.149.0, November 2026).
    """
    found = []
    owners: dict[str, set[str]] = {}
    for edge in snapshot.folder.edges():
        owners.setdefault(edge.target, set()).add(edge.owner)
    for path in sorted(selected):
        config = snapshot.files[path].config
        if config is not None and config.dialect is Dialect.XML and len(owners.get(config.name, ())) > 1:
            names = ", ".join(sorted(owners[config.name]))
            what = f"is mentioned by {len(owners[config.name])} objects ({names}), and becomes YAML"
            remedy = "MXCuBE makes one object of XML, and one for each mention of YAML; mxplans makes one of both"
            found.append(Finding(Severity.NOTE, config.place, what, remedy))
    return found
