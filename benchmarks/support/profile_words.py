"""What XML says and the YAML made of it does not, as readers find it that are none of ours: ElementTree and ruamel.

It knows nothing of objects, and so counts less exactly than a migration's own proof; but a fault of our reader or writer,
which both sides of that proof would share, shows here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from ruamel.yaml import YAML

from mxplans.profile.migrate.report import Fate, MigrationReport

_CALLS = ("command", "channel")


def words_of(report: MigrationReport, result: Path) -> tuple[int, list[str]]:
    """How many texts, values of attributes and lines of comments the converted XML has, and those that are lost."""
    count, lost = 0, list[str]()
    for file in report.files:
        if file.fate is Fate.CONVERTED and file.path.suffix == ".xml":
            said, missing = compared(
                (report.source / file.path).read_bytes(), (result / file.result).read_text("utf-8")
            )
            count += said
            lost += [f"{file.path}: {each}" for each in missing]
    return count, lost


def compared(xml: bytes, yaml: str) -> tuple[int, list[str]]:
    """As `words_of`, of one file."""
    document = YAML(typ="safe", pure=True).load(yaml)
    found = Counter(map(_known, _scalars(document)))
    found.update(_known(prefix + str((entry or {}).get("suffix", name))) for prefix, name, entry in _records(document))
    root = ElementTree.fromstring(xml)
    words = [*_words(root), *_lines_of_comments(xml)]
    # What several calls share, as an address, stands once; a leaf stands for itself.
    leaves = Counter(text for text, kind in words if kind == "leaf")
    lost = [f"leaf {text!r}" for text, many in leaves.items() if _times(found, text) < many]
    lost += [f"value {text!r}" for text, kind in words if kind == "value" and not _times(found, text)]
    lost += [
        f"role {text!r}" for text, kind in words if kind == "role" and not found[_known(str(_typed(text)).lower())]
    ]
    lost += [f"{text!r}" for text, kind in words if kind == "part" and text not in yaml]
    return len(words), lost


def _times(found: Mapping[str, int], text: str) -> int:
    """How often a text stands there, as what MXCuBE makes of it or as it is."""
    return sum(found.get(each, 0) for each in {_known(_typed(text)), _known(str(_typed(text))), _known(text)})


def _words(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Texts with what they are: a leaf, a value that may be shared, a role, or a part of a longer text."""
    for element in root.iter():
        is_reference = "href" in element.attrib or "hwrid" in element.attrib
        for name, value in element.attrib.items():
            if (name == "class" and element is root) or name in ("href", "hwrid"):
                yield value.rpartition("/")[2], "part"
            elif value.strip():
                yield value, "role" if is_reference and name == "role" else "value"
        if len(element) == 0 and (element.text or "").strip() and element is not root and not is_reference:
            yield element.text or "", "value" if element.tag in _CALLS else "leaf"


def _lines_of_comments(xml: bytes) -> Iterator[tuple[str, str]]:
    comments: list[str] = []
    parser = expat.ParserCreate()
    parser.CommentHandler = comments.append
    parser.Parse(xml, True)
    for comment in comments:
        yield from ((line.strip(), "part") for line in comment.splitlines() if line.strip())


def _typed(text: str) -> Any:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"None": None, "True": True, "False": False}.get(text, text)


def _known(value: Any) -> str:
    """A value as text that tells 1 from 1.0, True and "1"."""
    return repr(value)


def _scalars(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _scalars(each)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each)
    else:
        yield value


def _records(document: Any) -> Iterator[tuple[str, str, Any]]:
    for prefix, groups in (document.get("epics") or {}).items():
        for name, entry in groups["channels"].items():
            yield prefix, name, entry
