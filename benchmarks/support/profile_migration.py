"""Whole configurations through the migration: what goes in, what comes out, how long it takes."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from mxplans.errors import InvalidProfile
from mxplans.profile.migrate.folder import Options, migrate_folder
from mxplans.profile.migrate.report import MigrationReport, Outcome, Tally
from mxplans.profile.migrate.snapshot import take_snapshot
from mxplans.profile.migrate.source_findings import source_findings
from mxplans.profile.places import Finding, Place, Severity, errors_of
from support.profile_corpus import write_corpus
from support.profile_roots import find_roots
from support.profile_words import words_of

GENERATED_FILES = 1000
GENERATED_LIMIT_S = 10.0

Figures = Iterator[dict[str, Any]]


def corpus(folder: Path) -> Figures:
    """All configurations below a folder."""
    roots = find_roots(folder)
    with tempfile.TemporaryDirectory(prefix="mxplans-corpus-") as scratch:
        began = time.perf_counter()
        reports = [_migrated(root, Path(scratch) / str(number)) for number, root in enumerate(roots)]
        took_s = time.perf_counter() - began
        words = [
            words_of(report, Path(scratch) / str(number))
            for number, report in enumerate(reports)
            if report.outcome is Outcome.DONE
        ]
        again = [
            _migrated(root, Path(scratch) / str(number)).outcome
            for number, (root, report) in enumerate(zip(roots, reports, strict=True))
            if report.outcome is Outcome.DONE
        ]
    wrong = 0
    for report in reports:
        done = report.outcome is Outcome.DONE
        errors = errors_of(source_findings(take_snapshot(report.source), ())) if done else ()
        wrong += bool(errors)
        for finding in (*errors, *errors_of(report.findings)):
            print(f"{report.source}: {finding}", file=sys.stderr)
    refused = sum(report.outcome is not Outcome.DONE for report in reports)
    yield {"name": "corpus_roots", "value": len(roots), "unit": "folders", "goal": ">= 1", "ok": len(roots) >= 1}
    yield {"name": "corpus_not_proved", "value": refused, "unit": "folders", "goal": "0", "ok": refused == 0}
    yield {"name": "corpus_with_errors", "value": wrong, "unit": "folders"}
    changed = sum(outcome is not Outcome.UNCHANGED for outcome in again)
    yield {"name": "corpus_changed_again", "value": changed, "unit": "folders", "goal": "0", "ok": changed == 0}
    yield {"name": "corpus_files", "value": sum(len(report.files) for report in reports), "unit": "files"}
    yield from _tallies(reports)
    yield from _words(words)
    yield from _instances(folder, reports)
    yield {"name": "corpus_migrate", "value": took_s, "unit": "s"}


def _migrated(root: Path, result: Path) -> MigrationReport:
    """One configuration; what is wrong with it stays as it is."""
    try:
        return migrate_folder(root, result, Options(despite_errors=True))
    except InvalidProfile as error:
        finding = Finding(Severity.ERROR, Place(""), str(error))
        return MigrationReport(root.resolve(), result, Outcome.REFUSED, findings=(finding,))


def _tallies(reports: list[MigrationReport]) -> Figures:
    before = sum((report.before for report in reports), Tally())
    after = sum((report.after for report in reports), Tally())
    for each in fields(Tally):
        into, out = getattr(before, each.name), getattr(after, each.name)
        yield {"name": f"corpus_{each.name}_in", "value": into, "unit": each.name}
        yield {"name": f"corpus_{each.name}_out", "value": out, "unit": each.name, "goal": str(into), "ok": out == into}
    lost = sum(report.lost for report in reports)
    yield {"name": "corpus_lost", "value": lost, "unit": "pieces", "goal": "0", "ok": lost == 0}


def _words(counted: list[tuple[int, list[str]]]) -> Figures:
    """What readers that are none of ours find in the XML, and do not find in the YAML."""
    lost = [each for _, missing in counted for each in missing]
    for each in lost:
        print(f"lost: {each}", file=sys.stderr)
    yield {"name": "corpus_words", "value": sum(count for count, _ in counted), "unit": "words"}
    yield {"name": "corpus_words_lost", "value": len(lost), "unit": "words", "goal": "0", "ok": not lost}


def _instances(folder: Path, reports: list[MigrationReport]) -> Figures:
    """Of each entry file, and of each folder without one; then all together."""
    into = out = 0
    for report in reports:
        root = report.source.relative_to(folder.resolve())
        for graph in report.graphs[1:] or report.graphs:
            name = f"instances {root / graph.name}"
            goal, ok = str(graph.instances_before), graph.instances_after == graph.instances_before
            yield {"name": name, "value": graph.instances_after, "unit": "objects", "goal": goal, "ok": ok}
            into += graph.instances_before
            out += graph.instances_after
    yield {"name": "corpus_instances_out", "value": out, "unit": "objects", "goal": str(into), "ok": out == into}


def generated() -> Figures:
    """A folder of 1000 files of XML, with an entry file that leads to a third of them."""
    with tempfile.TemporaryDirectory(prefix="mxplans-corpus-") as scratch:
        write_corpus(Path(scratch) / "site", GENERATED_FILES)
        began = time.perf_counter()
        report = migrate_folder(Path(scratch) / "site", Path(scratch) / "result")
        took_s = time.perf_counter() - began
    done = report.outcome is Outcome.DONE and report.lost == 0 and report.after.objects == GENERATED_FILES + 1
    yield {
        "name": f"migrate_{GENERATED_FILES}_files",
        "value": took_s,
        "unit": "s",
        "goal": f"<= {GENERATED_LIMIT_S:g}, 0 lost",
        "ok": done and took_s <= GENERATED_LIMIT_S,
    }
