"""From a folder as it stands to the files as they are to be."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.config_object import ConfigObject, Dialect
from mxplans.profile.dialects.folder import place_of
from mxplans.profile.dialects.names import EXTENSIONS
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.migrate.literals import Literals
from mxplans.profile.migrate.mentions import update_mentions
from mxplans.profile.migrate.report import Fate
from mxplans.profile.migrate.snapshot import Snapshot, mentioned
from mxplans.profile.migrate.yaml_a import rewrite_yaml_a
from mxplans.profile.migrate.yaml_b import to_yaml_b
from mxplans.profile.places import Finding, Severity, errors_of

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What becomes of a file.

    Attributes:
        path: In the source.
        result: In the destination.
        fate: What becomes of it.
        text: Its new content; None for what is kept.
        why: Why it is kept.
        findings: What is to be known of it.
    """

    path: PurePosixPath
    result: PurePosixPath
    fate: Fate = Fate.KEPT
    text: str | None = None
    why: str = ""
    findings: tuple[Finding, ...] = ()


def convert(
    snapshot: Snapshot, selected: Collection[PurePosixPath], literals: Literals = Literals.TEXT
) -> dict[PurePosixPath, Conversion]:
    """What becomes of each file that could hold an object, by its path in the source.

    Args:
        snapshot: The folder.
        selected: Files that are meant.
        literals: What becomes of texts that hold a literal.
    """
    suffixes = {path: ".yaml" if path in selected and path.suffix == ".xml" else path.suffix for path in snapshot.files}
    while True:
        found = {path: _converted(snapshot, path, selected, suffixes, literals) for path in snapshot.files}
        kept = [path for path, conversion in found.items() if conversion.result.suffix != suffixes[path]]
        if not kept:
            return found
        # What had to be kept is mentioned by the name that it has.
        suffixes |= {path: path.suffix for path in kept}


def _converted(
    snapshot: Snapshot,
    path: PurePosixPath,
    selected: Collection[PurePosixPath],
    suffixes: Mapping[PurePosixPath, str],
    literals: Literals,
) -> Conversion:
    file = snapshot.files[path]
    if file.config is None:
        broken = file.kind is FileKind.BROKEN
        return Conversion(path, path, why="cannot be read" if broken else "no hardware object")
    if errors_of(file.findings):
        return Conversion(path, path, why="has errors")
    if _is_double(snapshot, path):
        return Conversion(path, path, why="is one of two definitions of the same object")
    if path in selected and file.config.dialect is Dialect.XML:
        return _from_xml(snapshot, path, suffixes, literals)
    if file.config.dialect is Dialect.XML:
        return Conversion(path, path, why="not selected")
    return _from_yaml(snapshot, file, path in selected, suffixes)


def _is_double(snapshot: Snapshot, path: PurePosixPath) -> bool:
    """Whether a file beside it defines the same object, or would do so."""
    others = (snapshot.files.get(path.with_suffix(extension)) for extension in EXTENSIONS if extension != path.suffix)
    return any(other is not None and other.kind is not FileKind.OTHER for other in others)


def _from_xml(
    snapshot: Snapshot, path: PurePosixPath, suffixes: Mapping[PurePosixPath, str], literals: Literals
) -> Conversion:
    views = [file.config for file in snapshot.views[path] if file.config is not None]
    class_path = views[0].class_path
    if class_path is not None and not all(part.isidentifier() for part in class_path.split(".")):
        what = f"class {class_path.rpartition('.')[0]!r} is none that YAML may name"
        finding = Finding(Severity.WARNING, views[0].place, f"{what}; it stays XML", "correct it to have it converted")
        return Conversion(path, path, why=what, findings=(finding,))
    texts = dict.fromkeys(to_yaml_b(config, _files(snapshot, path, suffixes), literals) for config in views)
    if len(texts) == 1:
        findings = _without_class(views[0])
        return Conversion(path, path.with_suffix(".yaml"), Fate.CONVERTED, next(iter(texts)), findings=findings)
    what = "mentions objects relative to its own folder, which has other names for entry files of other folders"
    remedy = "write names with a leading / to have it converted"
    finding = Finding(Severity.WARNING, views[0].place, f"{what}; it stays XML", remedy)
    return Conversion(path, path, why=what, findings=(finding,))


def _without_class(config: ConfigObject) -> tuple[Finding, ...]:
    """What MXCuBE loads from XML, and from YAML no longer (seen with mxcubecore 2.149.0)."""
    if config.class_path is not None:
        return ()
    what, remedy = "has no class, and becomes YAML, which MXCuBE loads only with one", "give it a class"
    if config.redirect is not None:
        what = f"stands for {config.redirect}, and becomes YAML, in which MXCuBE has no such files"
        remedy = f"mention {config.redirect} itself"
    remedy = f"{remedy}, or keep this file as XML for as long as MXCuBE reads it"
    return (Finding(Severity.WARNING, config.place, what, remedy),)


def _from_yaml(
    snapshot: Snapshot, file: ConfigFile, selected: bool, suffixes: Mapping[PurePosixPath, str]
) -> Conversion:
    path, config = file.path, file.config
    if config is None:
        raise ValueError(f"{path} holds no object")
    content = (snapshot.root / path).read_bytes().decode("utf-8")
    bom = _BOM if content.startswith(_BOM) else ""
    text = content.removeprefix(bom)
    mentions = _respelt(snapshot, file, suffixes)
    if selected and config.dialect is Dialect.YAML_A:
        rewritten = rewrite_yaml_a(
            text, {each.target: mentions[each.written] for each in config.references if each.written in mentions}
        )
        findings: tuple[Finding, ...] = ()
        if rewritten.anew is not None:
            what = f"is written anew, without its blank lines and quotes: {rewritten.anew}"
            findings = (Finding(Severity.NOTE, place_of(path), what),)
        return Conversion(path, path, Fate.CONVERTED, rewritten.text, findings=findings)
    try:
        updated = update_mentions(text, mentions)
    except InvalidProfile as error:
        raise InvalidProfile(f"{path}: its mentions cannot be updated: {error}") from error
    if updated != text:
        return Conversion(path, path, Fate.UPDATED, bom + updated)
    return Conversion(path, path, why="is YAML-B already" if config.dialect is Dialect.YAML_B else "not selected")


def _files(snapshot: Snapshot, path: PurePosixPath, suffixes: Mapping[PurePosixPath, str]) -> dict[str, str]:
    """How a file has to mention others, by their names."""
    targets = [target for file in snapshot.views[path] for target in mentioned(file)]
    found = {target: snapshot.targets.get((path, target)) for target in targets}
    return {target: target.removeprefix("/") + suffixes[file] for target, file in found.items() if file is not None}


def _respelt(snapshot: Snapshot, file: ConfigFile, suffixes: Mapping[PurePosixPath, str]) -> dict[str, str]:
    """Mentions with the extensions that files have now, by mentions as written."""
    found: dict[str, str] = {}
    for reference in file.config.references if file.config is not None else ():
        target = snapshot.targets.get((file.path, reference.target))
        stem, extension = posixpath.splitext(reference.written)
        if target is not None and extension in EXTENSIONS:
            found[reference.written] = stem + suffixes[target]
    return found


def collisions(snapshot: Snapshot, conversions: Mapping[PurePosixPath, Conversion]) -> list[Finding]:
    """Files that stand where a converted one has to."""
    return [
        Finding(
            Severity.ERROR,
            place_of(conversion.result),
            f"stands where {path} has to when it is converted, and is no hardware object",
            "rename or remove it",
            (place_of(path),),
        )
        for path, conversion in conversions.items()
        if conversion.result != path and conversion.result in snapshot.tree
    ]
