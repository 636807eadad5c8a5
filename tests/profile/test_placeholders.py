"""Placeholders are known before a session begins, and a text with braces can be written all the same."""

import pytest
from profile_support import SIM, refused, written

from mxplans.app.session import known_places
from mxplans.profile import fill, load_profile
from mxplans.profile.placeholders import NAMES

SHUTTER = 'settings: {prefix: "{virtual_beamline.ca_prefix}SHUTTER"}'


def with_shutter(tmp_path, prefix):
    assert SHUTTER in SIM.read_text()
    return written(tmp_path, top=SIM.read_text().replace(SHUTTER, f"settings: {{prefix: '{prefix}'}}"))


def test_what_is_said_to_be_known_is_known_in_every_session(tmp_path):
    assert set(known_places(load_profile(SIM), SIM, tmp_path, None)) == set(NAMES)


@pytest.mark.parametrize("prefix", ["{dat}SHUTTER", "{virtual_beamlin.ca_prefix}SHUTTER", "XF:17ID{Shutter}", "{port}"])
def test_one_that_nothing_fills_in_is_refused_with_its_place(tmp_path, prefix):
    path = with_shutter(tmp_path, prefix)
    [problem] = refused(path)
    line = next(number for number, each in enumerate(path.read_text().splitlines(), 1) if prefix in each)
    assert problem.startswith(f"top.yaml:{line}:24: error: devices.fast_shutter.settings.prefix: placeholder {{")
    assert (
        "allowed are {python}, {profile_dir}, {out}, {speed_up}, {shipment}, {data}, {virtual_beamline.KEY}" in problem
    )


@pytest.mark.parametrize(
    "where",
    ["archive.command=[x, '{prt}']", "epics.addr_list='{prt}'", "lims.targets.nxmx.settings.a=[{b: '{prt}'}]"],
)
def test_it_is_seen_wherever_it_would_be_filled_in(tmp_path, where):
    assert any("placeholder {prt} is not known" in each for each in refused(written(tmp_path, top="+"), where))


def test_a_secret_that_looks_like_one_is_not_repeated(tmp_path):
    found = refused(written(tmp_path, top="+"), "lims.targets.nxmx.settings.password='{hunter2}'")
    assert "placeholder (not shown) is not known" in "".join(found)
    assert "hunter2" not in "".join(found)


@pytest.mark.parametrize("name", ["XF:17ID{{Shutter}}Cmd", "LAKE:{GON-Ax:Om}Mtr", "$(P):$(R)"])
def test_names_of_process_variables_may_have_braces(tmp_path, name):
    profile = load_profile(with_shutter(tmp_path, name))
    settings = fill(profile.devices["fast_shutter"].settings, {}, "devices.fast_shutter.settings")
    assert settings == {"prefix": name.replace("{{", "{").replace("}}", "}")}


def test_a_service_that_no_placeholder_can_name_is_refused(tmp_path):
    path = written(tmp_path, top="+", more="services:\n  my-camera: {command: [x]}\n")
    path.write_text(path.read_text() + "include: [more.yaml]\n")
    [problem] = refused(path)
    assert problem.startswith("more.yaml:2:3: error: services.my-camera: no placeholder can name it")
