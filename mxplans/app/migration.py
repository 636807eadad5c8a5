"""Migration as the command line does it: says what happened on stdout, what is wrong on stderr, and gives the exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from rich.console import Console

from mxplans.app.migration_report import print_report, write_page
from mxplans.errors import InvalidProfile
from mxplans.profile.migrate.folder import Options, migrate_folder
from mxplans.profile.migrate.literals import Literals
from mxplans.profile.migrate.report import MigrationReport, Outcome
from mxplans.profile.places import errors_of

DONE, REFUSED, BY_SIGNAL = 0, 2, 128


@dataclass(frozen=True, slots=True)
class MigrationWish:
    """What the command line asks for.

    Attributes:
        source: Folder of an MXCuBE configuration.
        destination: Folder for the result.
        only: Name or file of the one object that is meant; None for all.
        subtree: And all that it refers to.
        dry_run: Write no result.
        literals: `text` or `yaml`.
        page: HTML file for the report; None for none.
        tables: Files that say which class becomes which device, over those that come with mxplans.
        despite_errors: Carry along what is wrong with the source.
    """

    source: Path
    destination: Path
    only: str | None
    subtree: bool
    dry_run: bool
    literals: str
    page: Path | None
    tables: tuple[Path, ...] = ()
    despite_errors: bool = False


def run_migration(wish: MigrationWish) -> int:
    """Convert to YAML-B.

    Raises:
        InvalidProfile: If there is nothing that a report could be of.
    """
    _check_page(wish)
    options = Options(wish.only, wish.subtree, wish.dry_run, Literals(wish.literals), wish.despite_errors)
    report = migrate_folder(wish.source, wish.destination, options)
    if wish.page is not None:  # before the terminal is told, which may be gone
        write_page(report, wish.page)
    print_report(report, Console())
    return _told(report)


@contextmanager
def orderly_end() -> Iterator[None]:
    """Within, SIGTERM ends as an exception does, so that nothing half done is left."""

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(BY_SIGNAL + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _check_page(wish: MigrationWish) -> None:
    """A page within the folders would be a file of theirs the next time.

    Raises:
        InvalidProfile: If it would stand in one of them, or nowhere.
    """
    if wish.page is not None and wish.page.is_dir():
        raise InvalidProfile(f"report {wish.page} is a folder; give a file")
    if wish.page is not None and not wish.page.resolve().parent.is_dir():
        raise InvalidProfile(
            f"report {wish.page}: there is no folder {wish.page.parent}; make it, or give another file"
        )
    for folder in (wish.source, wish.destination):
        if wish.page is not None and wish.page.resolve().is_relative_to(folder.resolve()):
            raise InvalidProfile(f"report {wish.page} would stand in {folder}; give a file outside of it")


def _told(report: MigrationReport) -> int:
    for finding in errors_of(report.findings):
        print(finding, file=sys.stderr)
    if report.outcome is Outcome.REFUSED:
        print(f"mxplans: refused, {report.destination} is as it was", file=sys.stderr)
        return REFUSED
    return DONE
