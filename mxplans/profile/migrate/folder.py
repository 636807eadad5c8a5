"""Migration of a folder: read, convert, build beside the destination, read again, prove, and only then take its place."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile.migrate.account import accounted
from mxplans.profile.migrate.conversion import Conversion, collisions, convert
from mxplans.profile.migrate.literals import Literals
from mxplans.profile.migrate.proof import prove
from mxplans.profile.migrate.report import MigrationReport, Outcome
from mxplans.profile.migrate.selection import selected_files
from mxplans.profile.migrate.snapshot import Snapshot, take_snapshot
from mxplans.profile.migrate.source_findings import source_findings
from mxplans.profile.migrate.staging import scratch, staged, take_place
from mxplans.profile.migrate.tree import Item, ItemKind, stamps, tree_differences
from mxplans.profile.places import Finding, Place, Severity, errors_of

_SHOWN = 10
"""Differences of a destination that are told one by one."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for.

    Attributes:
        only: Name or file of the one object that is meant; None for all.
        subtree: And all that it refers to.
        dry_run: Convert and prove, but leave the destination alone.
        literals: What becomes of texts that hold a literal.
        despite_errors: Carry along what is wrong with the source, instead of refusing it.
    """

    only: str | None = None
    subtree: bool = False
    dry_run: bool = False
    literals: Literals = Literals.TEXT
    despite_errors: bool = False


def migrate_folder(source: Path, destination: Path, options: Options | None = None) -> MigrationReport:
    """Make a folder in which the selected objects of another are YAML-B, and all else is as it is there.

    Args:
        source: Folder that is read.
        destination: Folder that comes into being; the source itself for in place.
        options: What is asked for.

    Returns:
        What became of each file. Where its outcome is `REFUSED`, the destination is as it was.

    Raises:
        InvalidProfile: If a folder cannot be read or written, or `only` names no object.
    """
    options = options or Options()
    source, destination = _folders(source, destination)
    stamped = stamps(source)
    before = take_snapshot(source)
    selected = selected_files(before, options.only, options.subtree)
    findings = source_findings(before, selected, options.despite_errors)
    if errors_of(findings):
        return MigrationReport(source, destination, Outcome.REFUSED, findings=tuple(findings))
    conversions = convert(before, selected, options.literals)
    findings += [finding for conversion in conversions.values() for finding in conversion.findings]
    findings += collisions(before, conversions)
    if errors_of(findings):
        return MigrationReport(source, destination, Outcome.REFUSED, findings=tuple(findings))
    with scratch() if options.dry_run else staged(destination) as folder:
        _build(before, conversions, folder)
        if source == destination:
            _keep_owners(before, conversions, folder)
        report = _proved(before, folder, conversions, findings, destination)
        if report.outcome is Outcome.DONE and stamps(source) != stamped:
            what = "was changed while it was read"
            report = _refused(report, Finding(Severity.ERROR, Place(str(source)), what, "run it again"))
        if report.outcome is Outcome.DONE:
            report = _compared(report, folder)
        if report.outcome is Outcome.DONE and options.dry_run:
            return replace(report, outcome=Outcome.WOULD_BE_DONE)
        if report.outcome is Outcome.DONE:
            take_place(folder, destination)
    return report


def _folders(source: Path, destination: Path) -> tuple[Path, Path]:
    """Both folders as they are named without links.

    Raises:
        InvalidProfile: If the source is no folder, the destination no place for one, or one stands in the other.
    """
    try:
        source, destination = source.resolve(strict=True), destination.resolve()
    except (OSError, RuntimeError) as error:
        raise InvalidProfile(f"folder {source}: {error}; give the folder of a configuration") from error
    for one, other in ((source, destination), (destination, source)):
        if one != other and one.is_relative_to(other):
            raise InvalidProfile(f"folder {one} stands in {other}; give folders beside each other, or twice the same")
    if destination.exists() and not destination.is_dir():
        raise InvalidProfile(f"{destination} is no folder; give one that is empty or not there")
    return source, destination


def _build(before: Snapshot, conversions: Mapping[PurePosixPath, Conversion], folder: Path) -> None:
    """Write the result; folders get their modes last, since they may be read-only.

    Raises:
        InvalidProfile: If it cannot be written.
    """
    folders = [(PurePosixPath(), before.root.stat().st_mode)]
    try:
        for path, item in before.tree.items():
            conversion = conversions.get(path, Conversion(path, path))
            if item.kind is ItemKind.FOLDER:
                (folder / path).mkdir()
                folders.append((path, item.mode))
            elif item.kind is ItemKind.LINK:
                _write_link(before, conversions, conversion, item, folder)
            else:
                _write_file(before.root / path, conversion, item, folder)
        for path, mode in reversed(folders):
            shutil.copystat(before.root / path, folder / path)
            os.chmod(folder / path, mode & 0o7777)
    except OSError as error:
        raise InvalidProfile(f"{folder}: the result cannot be written: {error}; make room or give rights") from error


def _keep_owners(before: Snapshot, conversions: Mapping[PurePosixPath, Conversion], folder: Path) -> None:
    """Owners and groups as they were, as far as one may give them: who shares a folder goes on working in it."""
    for path in (PurePosixPath(), *before.tree):
        with suppress(FileNotFoundError):  # a source that changes meanwhile is told afterwards
            wanted = (before.root / path).lstat()
            _give(folder / conversions.get(path, Conversion(path, path)).result, wanted.st_uid, wanted.st_gid)


def _give(path: Path, owner: int, group: int) -> None:
    found = path.lstat()
    if (owner, group) == (found.st_uid, found.st_gid):
        return
    # Only root may give a file away, but its owner may give it to a group of theirs.
    for user, users in ((-1, group), (owner, -1)):
        with suppress(OSError):
            os.chown(path, user, users, follow_symlinks=False)
    if not stat.S_ISLNK(found.st_mode):
        path.chmod(stat.S_IMODE(found.st_mode))  # a new owner takes bits from it


def _write_file(source: Path, conversion: Conversion, item: Item, folder: Path) -> None:
    target = folder / conversion.result
    if conversion.text is None:
        shutil.copy2(source, target)
        return
    target.write_bytes(conversion.text.encode("utf-8"))
    target.chmod(item.mode)


def _write_link(
    before: Snapshot,
    conversions: Mapping[PurePosixPath, Conversion],
    conversion: Conversion,
    item: Item,
    folder: Path,
) -> None:
    """A link stays one, to the file's new name; unless the file it leads to says something else as seen from there."""
    real = (before.root / conversion.path).resolve().relative_to(before.root)
    target = conversions.get(PurePosixPath(real), Conversion(PurePosixPath(real), PurePosixPath(real)))
    if conversion.text != target.text and conversion.text is not None:
        (folder / conversion.result).write_bytes(conversion.text.encode("utf-8"))
        return
    link = PurePosixPath(item.link)
    if target.result.name != target.path.name and link.suffix == target.path.suffix:
        link = link.with_suffix(target.result.suffix)
    os.symlink(link if str(link) != item.link.rstrip("/") else item.link, folder / conversion.result)


def _proved(
    before: Snapshot,
    folder: Path,
    conversions: Mapping[PurePosixPath, Conversion],
    findings: list[Finding],
    destination: Path,
) -> MigrationReport:
    after = take_snapshot(folder)
    proof = prove(before, after, conversions)
    report = accounted(before, after, conversions)
    outcome = Outcome.REFUSED if proof else Outcome.DONE
    return replace(report, destination=destination, outcome=outcome, findings=(*proof, *findings))


def _compared(report: MigrationReport, folder: Path) -> MigrationReport:
    """What the destination holds already decides: nothing, the result, or something else."""
    destination = report.destination
    if not destination.exists() or not any(destination.iterdir()):
        return report
    others = tree_differences(destination, folder)
    if not others:
        return replace(report, outcome=Outcome.UNCHANGED)
    if report.source == destination:
        return report
    told = "; ".join(others[:_SHOWN]) + (f"; and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
    remedy = "give a folder that is empty or not there; to convert more of a folder, give it twice"
    return _refused(report, Finding(Severity.ERROR, Place(str(destination)), f"holds something else: {told}", remedy))


def _refused(report: MigrationReport, reason: Finding) -> MigrationReport:
    return replace(report, outcome=Outcome.REFUSED, findings=(reason, *report.findings))
