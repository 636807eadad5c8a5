"""What there was and what there is, file by file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath

from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import ConfigObject, Dialect, Path, Value
from mxplans.profile.dialects.extension import extension_of
from mxplans.profile.dialects.typing_rules import literal
from mxplans.profile.migrate.conversion import Conversion
from mxplans.profile.migrate.report import Fate, FileReport, GraphReport, MigrationReport, Outcome, Tally
from mxplans.profile.migrate.snapshot import Snapshot
from mxplans.profile.migrate.tree import ItemKind


def accounted(before: Snapshot, after: Snapshot, conversions: Mapping[PurePosixPath, Conversion]) -> MigrationReport:
    """The account of a migration, without findings and outcome of its end."""
    files = tuple(
        _file(before, after, conversions.get(path, Conversion(path, path)))
        for path, item in before.tree.items()
        if item.kind is not ItemKind.FOLDER
    )
    graphs = [_graph("all files", before.folder, after.folder)]
    graphs += [_graph(str(path), graph, after.entries.get(path)) for path, graph in before.entries.items()]
    return MigrationReport(before.root, after.root, Outcome.DONE, files, tuple(graphs))


def _file(before: Snapshot, after: Snapshot, conversion: Conversion) -> FileReport:
    source, result = before.files.get(conversion.path), after.files.get(conversion.result)
    config = source.config if source is not None else None
    converted = conversion.fate is Fate.CONVERTED and config is not None and config.dialect is Dialect.XML
    return FileReport(
        conversion.path,
        conversion.result,
        conversion.fate,
        conversion.why,
        Tally.of(config),
        Tally.of(result.config if result is not None else None),
        tuple(_literals(config)) if config is not None else (),
        tuple(extension_of(config) or ()) if converted and config is not None else (),
    )


def _literals(config: ConfigObject) -> Iterator[str]:
    for path, text in _texts(config.properties, ()):
        if literal(text) is not None:
            yield f"{config.places.get(path, config.place)}: {'.'.join(map(str, path))}: {text}"


def _texts(value: Value, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _texts(each, (*path, key))
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _texts(each, (*path, index))


def _graph(name: str, before: ConfigGraph, after: ConfigGraph | None) -> GraphReport:
    instances = len(after.instances) if after is not None else 0
    return GraphReport(name, len(before.instances), instances, len(before.missing))
