"""From YAML-A to YAML-B within the text itself, so that comments, blank lines, quotes and the order stay.

`_initialise_class` becomes `class`, the `!!omap` of `_objects` the mapping `objects`, and all other keys stand below
`configuration`. The result is read again: only if it says the same, with every comment, it is the answer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from mxplans.errors import InvalidProfile
from mxplans.profile import yaml12
from mxplans.profile.dialects.config_object import ConfigObject, Dialect, differences
from mxplans.profile.dialects.extension import EXTENSION_KEY
from mxplans.profile.dialects.yaml_file import CLASS_A, OBJECTS_A, read_yaml
from mxplans.profile.migrate._source import Entry, NotTextual, Source, shifted
from mxplans.profile.migrate._yaml_a_parts import class_lines, objects_lines
from mxplans.profile.migrate.mentions import update_mentions
from mxplans.profile.migrate.yaml_b import to_yaml_b
from mxplans.profile.places import errors_of

_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file as YAML-B.

    Attributes:
        text: The file.
        anew: Why it had to be written anew, with its comments but not with its blank lines and quotes; None if it
            was not.
    """

    text: str
    anew: str | None = None


def rewrite_yaml_a(text: str, files: Mapping[str, str]) -> Rewritten:
    """Rewrite YAML-A as YAML-B.

    Args:
        text: The file.
        files: Files as they are to be mentioned, by canonical name of the object in them; others are mentioned as
            they were.

    Raises:
        InvalidProfile: If it is no YAML-A, or has errors.
    """
    config = _read(text.removeprefix(_BOM))
    if config is None or config.dialect is not Dialect.YAML_A:
        raise InvalidProfile(f"a file of {len(text)} characters is no YAML-A; allowed are files with {CLASS_A}")
    try:
        return Rewritten(_textual(text.removeprefix(_BOM), config, files))
    except NotTextual as reason:
        return Rewritten(to_yaml_b(config, files), reason.why)


def _read(text: str) -> ConfigObject | None:
    file = read_yaml(text.encode(), PurePosixPath("configuration.yaml"), "/configuration")
    errors = errors_of(file.findings)
    if errors:
        raise InvalidProfile("; ".join(map(str, errors)))
    return file.config


def _textual(text: str, config: ConfigObject, files: Mapping[str, str]) -> str:
    result = _rewritten(text)
    mentions = {each.written: files[each.target] for each in config.references if each.target in files}
    try:
        result = update_mentions(result, mentions)
        changed = _read(result)
    except InvalidProfile as error:
        raise NotTextual(f"its lines as YAML-B are not YAML ({error})") from error
    if changed is None or differences(changed, config):
        raise NotTextual("its lines as YAML-B say something else")
    if _comments(text) != _comments(result):
        raise NotTextual("comments in unusual places")
    return result


def _comments(text: str) -> Counter[str]:
    return Counter(comment.strip() for _, comment in yaml12.comment_lines(text))


def _rewritten(text: str) -> str:
    root = yaml12.read_text(text, "")
    source = Source(text)
    if not isinstance(root, yaml12.Mapping) or root.items[0][0].place.column != 1:
        raise NotTextual("a top level that is indented or in flow style")
    stop = source.document_end(root)
    entries, tail = source.entries(root, stop)
    parts, arguments = _parts(source, entries)
    if entries[-1].key.value not in (CLASS_A, OBJECTS_A) and parts[-1][0].startswith("configuration"):
        tail = shifted(tail, 2)
    lines = [*source.lines[: entries[0].first], *(line for part in parts for line in part), *tail]
    if arguments:
        lines += [f"{line}{source.line_break}" for line in ("", f"{EXTENSION_KEY}:", "  arguments:")]
        lines += shifted(arguments, 4)
    return "".join(_ended([*lines, *source.lines[stop:]], source.line_break))


def _parts(source: Source, entries: list[Entry]) -> tuple[list[list[str]], list[str]]:
    """The lines of the file in YAML-B's parts, and those of the constructor's further arguments."""
    parts: list[list[str]] = []
    configuration: list[str] = []
    arguments: list[str] = []
    for entry in entries:
        if entry.key.value == CLASS_A:
            kept, arguments = class_lines(source, entry)
            parts.append([*entry.lead, *kept])
        elif entry.key.value == OBJECTS_A:
            parts.append([*entry.lead, *objects_lines(source, entry)])
        elif not configuration:
            blank = next((at for at, line in enumerate(entry.lead) if line.strip()), len(entry.lead))
            if blank:
                parts.append(entry.lead[:blank])
            configuration += [f"configuration:{source.line_break}", *shifted(entry.lead[blank:] + entry.lines, 2)]
            parts.append(configuration)
        else:
            configuration += shifted(entry.lead + entry.lines, 2)
    return parts, arguments


def _ended(lines: list[str], line_break: str) -> list[str]:
    """Lines that each end, the one that was the file's last as well."""
    return [line if line[-1:] in "\r\n\x85\u2028\u2029" else f"{line}{line_break}" for line in lines]
