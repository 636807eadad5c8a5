"""What a migration did, for a terminal and as a page that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from jinja2 import Environment, PackageLoader
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mxplans import __version__
from mxplans.errors import InvalidProfile
from mxplans.profile.migrate.report import Fate, FileReport, MigrationReport, Tally, by_kind, shown
from mxplans.profile.places import Finding, Severity, errors_of

_TEMPLATE = "migration_report.html.j2"
_SHOWN = 20
"""Lines of one kind in a terminal; the page has them all."""


def print_report(report: MigrationReport, console: Console) -> None:
    """Say what became of the files, what was counted in and out, and what is to be known."""
    console.print(
        f"{shown(report.source)} to {shown(report.destination)}: {report.outcome}", soft_wrap=True, highlight=False
    )
    if report.files:
        console.print(_counts(report))
    for fate in Fate:
        files = report.with_fate(fate)
        if files:
            console.print(f"{fate}: {len(files)}", highlight=False)
    _print_some(
        console,
        "kept, and why",
        [f"{shown(file.path)}: {file.why}" for file in report.with_fate(Fate.KEPT) if file.why],
    )
    _print_some(console, "with parts under x-mxplans", _supplements(report.files))
    _print_some(console, "literals within texts", [text for file in report.files for text in file.literals])
    known = [finding for finding in report.findings if finding.severity is not Severity.ERROR]
    _print_some(console, "to be known", list(map(str, known)) if len(known) <= _SHOWN else _kinds(known))


def _kinds(findings: list[Finding]) -> list[str]:
    return [f"{count} x {severity}: {what}" for severity, what, count in by_kind(findings)]


def _counts(report: MigrationReport) -> Table:
    table = Table("", "in", "out")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, before, after in counts(report):
        table.add_row(escape(name), str(before), str(after), style="" if before == after else "bold red")
    return table


def counts(report: MigrationReport) -> list[tuple[str, int, int]]:
    """What is counted in the source and in the destination: (name, before, after)."""
    rows = [("files", len(report.files), len(report.files))]
    rows += [(each.name, getattr(report.before, each.name), getattr(report.after, each.name)) for each in fields(Tally)]
    rows += [(f"instances, {graph.name}", graph.instances_before, graph.instances_after) for graph in report.graphs]
    return rows


def _supplements(files: Iterable[FileReport]) -> list[str]:
    return [f"{shown(file.result)}: {', '.join(file.supplement)}" for file in files if file.supplement]


def _print_some(console: Console, title: str, lines: list[str]) -> None:
    if not lines:
        return
    console.print(f"{title}: {len(lines)}", style="bold", highlight=False)
    for line in lines[:_SHOWN]:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    if len(lines) > _SHOWN:
        console.print(f"  and {len(lines) - _SHOWN} more: --report FILE.html has them all", highlight=False)


def write_page(report: MigrationReport, path: Path) -> None:
    """Write the report as one HTML file.

    Raises:
        InvalidProfile: If it cannot be written.
    """
    environment = Environment(loader=PackageLoader("mxplans.app", "."), autoescape=True, trim_blocks=True)
    environment.filters["shown"] = shown
    page = environment.get_template(_TEMPLATE).render(
        report=report,
        counts=counts(report),
        kinds=by_kind(report.findings),
        refused=errors_of(report.findings),
        fates=list(Fate),
        version=__version__,
    )
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InvalidProfile(f"report {path}: {error.strerror}; give a file that can be written") from error
