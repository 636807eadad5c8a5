"""Profiles and to-dos as text: they say what was found and where, read back as the values, and let nothing out."""

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mxplans.profile import fill, yaml12
from mxplans.profile.mapping import Mapped, MappedValue, Missing, write_profile, write_todo
from mxplans.profile.mapping.mapped import Check, MappedDevice
from mxplans.profile.places import Place
from tests.profile.mapping.mapping_support import mapped, thing

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3), max_leaves=5)


def of(*sections, missing=(), checks=()):
    return Mapped((), sections, (), tuple(missing), tuple(checks))


def same(one, other):
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@given(values.filter(lambda value: value is not None), st.text(), st.text())
def test_a_value_reads_back_as_it_was_whatever_its_file_is_called(value, file, origin):
    text = write_profile(of(MappedValue("limits.apertures", {"a b": value, "20": 1}, Place(file, 3), origin)))
    for read in (yaml12.plain(yaml12.read_text(text, "it.yaml")), yaml.safe_load(text)):
        assert same(read["limits"]["apertures"]["a b"], value)
        assert read["limits"]["apertures"]["20"] == 1
        assert set(read) == {"schema", "limits"}


@pytest.mark.parametrize(
    "value", ["no", "1e3", "12:30", "007", "~", "2026-11-26", "a #b", "x: y", "mm", "host:9001", ""]
)
def test_texts_stay_texts_in_both_versions_of_yaml(value):
    text = write_profile(of(MappedValue("name", value, None, "")))
    assert yaml.safe_load(text)["name"] == yaml12.plain(yaml12.read_text(text, "it.yaml"))["name"] == value


def test_every_value_has_its_place_behind_it():
    text = write_profile(of(MappedValue("limits.detector_nx", 2068, Place("eiger.xml", 4, 3), "width")))
    (line,) = (line for line in text.splitlines() if "detector_nx" in line)
    assert line.split() == ["detector_nx:", "2068", "#", "eiger.xml:4:3:", "width"]


def test_braces_of_process_variables_are_no_placeholders():
    found, own = MappedValue("prefix", "XF:17{Shutter}", Place("a.xml", 1), ""), MappedValue("root", "{out}", None, "")
    text = write_profile(Mapped((MappedDevice("viewer", "m:C", (found, own), "", None),), (), (), (), ()))
    settings = yaml.safe_load(text)["devices"]["viewer"]["settings"]
    assert fill(settings, {"out": "night"}, "") == {"prefix": "XF:17{Shutter}", "root": "night"}


def test_what_is_missing_stands_as_a_comment_at_its_place():
    text = write_profile(
        of(
            MappedValue("collection.distance_mm", 100.0, None, "of the table"),
            missing=[
                Missing("collection.aperture", "one of\nlimits.apertures"),
                Missing("name", "name of the beamline"),
            ],
            checks=[Check("collection.distance_mm", "look")],
        )
    )
    lines = text.splitlines()
    start = lines.index("collection:")
    assert "# TODO name: name of the beamline" in lines
    assert lines[start + 1].strip() == "# TODO look: look"
    assert lines[start + 2].split("#")[0].strip() == "distance_mm: 100.0"
    assert lines[start + 3] == "  # TODO aperture: one of limits.apertures"


def test_sections_stand_in_the_order_of_profiles():
    text = write_profile(of(*(MappedValue(key, 1, None, "") for key in ("limits.pixel_um", "storage.data", "name"))))
    assert list(yaml.safe_load(text)) == ["schema", "name", "storage", "limits"]


def test_secrets_are_told_by_place_only():
    found = mapped(thing("/lims", "ISPyBClient", {"ws_password": "herons-and-eels", "restPass": "reed-bed"}))
    told = write_profile(found) + write_todo(found)
    assert "herons" not in told and "reed" not in told
    assert "ws_password" in told and "a secret" in told


def test_to_dos_are_grouped_by_object_with_their_places():
    found = mapped(
        thing("/cooler", "Cooler", {"tangoname": "lab/cooler/1", "hours": 3}),
        thing("/kettle", "Kettle", {"litres": 2}),
    )
    lines = write_todo(found).splitlines()
    cooler, kettle = lines.index("### /cooler"), lines.index("### /kettle")
    assert cooler < kettle
    assert any("object (cooler.xml:1)" in line for line in lines[cooler:kettle])
    assert "  - with it: property `hours` (cooler.xml:1)" in lines[cooler:kettle]
    assert any("`litres` (kettle.xml:1)" in line for line in lines[kettle:])
    assert "4 to do" not in lines[2]
    assert lines[2] == "5 pieces of the configuration: 0 mapped, 0 not needed, 5 to do."


@pytest.mark.parametrize("name", ["x`y", "<script>", "a|b", "a\n# b", "\x1b[31m"])
def test_names_cannot_write_markdown_of_their_own(name):
    told = write_todo(mapped(thing("/kettle", "Kettle", {name: 2})))
    assert "<script>" not in told and "\x1b" not in told
    assert not any(line.startswith("# b") for line in told.splitlines())


def test_numbers_keep_their_digits():
    for value in (1e-05, 2e12, 0.1 + 0.2, 1e300, -0.0):
        text = write_profile(of(MappedValue("limits.flux_ph_s", value, None, "")))
        read = yaml.safe_load(text)["limits"]["flux_ph_s"]
        assert read == value and math.copysign(1, read) == math.copysign(1, value)
