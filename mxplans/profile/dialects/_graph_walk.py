"""Walking from object to object along their mentions, depth first and without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from mxplans.profile.dialects._graph_findings import cycle, doubled, not_found
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import ConfigObject, Reference
from mxplans.profile.dialects.folder import place_of
from mxplans.profile.dialects.lookup import TOP, Hit, Library
from mxplans.profile.dialects.names import canonical_name
from mxplans.profile.dialects.reading import ConfigFile
from mxplans.profile.places import Finding, Place, Severity

_CYCLES_SHOWN = 20
"""With their whole path; further ones are counted."""


@dataclass
class _Step:
    """An object on the way from where the walk began.

    Attributes:
        config: The object.
        path: Its file.
        mentions: Those that were not followed yet.
        at: Place of the one that is followed.
    """

    config: ConfigObject
    path: PurePosixPath
    mentions: Iterator[Reference]
    at: Place


class GraphWalk:
    """Visits objects, each once, after those that it mentions.

    Args:
        library: The files.
        folders_of: Where the mentions in a file are looked up.
    """

    def __init__(self, library: Library, folders_of: Callable[[PurePosixPath], tuple[PurePosixPath, ...]]) -> None:
        self._library = library
        self._folders_of = folders_of
        self._files: dict[PurePosixPath, ConfigFile] = {}
        self._chosen: dict[str, ConfigFile] = {}
        self._doubles: dict[str, dict[PurePosixPath, ConfigFile]] = {}
        self._objects: dict[str, ConfigObject] = {}
        self._way: list[_Step] = []
        self._on_way: dict[str, int] = {}
        self._links: dict[tuple[str, str], str] = {}
        self._missing: dict[str, tuple[Hit, list[Reference]]] = {}
        self._findings: list[Finding] = []
        self._cycles: list[Place] = []

    def note(self, finding: Finding) -> None:
        """Keep what was found elsewhere."""
        self._findings.append(finding)

    def visit(self, path: PurePosixPath, *, is_entry: bool = False) -> str | None:
        """Visit the object in a file, and all that it leads to.

        Returns:
            Its name; None if it is no hardware object that can be read.
        """
        file = self._library.read(path)
        self._files[path] = file
        if file.config is None:
            if is_entry and not file.findings:
                self.note(Finding(Severity.ERROR, place_of(path), "is no hardware object", "give the entry file"))
            return None
        name = self._library.name_of(path)
        if is_entry:
            self._chosen[name] = file
        # Below the root, the path is the name of exactly this place, whatever the look-up folders are.
        found = self._take(self._library.find(canonical_name(str(path)), (TOP,)))
        if found is not None and self._push(found):
            self._walk()
        return name

    def _take(self, hit: Hit) -> str | None:
        """The name of what stands under a name, where it can be read; of two definitions the first one counts."""
        for file in hit.definitions:
            self._files[file.path] = file
        # A broken definition beside a whole one is told as a second one all the same.
        file = next((file for file in hit.definitions if file.config is not None), hit.definitions[0])
        name = self._library.name_of(file.path)
        chosen = self._chosen.setdefault(name, file)
        if len(hit.definitions) > 1 or chosen is not file:
            self._doubles.setdefault(name, {}).update({each.path: each for each in (chosen, *hit.definitions)})
        return name if chosen.config is not None else None

    def _push(self, name: str) -> bool:
        """Set out to an object, unless it was visited."""
        file = self._chosen[name]
        if name in self._objects or file.config is None:
            return False
        config = file.config
        mentions = config.references
        if config.redirect is not None:
            mentions = (Reference(None, config.redirect, written=config.redirect, place=config.place),)
        self._on_way[name] = len(self._way)
        self._way.append(_Step(config, file.path, iter(mentions), config.place))
        return True

    def _walk(self) -> None:
        while self._way:
            step = self._way[-1]
            mention = next(step.mentions, None)
            if mention is None:
                self._way.pop()
                del self._on_way[step.config.name]
                self._objects[step.config.name] = step.config
                continue
            step.at = mention.place
            name = self._target(step, mention)
            if name in self._on_way:
                self._cycle(name)
            elif name is not None:
                self._push(name)

    def _target(self, step: _Step, mention: Reference) -> str | None:
        hit = self._library.find(mention.target, self._folders_of(step.path))
        name = self._take(hit) if hit.definitions else None
        if name is None:
            self._missing.setdefault(mention.target, (hit, []))[1].append(mention)
        elif name != mention.target:
            self._links[step.config.name, mention.target] = name
        return name

    def _cycle(self, name: str) -> None:
        if len(self._cycles) < _CYCLES_SHOWN:
            steps = self._way[self._on_way[name] :]
            self.note(cycle([step.config for step in steps], [step.at for step in steps]))
        self._cycles.append(self._way[-1].at)

    def result(self, entry: str | None) -> ConfigGraph:
        """All that was visited."""
        findings = [*self._findings, *(finding for file in self._files.values() for finding in file.findings)]
        findings += [doubled(name, list(files.values())) for name, files in self._doubles.items()]
        findings += not_found(self._missing, self._objects)
        more = self._cycles[_CYCLES_SHOWN:]
        if more:
            what = f"further circles are not shown: {len(more)}"
            findings.append(Finding(Severity.ERROR, more[0], what, "break those that are shown first"))
        return ConfigGraph(
            entry,
            self._objects,
            tuple(file for _, file in sorted(self._files.items())),
            tuple(sorted(dict.fromkeys(findings), key=lambda finding: (finding.place, finding.what))),
            tuple(sorted(self._missing)),
            self._links,
        )
