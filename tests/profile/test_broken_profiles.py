"""Profiles cut and damaged anywhere: never anything but InvalidProfile, with a place."""

import json
import random
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from profile_support import PROFILES

from mxplans.errors import InvalidProfile
from mxplans.profile import ProfileRefused, load_placed

STEP = 100
SITES = ("sim", "sim-md3")


def read(path, content):
    """What is said of the content of a file: "" if it can be used."""
    path.write_bytes(content)
    try:
        load_placed(path)
    except ProfileRefused as refused:
        assert isinstance(refused, InvalidProfile)
        assert refused.findings
        for finding in refused.findings:
            assert finding.place.file == str(path), finding
        return str(refused)
    return ""


@pytest.mark.parametrize("site", SITES)
def test_cut_at_every_hundredth_byte(tmp_path, site):
    whole = (PROFILES / site / "beamline.yaml").read_bytes()
    path = tmp_path / "beamline.yaml"
    said = [read(path, whole[:at]) for at in range(0, len(whole), STEP)]
    # What is cut within the sections that may be left out, at the end of a line, is a profile.
    assert sum(map(bool, said)) > len(said) * 0.6
    assert all(re.search(r"beamline\.yaml(:\d+){0,2}: ", each) for each in said if each)


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize(
    "replacement", [b"\x00", b"\xff", b"\t", b"[", b"'", b"&a", b"*a", b": ", b"\n", b"!!x ", b"<<: "]
)
def test_damaged_at_every_hundredth_byte(tmp_path, site, replacement):
    whole = (PROFILES / site / "beamline.yaml").read_bytes()
    for at in range(0, len(whole), STEP):
        read(tmp_path / "beamline.yaml", whole[:at] + replacement + whole[at + 1 :])


def test_random_bytes(tmp_path):
    chance = random.Random(7)
    for _ in range(200):
        assert read(tmp_path / "beamline.yaml", chance.randbytes(chance.randrange(1, 400)))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp037"])
def test_other_encodings(tmp_path, encoding):
    text = (PROFILES / "sim/beamline.yaml").read_text()
    assert read(tmp_path / "beamline.yaml", text.encode(encoding))


def test_a_mark_of_utf_8_is_no_damage(tmp_path):
    assert not read(tmp_path / "beamline.yaml", (PROFILES / "sim/beamline.yaml").read_text().encode("utf-8-sig"))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=6,
    ),
    st.data(),
)
def test_any_value_anywhere(tmp_path_factory, value, data):
    content = yaml.safe_load((PROFILES / "sim/beamline.yaml").read_text())
    here = content
    while True:
        key = data.draw(st.sampled_from(sorted(here)))
        if not isinstance(here[key], dict) or not here[key] or data.draw(st.booleans()):
            break
        here = here[key]
    here[key] = value
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    read(path, json.dumps(content).encode())
