"""A profile's file with those that it includes, as one tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mxplans.profile.places import Finding, Place, Severity
from mxplans.profile.schema import FORMAT
from mxplans.profile.secrets import veiled
from mxplans.profile.tree import joined, merged, repeated_keys, size, without
from mxplans.profile.yaml12 import LIMITS, InvalidYaml, Mapping, Node, Scalar, Sequence, read_node

INCLUDE = "include"
FILES_MOST = 100
"""Of a profile."""
_EMPTY = Place("")


@dataclass(frozen=True)
class Sources:
    """What was read.

    Attributes:
        root: All sections; None if the file itself cannot be used.
        files: Those that were read, the profile's own first.
        findings: What is wrong with them.
    """

    root: Mapping | None
    files: tuple[Path, ...]
    findings: tuple[Finding, ...]


def read_sources(path: Path) -> Sources:
    """Read a file and what it includes. The file goes before what it includes; those that it includes are equals.

    Args:
        path: The profile's file. Included files are below its folder.
    """
    try:
        reader = _Reader(path.resolve().parent)
    except (OSError, RuntimeError, ValueError):
        # A link that leads to itself is a RuntimeError, a path with a zero byte a ValueError.
        wrong = Finding(Severity.ERROR, Place(str(path)), "cannot be read: the path leads nowhere", "give a YAML file")
        return Sources(None, (), (wrong,))
    root = reader.sections(path, str(path), None)
    return Sources(root, tuple(reader.files), tuple(reader.findings))


@dataclass
class _Reader:
    folder: Path
    files: list[Path] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _known: dict[Path, Mapping | None] = field(default_factory=dict)
    _chain: list[tuple[Path, Place]] = field(default_factory=list)
    _size_bytes: int = 0
    _nodes: int = 0

    def _wrong(self, place: Place, what: str, remedy: str = "", *also: Place) -> None:
        self.findings.append(Finding(Severity.ERROR, place, what, remedy, also))

    def sections(self, path: Path, name: str, asked: Place | None) -> Mapping | None:
        """Own sections of a file over those that it includes; None if it cannot be used."""
        real = path.resolve()
        if real in self._known:
            return self._known[real]
        self._known[real] = None
        own = self._own(path, name, asked)
        if own is None:
            return None
        self._chain.append((real, asked or _EMPTY))
        below: Mapping | None = None
        for entry, place in self._entries(own):
            found = self._included(path, name, entry, place)
            below = found if below is None else below if found is None else self._joined(below, found)
        self._chain.pop()
        if asked is not None:
            self._check_format(own)
            # What a part says about its own format and parts is said; the profile's own file says it for the whole.
            own = without(without(own, INCLUDE), "schema")
        self._known[real] = own if below is None else merged(own, below)
        return self._known[real]

    def _check_format(self, part: Mapping) -> None:
        said = part.get("schema")
        if said is not None and not (isinstance(said, Scalar) and said.value == FORMAT):
            self._wrong(said.place, f"schema: allowed is {FORMAT}", "leave it out of a file that others include")

    def _own(self, path: Path, name: str, asked: Place | None) -> Mapping | None:
        also = () if asked is None else (asked,)
        if len(self.files) >= FILES_MOST:
            self._wrong(asked or Place(name), f"is file number {FILES_MOST + 1}; allowed are {FILES_MOST}", "join some")
            return None
        self.files.append(path)
        try:
            node = read_node(path, name)
        except InvalidYaml as error:
            self._wrong(error.place, error.what, "", *([error.also] if error.also else also))
            return None
        if not self._within_limits(path, node):
            self._wrong(
                Place(name),
                f"brings the files to {self._size_bytes} bytes and {self._nodes} values; allowed are "
                f"{LIMITS.size_bytes} and {LIMITS.nodes}",
            )
            return None
        if not isinstance(node, Mapping):
            self._wrong(
                node.place, f"holds {_kind(node)}; allowed is a mapping of sections", "write `name: ...`", *also
            )
            return None
        twice = list(repeated_keys(node))
        for loc, first, second in twice:
            self._wrong(second, f"key {loc[-1]!r} stands twice in one mapping", "leave one out", first)
        return None if twice else node

    def _within_limits(self, path: Path, node: Node) -> bool:
        self._size_bytes += path.stat().st_size
        self._nodes += size(node)
        return self._size_bytes <= LIMITS.size_bytes and self._nodes <= LIMITS.nodes

    def _entries(self, own: Mapping) -> list[tuple[str, Place]]:
        listed = own.get(INCLUDE)
        if listed is None:
            return []
        if not isinstance(listed, Sequence):
            self._wrong(
                listed.place, f"{INCLUDE}: is {_kind(listed)}; allowed is a list of files", "write [other.yaml]"
            )
            return []
        entries = []
        for item in listed.items:
            if isinstance(item, Scalar) and isinstance(item.value, str) and item.value:
                entries.append((item.value, item.place))
            else:
                self._wrong(
                    item.place, f"{INCLUDE}: {_kind(item)} is no file", "write its path, from this file's folder"
                )
        return entries

    def _included(self, path: Path, name: str, entry: str, place: Place) -> Mapping | None:
        other = path.parent / entry
        try:
            real = other.resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its links lead nowhere"
            self._wrong(
                place, f"{INCLUDE}: {veiled(entry)!r} cannot be read: {reason}", f"give a file below {self.folder}"
            )
            return None
        if Path(entry).is_absolute() or not real.is_relative_to(self.folder):
            self._wrong(
                place,
                f"{INCLUDE}: {entry!r} leads to {real}; allowed are files in the profile's folder {self.folder}",
                "put it there, and give its path from this file's folder",
            )
            return None
        chain = [each for each, _ in self._chain]
        if real in chain:
            round_trip = self._chain[chain.index(real) + 1 :]
            names = [_short(each, self.folder) for each in (*chain[chain.index(real) :], real)]
            self._wrong(
                place,
                f"{INCLUDE}: files include each other: {' -> '.join(names)}",
                "leave one of the mentions out",
                *(asked for _, asked in round_trip),
            )
            return None
        return self.sections(other, str(Path(name).parent / entry), place)

    def _joined(self, one: Mapping, other: Mapping) -> Mapping:
        both, clashes = joined(one, other)
        for clash in clashes:
            self._wrong(
                clash.second,
                f"{'.'.join(map(str, clash.loc))}: is given by two included files",
                "leave it out of one of them, or say it in the file that includes them",
                clash.first,
            )
        return both


def _short(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


def _kind(node: Node) -> str:
    if isinstance(node, Scalar):
        return "nothing" if node.value is None else f"a {'text' if isinstance(node.value, str) else 'value'}"
    return "a mapping" if isinstance(node, Mapping) else "a list"
