"""That a migrated folder says what its source says: file by file, comment by comment, and all files together."""

from __future__ import annotations

import filecmp
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from mxplans.profile.dialects.config_graph import graph_differences
from mxplans.profile.dialects.config_object import ConfigObject, Dialect, differences
from mxplans.profile.dialects.folder import place_of
from mxplans.profile.migrate.comments import comment_lines
from mxplans.profile.migrate.conversion import Conversion
from mxplans.profile.migrate.report import Fate
from mxplans.profile.migrate.snapshot import Snapshot
from mxplans.profile.migrate.tree import ItemKind
from mxplans.profile.places import Finding, Place, Severity, errors_of


def prove(before: Snapshot, after: Snapshot, conversions: Mapping[PurePosixPath, Conversion]) -> list[Finding]:
    """What the result does not say as its source does, each as an error; empty when nothing is lost and nothing new.

    Args:
        before: The source.
        after: The result.
        conversions: What became of files of the source, by path.
    """
    found = [
        finding
        for path, conversion in conversions.items()
        if conversion.fate is not Fate.KEPT
        for finding in _of_file(before, after, conversion)
    ]
    found += _of_kept(before, after, conversions)
    found += _of_graph("all files", before, after, None)
    for entry in before.entries:
        found += _of_graph(f"what {entry} leads to", before, after, entry)
    if list(after.entries) != list(before.entries):
        names = ", ".join(map(str, after.entries))
        found.append(_error(Place(""), f"entry files are {names}, not {', '.join(map(str, before.entries))}"))
    return found


def _of_file(before: Snapshot, after: Snapshot, conversion: Conversion) -> Iterator[Finding]:
    source, result = before.files[conversion.path], after.files.get(conversion.result)
    place = place_of(conversion.result)
    if source.config is None or result is None or result.config is None:
        why = "; ".join(finding.what for finding in errors_of(result.findings if result is not None else ()))
        yield _error(place, f"is no hardware object{f': {why}' if why else ''}", source.config)
        return
    yield from (_error(finding.place, finding.what, source.config) for finding in errors_of(result.findings))
    yield from (_error(place, said, source.config) for said in differences(result.config, source.config))
    lost = _comments(source.config) - _comments(result.config)
    yield from (_error(place, f"comment {line!r} is lost", source.config) for line in lost)


def _comments(config: ConfigObject) -> Counter[str]:
    """Lines of comments that are not empty, without blanks around them."""
    lines = [line.strip() for comment in config.comments for line in comment.text.splitlines() if line.strip()]
    if config.dialect is not Dialect.XML:
        return Counter(lines)
    # As YAML shows characters that it does not print.
    return Counter(shown.removeprefix("#").strip() for line in lines for shown in comment_lines(line))


def _of_kept(before: Snapshot, after: Snapshot, conversions: Mapping[PurePosixPath, Conversion]) -> Iterator[Finding]:
    changed = {path for path, conversion in conversions.items() if conversion.fate is not Fate.KEPT}
    for path, item in before.tree.items():
        if item.kind is not ItemKind.FILE or path in changed:
            continue
        if path not in after.tree or not filecmp.cmp(before.root / path, after.root / path, shallow=False):
            yield _error(place_of(path), "is to be kept, and has other content")
    if len(before.tree) != len(after.tree):
        yield _error(Place(""), f"holds {len(after.tree)} files, folders and links, not {len(before.tree)}")


def _of_graph(name: str, before: Snapshot, after: Snapshot, entry: PurePosixPath | None) -> Iterator[Finding]:
    if entry is None:
        one, other = after.folder, before.folder
    elif entry in after.entries:
        one, other = after.entries[entry], before.entries[entry]
    else:
        return
    yield from (_error(place_of(entry or PurePosixPath()), f"{name}: {said}") for said in graph_differences(one, other))


def _error(place: Place, what: str, source: ConfigObject | None = None) -> Finding:
    also = (source.place,) if source is not None else ()
    return Finding(Severity.ERROR, place, f"proof: {what}", "keep the file and tell the makers of mxplans", also)
