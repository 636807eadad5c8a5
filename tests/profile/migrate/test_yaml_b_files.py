"""Files of MXCuBE become YAML-B that says the same: our own of every kind, and real ones where they are at hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mxcube_corpus import mxcube_corpus

from mxplans.profile.dialects.config_object import ConfigObject, Dialect, differences
from mxplans.profile.dialects.xml_file import read_xml
from mxplans.profile.dialects.yaml_file import read_yaml
from mxplans.profile.migrate.literals import Literals
from mxplans.profile.migrate.yaml_a import rewrite_yaml_a
from mxplans.profile.migrate.yaml_b import to_yaml_b
from mxplans.profile.places import errors_of
from mxplans.profile.yaml12 import comment_lines

_FIXTURES = Path(__file__).parents[1] / "fixtures"


def _objects(folder: Path) -> Iterator[ConfigObject]:
    for file in sorted(folder.rglob("*.xml")):
        path = PurePosixPath(file.relative_to(folder))
        config = read_xml(file.read_bytes(), path, f"/{path.with_suffix('')}").config
        if config is not None:
            yield config


def _read(text: str, name: str) -> ConfigObject:
    file = read_yaml(text.encode(), PurePosixPath("it.yaml"), name)
    assert not errors_of(file.findings), (file.findings, text)
    assert file.config is not None
    return file.config


def _check(config: ConfigObject) -> None:
    for literals in Literals:
        text = to_yaml_b(config, {}, literals)
        assert differences(_read(text, config.name), config) == [], (config.name, text)
        found = {comment.strip() for _, comment in comment_lines(text)}
        lines = {line.strip() for comment in config.comments for line in comment.text.splitlines()}
        assert lines - {""} <= found, config.name
    again = to_yaml_b(_read(to_yaml_b(config, {}), config.name), {})
    assert again == to_yaml_b(config, {}), config.name


def test_all_that_xml_can_say_comes_back_equal_with_its_comments() -> None:
    objects = list(_objects(_FIXTURES))
    assert len(objects) > 20
    for config in objects:
        _check(config)


def test_every_xml_object_of_the_corpus_comes_back_equal_with_its_comments() -> None:
    objects = list(_objects(mxcube_corpus()))
    assert objects
    for config in objects:
        _check(config)


def test_every_yaml_a_file_of_the_corpus_is_rewritten_in_place() -> None:
    found = 0
    for file in sorted(mxcube_corpus().rglob("*.y*ml")):
        text = file.read_text(encoding="utf-8")
        before = read_yaml(text.encode(), PurePosixPath("it.yaml"), "/it").config
        if before is None or before.dialect is not Dialect.YAML_A:
            continue
        found += 1
        files = {each.target: f"{each.target[1:]}.yaml" for each in before.references}
        rewritten = rewrite_yaml_a(text, files)
        assert rewritten.anew is None, file
        assert differences(_read(rewritten.text, "/it"), before) == [], file
        # Besides the keys that have other names, nothing but blanks is different.
        lines = {
            line.strip().removeprefix("- ").replace(".xml", ".yaml").replace(".yml", ".yaml")
            for line in text.splitlines()
        }
        after = {
            line.strip().removeprefix("- ").replace(".xml", ".yaml").replace(".yml", ".yaml")
            for line in rewritten.text.splitlines()
        }
        assert after - lines == {"objects:", "configuration:"} & after, file
        assert lines - after <= {"_objects:", "_initialise_class:", "!!omap"}, file
    assert found
