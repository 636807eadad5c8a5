"""The table says nothing that is not there, and sites have the last word."""

from importlib import import_module
from pathlib import Path

import pytest

from mxplans.errors import InvalidProfile
from mxplans.profile.mapping import load_table
from mxplans.profile.mapping.loading import ROWS
from mxplans.profile.schema import Profile
from mxplans.roles import ROLES

SITE = Path(__file__).parents[1] / "fixtures" / "lakeside_table.yaml"
TABLES = pytest.mark.parametrize("paths", [[], [SITE]], ids=["shipped", "with a site's"])


def devices(table):
    for row in table.rows:
        yield from row.devices
    yield from table.usual.values()


@TABLES
def test_devices_of_the_table_exist_and_take_its_settings(paths):
    for device in devices(load_table(paths)):
        module, _, name = device.cls.partition(":")
        fields = getattr(import_module(module), name).Settings.model_fields
        given = {key.split(".")[0] for key in device.settings}
        assert device.role in ROLES
        assert given <= set(fields), device
        required = {field for field, info in fields.items() if info.is_required()}
        assert device.adds or required <= given, device
        assert set(device.needs) <= set(device.settings)


@TABLES
def test_keys_of_the_table_stand_in_profiles(paths):
    table = load_table(paths)
    keys = {*table.needed, *table.derived, *(key for row in table.rows for key in row.sections)}
    for key in keys - {f"devices.{role}" for role in ROLES}:
        model = Profile
        for part in key.split("."):
            model = model.model_fields[part].annotation


def test_every_role_has_something_to_say_when_nothing_plays_it():
    table = load_table()
    without = {role for role in ROLES if f"devices.{role}" not in table.needed and role not in table.usual}
    assert without == {"sample_detector"}  # a session has a usual one


def test_rows_have_different_names():
    names = [row.name for row in load_table().rows]
    assert len(names) == len(set(names)) > 50


def test_the_shipped_table_stands_in_files_of_the_package():
    assert {path.name for path in ROWS.glob("*.yaml")} >= {"common.yaml", "diffractometers.yaml", "protocols.yaml"}


def test_a_site_s_rows_come_first_and_replace_those_of_their_name(tmp_path):
    path = tmp_path / "site.yaml"
    path.write_text(
        "format: mxplans.mapping/1\n"
        "prefixes: [Lake]\n"
        "rows:\n"
        "  - {name: queue, classes: [LakeQueue], not_needed: ours}\n"
        "  - {name: pump, classes: [Pump], todo: look}\n"
        "needed: {name: the lake's}\n"
    )
    table, shipped = load_table([path]), load_table()
    assert [row.name for row in table.rows[:2]] == ["queue", "pump"]
    assert len(table.rows) == len(shipped.rows) + 1
    assert [row.classes for row in table.rows if row.name == "queue"] == [("LakeQueue",)]
    assert table.needed == {**shipped.needed, "name": "the lake's"}
    assert "Lake" in table.prefixes


def test_of_two_files_of_a_site_the_last_has_the_last_word(tmp_path):
    for number in (1, 2):
        text = f"format: mxplans.mapping/1\nrows: [{{name: pump, classes: [Pump], todo: do {number}}}]\n"
        (tmp_path / f"{number}.yaml").write_text(text)
    table = load_table([tmp_path / "1.yaml", tmp_path / "2.yaml"])
    assert table.rows[0].todo == "do 2"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("[{name: a, classes: [A], tood: x}]", "rows.0.tood"),
        ("[{name: a}]", "for no class and no protocol"),
        ("[{name: a, classes: [A], todo: x, unused: y}]", "exclude each other"),
        ("[{name: a, classes: [A], todo: x}, {name: a, classes: [B], todo: x}]", "rows a stand twice"),
        ("[{name: a, classes: [A], sections: {name: {property: [x], transform: [kev]}}}]", "no transform 'kev'"),
        (
            "[{name: a, classes: [A], sections: {name: {property: [x], transform: [{record: x}]}}}]",
            "no transform 'record'",
        ),
        ("[{name: a, classes: [A], sections: {name: {}}}]", "a source is a property"),
        ("[{name: a, classes: [A], sections: {name: {property: [x], value: 1}}}]", "a source is a property"),
        ("[{name: a, classes: [A], verdicts: [{properties: [x]}]}]", "either not_needed or todo"),
        ("[{name: a, classes: [A], devices: [{role: beam, class: os.system}]}]", "class"),
    ],
)
def test_what_a_table_cannot_say_is_refused_with_its_place(tmp_path, rows, told):
    path = tmp_path / "site.yaml"
    path.write_text(f"format: mxplans.mapping/1\nrows: {rows}\n")
    with pytest.raises(InvalidProfile, match="site.yaml") as refused:
        load_table([path])
    assert told in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "a: [", "format: mxplans.mapping/2\n"])
def test_what_is_no_table_is_refused(tmp_path, text):
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(InvalidProfile):
        load_table([path])


def test_a_table_that_is_not_there_is_named():
    with pytest.raises(InvalidProfile, match="nowhere.yaml"):
        load_table([Path("nowhere.yaml")])
