"""The reference of the profile is fresh; editors accept what is right and see what is wrong."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, ConfigDict, Field

from mxplans.profile._editor_parts import PART
from mxplans.profile.class_paths import device_classes
from mxplans.profile.entry_points import registered
from mxplans.profile.lims_settings import GROUPS
from mxplans.profile.reference import COMMAND, PAGE_FILE, SCHEMA_FILE, files, profile_schema
from mxplans.profile.tree import content
from mxplans.profile.yaml12 import read_node
from mxplans.roles import OPTIONAL_ROLES, ROLES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "reference"
PROFILES = sorted((ROOT / "profiles").glob("*/beamline.yaml"))


@pytest.fixture(scope="module")
def made():
    return files()


@pytest.mark.parametrize("name", [SCHEMA_FILE, PAGE_FILE])
def test_the_reference_is_fresh(made, name):
    written = FOLDER / name
    assert written.exists() and written.read_text() == made[name], f"{written} is not fresh: run `{COMMAND}`"


@pytest.fixture(scope="module")
def schema(made):
    return json.loads(made[SCHEMA_FILE])


@pytest.fixture(scope="module")
def editor(schema):
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def profile(name="sim"):
    return content(read_node(ROOT / "profiles" / name / "beamline.yaml"))


def test_there_are_two_virtual_beamlines_and_a_template():
    assert [path.parent.name for path in PROFILES] == ["sim", "sim-md3", "template"]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.parent.name)
def test_a_profile_that_is_shipped_follows_the_schema_and_says_where_it_is(editor, path):
    assert [error.message for error in editor.iter_errors(content(read_node(path)))] == []
    marker, _, where = path.read_text().partition("\n")[0].partition("$schema=")
    assert marker == "# yaml-language-server: "
    assert (path.parent / where).resolve() == FOLDER / SCHEMA_FILE


def changed(loc, value):
    whole = profile()
    place = whole
    for part in loc[:-1]:
        place = place[part]
    if value is None:
        del place[loc[-1]]
    else:
        place[loc[-1]] = value
    return whole


GONIOMETER = ("devices", "goniometer", "settings")
MXLIMS_HTTP = {"type": "mxlims_http", "settings": {"url": "https://lims.example.org"}}


@pytest.mark.parametrize(
    ("loc", "value"),
    [
        (("schema",), "mxplans.profile/2"),
        (("colour",), "red"),
        (("xray",), None),
        (("xray", "step_mm"), 0.02),
        (("xray", "step_um"), "20 um"),
        (("xray", "strategy"), "one grid"),
        (("xray", "transmission_frac"), 50),
        (("limits", "apertures"), {}),
        (("limits", "x_range_mm"), [-3]),
        (("limits", "detector_nx"), 512.5),
        (("collection", "distance_mm"), -100),
        (("devices", "viewr"), {"class": "mxplans_devices:OnAxisViewer"}),
        (("devices", "goniometer", "class"), "mxplans_devices:Smargom"),
        (("devices", "goniometer", "class"), "mxplans_devices.Smargon"),
        (("devices", "goniometer", "class"), "mxplans_devices.md3:MD3Goniometer"),  # with the settings of another
        (("devices", "goniometer", "settings"), None),
        ((*GONIOMETER, "scan_prefix"), None),
        ((*GONIOMETER, "scan_prefx"), "SCAN:"),
        ((*GONIOMETER, "signs"), {"omega": 2}),
        ((*GONIOMETER, "signs"), {"chi": 1}),
        (("devices", "detector", "settings", "omega_sign"), "minus"),
        (("devices", "detector", "settings", "http_timeout_s"), 0),
        (("devices", "detector", "settings", "url"), "ftp://somewhere"),
        (("services", "virtual_beamline", "port"), 70_000),
        (("lims", "ids_before_collection"), {"target": "mxlims", "otherwise": "cry"}),
        (("lims", "targets", "nxmx"), {"settings": {}}),
        (("lims", "targets", "nxmx"), {"type": "nxmx", "settings": {"sensor_thickness_mm": 0.45}}),
        (("lims", "targets", "nxmx"), {"type": "nxmx", "settings": {"sensor_material": "Ge"}}),
        (("lims", "targets", "nxmx"), {"type": "nxmx", "settings": {"goniometer": {"kind": "six-axis"}}}),
        (("lims", "targets", "icat"), {"type": "icat"}),  # whose settings are required
        (("lims", "targets", "mxlims_http"), MXLIMS_HTTP | {"token": "{service.token}"}),
        (("lims", "sources"), {"inbox": {"type": "files", "settings": {}}}),
        (("lims", "sources"), {"inbox": {"type": "ispyb", "settings": {"folder": "inbox"}}}),
    ],
)
def test_what_people_get_wrong_is_seen(editor, loc, value):
    assert editor.is_valid(profile())
    assert not editor.is_valid(changed(loc, value))


@pytest.mark.parametrize(
    ("loc", "value"),
    [
        (("devices", "detector", "settings", "http_timeout_s"), "{virtual_beamline.timeout_s}"),
        (("devices", "detector", "settings", "omega_sign"), "{virtual_beamline.sign}"),
        ((*GONIOMETER, "signs"), {"omega": "{virtual_beamline.sign}"}),
        (("devices", "goniometer"), {"class": "my_site.stages:Goniometer", "settings": {"anything": [1, 2]}}),
        (
            ("devices", "spot_finder"),
            {"class": "mxplans_devices:FileSpotFinder", "settings": {"data_dir": "{out}/data"}},
        ),
    ],
)
def test_placeholders_may_stand_for_numbers_and_other_packages_may_bring_devices(editor, loc, value):
    assert [error.message for error in editor.iter_errors(changed(loc, value))] == []


@pytest.mark.parametrize(
    ("section", "entry"),
    [
        ("targets", {"type": "nxmx"}),
        ("targets", {"type": "nxmx", "settings": {"sensor_thickness_um": "{detector.thickness_um}"}}),
        ("targets", {"type": "mxlims", "settings": {"folder": None}}),
        ("targets", MXLIMS_HTTP),
        ("targets", {"type": "of_a_site", "settings": {"anything": [1, 2]}}),
        ("sources", {"type": "files", "settings": {"folder": "{profile_dir}/inbox"}}),
        ("sources", {"type": "of_a_site"}),
    ],
)
def test_targets_and_sources_follow_their_types_and_other_packages_may_bring_some(editor, section, entry):
    assert [error.message for error in editor.iter_errors(changed(("lims", section), {"mine": entry}))] == []


def test_editors_offer_the_types_that_are_registered(schema):
    for name, group in (("LimsTarget", "mxplans.lims_targets"), ("LimsSource", "mxplans.sample_sources")):
        known = schema["definitions"][name]["properties"]["type"]["anyOf"][0]
        assert known["enum"] == list(registered(group, ["mxplans"])) != []
        assert all(known["markdownEnumDescriptions"])
    nxmx = schema["definitions"]["lims.targets:nxmx"]["properties"]
    assert nxmx["sensor_thickness_um"]["default"] == 450.0
    assert nxmx["sensor_thickness_um"]["description"] == "Of the detector"


def test_in_a_schema_of_what_is_installed_another_type_is_a_slip(tmp_path, monkeypatch):
    info = tmp_path / "site_tests-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: site-tests\nVersion: 1\n")
    lines = ["[mxplans.lims_targets]", f"site = {__name__}:Target", "lost = no_such_module:Target", ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(str(tmp_path))
    here = jsonschema.Draft7Validator(profile_schema())

    def is_valid(**entry):
        return here.is_valid(changed(("lims", "targets"), {"mine": entry}))

    assert is_valid(type="site") and is_valid(type="lost", settings={"anything": 1}) and is_valid(type="nxmx")
    assert is_valid(type="site", settings={"axis": {"motor": "chi"}})
    assert not is_valid(type="site", settings={"axis": {"name": "chi"}})
    assert not is_valid(type="nxmx", settings={"axes": [{"motor": "chi"}]})
    assert not is_valid(type="sight")


class RotationAxis(BaseModel):
    """Another one than that of `nxmx`."""

    model_config = ConfigDict(extra="forbid")

    motor: str = Field(description="Its name")


class Target:
    """A target of somebody else."""

    class Settings(BaseModel):
        """Its settings: the profile gives the first one."""

        goniometer: dict[str, Any] = Field(description="As in the profile")
        axis: RotationAxis = Field(default=RotationAxis(motor="omega"), description="That turns")


def test_settings_within_settings_are_followed(editor):
    murko = {"class": "mxplans_devices.murko:MurkoDetector", "settings": {"address": "127.0.0.1:8901"}}
    consensus = {"class": "mxplans.centring.detection:ConsensusDetector", "settings": {"detectors": [murko]}}
    assert editor.is_valid(changed(("devices", "sample_detector"), consensus))
    wrong = copy.deepcopy(consensus)
    wrong["settings"]["detectors"][0]["settings"]["adress"] = "127.0.0.1:8901"
    assert not editor.is_valid(changed(("devices", "sample_detector"), wrong))


def test_a_file_that_includes_others_may_leave_sections_to_them(editor):
    own = {"schema": "mxplans.profile/1", "include": ["devices.yaml"], "name": "Mine"}
    assert editor.is_valid(own)
    assert not editor.is_valid({key: own[key] for key in ("schema", "name")})
    rehearsal = content(read_node(ROOT / "profiles/template/rehearsal.yaml"))
    assert [error.message for error in editor.iter_errors(rehearsal)] == []
    rehearsal["devices"]["goniometer"]["setings"] = {}
    assert not editor.is_valid(rehearsal)


def test_editors_know_the_roles_and_the_classes(schema):
    assert set(schema["else"]["properties"]["devices"]["properties"]) == {*ROLES, *OPTIONAL_ROLES}
    classes = schema["definitions"]["DeviceEntry"]["properties"]["class"]["anyOf"]
    assert classes[0]["enum"] == list(device_classes(["mxplans"]))
    assert len(classes[0]["markdownEnumDescriptions"]) == len(classes[0]["enum"])


def described(schema):
    """Ways to fields without a description."""
    for name, part in {"the whole": schema["else"], **schema["definitions"]}.items():
        if name.startswith(PART):
            continue
        yield from (
            f"{name}.{key}" for key, field in part.get("properties", {}).items() if not field.get("description")
        )


def test_everything_has_words_for_hover(schema):
    assert list(described(schema)) == []
    assert all(
        part.get("description")
        for name, part in schema["definitions"].items()
        if not name.startswith((PART, "PinSide"))
    )


def test_the_page_has_every_field_and_every_class(made, schema):
    page = made[PAGE_FILE]
    fields = [key for part in schema["definitions"].values() for key in part.get("properties", ())]
    assert [key for key in fields if f"| `{key}` |" not in page] == []
    assert [path for path in device_classes(["mxplans"]) if f"### {path}\n" not in page] == []
    for section, group in GROUPS.items():
        heads = [f"##### lims.{section}.NAME of type {kind}\n" for kind in registered(group, ["mxplans"])]
        assert [head for head in heads if head not in page] == []


def test_every_reference_within_the_schema_leads_somewhere(schema):
    text = json.dumps(schema)
    named = {part.split('"')[0] for part in text.split("#/definitions/")[1:]}
    assert named - set(schema["definitions"]) == set()
    assert "prefixItems" not in text and "$defs" not in text


def test_a_package_adds_its_classes(schema):
    more = profile_schema(["mxplans_devices:Smargon", "tests.profile.test_reference:Stage"])
    known = more["definitions"]["DeviceEntry"]["properties"]["class"]["anyOf"][0]
    assert known["enum"][1] == "tests.profile.test_reference:Stage"
    assert known["markdownEnumDescriptions"][1] == "A stage of somebody else."
    assert "tests.profile.test_reference:Stage" not in more["definitions"]  # it declares no settings
    assert "mxplans_devices:Smargon" in more["definitions"]


class Stage:
    """A stage of somebody else."""


def test_the_command_writes_both_in_a_few_seconds(tmp_path):
    command = [sys.executable, "-m", "mxplans.profile.reference", str(tmp_path)]
    subprocess.run(command, check=True, timeout=30, cwd=ROOT)
    assert sorted(path.name for path in tmp_path.iterdir()) == [PAGE_FILE, SCHEMA_FILE]
