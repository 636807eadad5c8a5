"""What is written as XML reads back equal."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans.profile.dialects.config_object import ConfigObject, differences
from mxplans.profile.dialects.reading import FileKind
from mxplans.profile.dialects.xml_file import read_xml
from tests.profile.dialects.xml_writing import written, xml_objects

_REMARKS = st.lists(st.text(st.sampled_from("abz .<>&]ä\n"), max_size=9))


def _read(text: str, encoding: str) -> ConfigObject:
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    file = read_xml((head + text).encode(encoding), PurePosixPath("lab/thing.xml"), "/lab/thing")
    assert file.kind is FileKind.OBJECT, file.findings
    assert file.config is not None
    return file.config


@settings(max_examples=60)
@given(xml_objects(), st.sampled_from(("utf-8", "utf-16", "gb18030")))
def test_objects_written_as_xml_read_back_equal(config: ConfigObject, encoding: str) -> None:
    again = _read(written(config), encoding)
    assert not differences(again, config)
    assert not again.texts, "values were written as Python writes them"


@settings(max_examples=40)
@given(xml_objects(), _REMARKS)
def test_comments_survive_before_the_properties_they_stand_before(config: ConfigObject, remarks: list[str]) -> None:
    again = _read(written(config, tuple(remarks)), "utf-8")
    kept = [(comment.text, comment.before) for comment in again.comments if comment.text]
    wanted = dict(zip(_element_anchors(config), remarks, strict=False))
    assert kept == [(text, anchor) for anchor, text in wanted.items() if text]


def _element_anchors(config: ConfigObject) -> list[tuple[str | int, ...]]:
    """Anchors of all properties at the top, those of repeated ones each."""
    found: list[tuple[str | int, ...]] = []
    for key, value in config.properties.items():
        count = len(value) if isinstance(value, list) else 0
        found += [("property", key, index) for index in range(count)] or [("property", key)]
    return found
