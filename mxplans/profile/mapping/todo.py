"""What is to be done by hand after a mapping, as Markdown, grouped by object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mxplans.profile.mapping.items import Piece
from mxplans.profile.mapping.ledger import Entry, Fate
from mxplans.profile.mapping.mapped import Mapped
from mxplans.profile.mapping.settling import WITH_OBJECT


def write_todo(mapped: Mapped) -> str:
    """The list of what is to be done, and what is not needed and why.

    It holds places and names, no values: some of these are passwords.

    Args:
        mapped: What a configuration gave.
    """
    counts = mapped.counts
    told = ", ".join(f"{counts[fate]} {fate}" for fate in Fate)
    lines = ["# To do", "", f"{len(mapped.entries)} pieces of the configuration: {told}.", ""]
    if mapped.missing:
        lines += ["## To be filled in", ""]
        lines += [f"- [ ] `{missing.key}`: {_plain(missing.what)}" for missing in mapped.missing] + [""]
    if mapped.checks:
        lines += ["## To be looked at", ""]
        lines += [f"- [ ] `{check.key}`: {_plain(check.what)}" for check in mapped.checks] + [""]
    lines += _by_object("By object", mapped.todo, "- [ ]")
    lines += _by_object("Not needed, and why", mapped.not_needed, "-")
    return "\n".join(lines)


def _by_object(title: str, entries: Iterable[Entry], mark: str) -> Iterator[str]:
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.item.object, []).append(entry)
    if groups:
        yield from (f"## {title}", "")
    for name, mine in groups.items():
        yield from (f"### {_plain(name)}", "", *_object(mine, mark), "")


def _object(entries: list[Entry], mark: str) -> Iterator[str]:
    """An object's own line, then its pieces by what is said of them; references go with what they name."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        named = entry.item.piece is Piece.REFERENCE and entry.why.startswith("as ")
        groups.setdefault("with what they name" if named else entry.why, []).append(entry)
    for why, mine in sorted(groups.items(), key=lambda group: group[0] == WITH_OBJECT):
        if why == WITH_OBJECT:
            yield f"  - with it: {'; '.join(map(_told, mine))}"
        else:
            yield f"{mark} {_plain(why)}: {'; '.join(map(_told, mine))}"


def _told(entry: Entry) -> str:
    item = entry.item
    name = "" if item.piece is Piece.OBJECT else f" `{_plain(item.name) or '(no name)'}`"
    return f"{item.piece}{name} ({_plain(str(item.place))})"


def _plain(text: str) -> str:
    """Text on one line, whose signs mean nothing to Markdown or HTML."""
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return re.sub(r"([`<>|\[\]\\])", r"\\\1", line)
