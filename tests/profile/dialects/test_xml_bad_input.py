"""Broken and hostile XML: a finding with its place, at once, and never an exception."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.dialects.xml_file import read_xml
from mxplans.profile.dialects.xml_tree import XML_LIMITS
from mxplans.profile.places import Severity
from mxplans.profile.yaml12 import Limits

_WAYS = sorted((Path(__file__).parents[1] / "fixtures" / "xml_ways").rglob("*.xml"))
_BOMB = (
    '<!DOCTYPE lolz [<!ENTITY l0 "lol">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]>\n<object>&l9;</object>"
)
_HOSTILE_S = 5.0
"""What a hostile file may take of a processor: the slowest takes 1 s on two cores, and what grows with the square of a
file's size takes minutes."""
_MEMORY_MB = 150
"""Half of what the whole program may have."""


def _read(content: bytes, limits: Limits = XML_LIMITS) -> ConfigFile:
    return read_xml(content, PurePosixPath("a.xml"), "/a", limits)


@pytest.mark.parametrize(
    ("content", "place", "what"),
    [
        (b"<object>\n  <a>1</b>\n</object>", "a.xml:2:9", "mismatched tag"),
        (b"<object>\n  <a>1", "a.xml:2:7", "no element found"),
        (b"<object a='1'\n a='2'/>", "a.xml:2:2", "duplicate attribute"),
        (b"<object>\n&undefined;</object>", "a.xml:2:1", "undefined entity"),
        (b"<object/>\n<object/>", "a.xml:2:1", "junk after document element"),
        (b"<object>\n ab\xff</object>", "a.xml:2:4", "byte 0xff is not UTF-8"),
        (b"\xef\xbb\xbf<object>\xe9t\xe9</object>", "a.xml:1:9", "byte 0xe9 is not UTF-8"),
        (b"<object>\x00</object>", "a.xml:1:9", "invalid token"),
        (b"<?xml version='1.0' encoding='klingon'?><object/>", "a.xml:1:31", "encoding 'klingon' is not known"),
        (b"<?xml version='1.0' encoding='utf-16'?><object/>", "a.xml:1:31", "encoding 'utf-16' is not known, or not"),
        (b"<?xml version='1.0' encoding='zip'?><object/>", "a.xml:1:31", "encoding 'zip' is not known"),
        (b"<?xml version='1.0' encoding='ascii'?><object>\xe9</object>", "a.xml:1:47", "byte 0xe9 is not ASCII"),
        (_BOMB.encode(), "a.xml:1:16", "has a document type"),
        (b"<!DOCTYPE object SYSTEM 'file:///etc/passwd'>\n<object/>", "a.xml:1:45", "has a document type"),
        (b"<!DOCTYPE o [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><object>&x;</object>", "a.xml:1:13", "document type"),
        (b"<object>" + b"<a>" * 70, "a.xml:1:198", "is nested more than 64 deep"),
    ],
)
def test_a_broken_object_has_one_error_with_line_and_column(content: bytes, place: str, what: str) -> None:
    file = _read(content)
    assert file.kind is FileKind.BROKEN and file.config is None
    (finding,) = file.findings
    assert (finding.severity, str(finding.place)) == (Severity.ERROR, place)
    assert what in finding.what and finding.remedy


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no tag at all",
        b"<a>1</a><b/>",
        b"<parameters>\n<x></parameters>",
        b"<!-- <object> --><parameters>",
        b"<!DOCTYPE html [<!ENTITY a '<object>'>]>\n<html>",
        b"<?xml version='1.0' encoding='klingon'?><parameters/>",
        b"\xff\xfe\x00",
        b"<",
    ],
)
def test_what_is_no_object_and_no_xml_passes_with_a_note(content: bytes) -> None:
    file = _read(content)
    assert (file.kind, file.config) == (FileKind.OTHER, None)
    assert [finding.severity for finding in file.findings] == [Severity.NOTE]
    assert file.findings[0].place.line > 0


@pytest.mark.parametrize(
    "content", [b"<obj", b"<thing class='A'><x>", b"<!-- c -->\n<hwr_import href='/a'", b"<?pi?><device>"]
)
def test_the_first_tag_tells_whether_a_broken_file_would_be_an_object(content: bytes) -> None:
    assert _read(content).kind is FileKind.BROKEN


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16"), ("utf-32", ""), ("latin-1", "iso-8859-1")]
    + [("cp1252", "windows-1252"), ("gb2312", "gb2312"), ("shift_jis", "Shift_JIS"), ("utf-8", "")],
)
def test_encodings_that_python_knows_are_read(encoding: str, declared: str) -> None:
    word = "中文" if encoding not in ("latin-1", "cp1252") else "Größe"
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    file = _read(f"{head}<object><label>{word}</label></object>".encode(encoding))
    assert file.config is not None and file.config.properties == {"label": word}


@pytest.mark.parametrize(
    "content",
    [
        _BOMB.encode(),
        b"<object>" + b"<a>" * 1_000_000,
        b"<object>" + b"<a/>" * 900_000 + b"</object>",
        b"<object>" + b"<a/>" * 49_000 + b"</object>",
        b"<object>" + b"x\n" * 1_900_000 + b"</object>",
        b"<object a='" + b"&amp;" * 700_000 + b"'/>",
        b"<object><a>" + b"9" * 3_900_000 + b"</a></object>",
        b"<object><a>" + b"[" * 3_900_000 + b"</a></object>",
        b"<object><a>" + b" " * 3_900_000 + b"x</a></object>",
        b"<object>" + b"<!--" * 900_000,
        b"<!" * 1_900_000,
        b"<?xml version='1.0' encoding='punycode'?><object>" + b"a" * 3_900_000,
        b"<object " + b"a" * 3_900_000,
        b"<object>" * 6_000_000,
    ],
    ids=[
        "entities",
        "deep",
        "too many",
        "many",
        "lines",
        "references",
        "digits",
        "brackets",
        "blanks",
        "comments",
        "declarations",
    ]
    + ["codec", "attribute", "48 MB"],
)
def test_hostile_files_take_no_time(content: bytes) -> None:
    before_s = time.process_time()
    file = _read(content)
    assert time.process_time() - before_s < _HOSTILE_S
    assert file.kind is FileKind.OBJECT or file.findings


@pytest.mark.parametrize("element", [b"<a/>", b"<a b='1'/>", b"<a><b>07</b></a>", b"<!---->", b"x&amp;"])
def test_hostile_files_take_no_memory(element: bytes) -> None:
    content = b"<object>" + element * (20_000 if element.startswith(b"<") else 600_000) + b"</object>"
    tracemalloc.start()
    try:
        file = _read(content)
        peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    assert file.kind is FileKind.OBJECT
    assert peak_mb < _MEMORY_MB


def test_findings_of_a_file_are_a_thousand_at_most() -> None:
    file = _read(b"<object>" + b"<a>1</a>" * 2001 + b"</object>")
    assert len(file.findings) == 1001
    assert file.findings[-1].what == "1000 more warnings and notes are left out"


def test_limits_are_those_that_are_given() -> None:
    content = b"<object><a/><b x='1'/></object>"
    assert _read(content, Limits(len(content), 2, 4)).kind is FileKind.OBJECT
    for limits in (Limits(len(content) - 1, 2, 4), Limits(len(content), 1, 4), Limits(len(content), 2, 3)):
        assert _read(content, limits).kind is FileKind.BROKEN


@given(st.data())
def test_no_bytes_raise(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(_WAYS)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(
            st.binary(max_size=4) | st.sampled_from((b"<", b"</", b"&", b"<!--", b"-->", b"<object>", b"'", b"]]>"))
        )
    file = _read(bytes(content))
    assert (file.config is not None) is (file.kind is FileKind.OBJECT)
    assert file.kind is not FileKind.BROKEN or any(each.severity is Severity.ERROR for each in file.findings)
