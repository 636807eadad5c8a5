"""Settings of LIMS targets and sample sources are checked with their classes' models, before anything starts."""

import json
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from mxplans.app.followers import write_targets
from mxplans.app.profile_options import read_ready
from mxplans.app.session import open_session
from mxplans.errors import InvalidInput, InvalidProfile
from mxplans.geometry import GoniometerGeometry
from mxplans.model.device_settings import SecretReference
from mxplans.profile import load_placed, load_profile
from mxplans.profile.lims_settings import filled_plugin
from mxplans.profile.settings import check_settings, findings_of_settings
from mxplans.profile.tree import content
from mxplans.profile.yaml12 import read_node
from mxplans_lims.targets.icat import connection
from mxplans_lims.targets.ispyb import tables

ROOT = Path(__file__).parents[2]
SIM = ROOT / "profiles/sim/beamline.yaml"
ISPYB = {"url": "mysql+pymysql://mx@db/ispyb", "timezone": "Europe/Paris"}
ICAT = {
    "beamline": "id00",
    "queue_urls": ["mq:61613"],
    "rest_url": "https://icat.example.org",
    "token": {"env": "ICAT_TOKEN"},
}


def with_lims(folder, section="targets", **entries):
    """The virtual beamline with other targets or sources, and where that stands."""
    whole = content(read_node(SIM))
    whole["lims"] = {section: entries}
    path = folder / "beamline.yaml"
    path.write_text(yaml.safe_dump(whole, sort_keys=False))
    return path


def of_type(kind, **settings):
    return {"type": kind, "settings": settings}


WRONG = [
    ("targets", of_type("ispby"), "type", "'ispby' is not installed; allowed are expeye, icat, ispyb, "),
    ("targets", of_type("ispby"), "type", "did you mean ispyb?"),
    ("targets", of_type("ISPyB", **ISPYB), "type", "did you mean ispyb?"),
    ("sources", of_type("nxmx"), "type", "'nxmx' is not installed; allowed are files, ispyb: install its package"),
    (
        "targets",
        of_type("nxmx", sensor_thicknes_um=450),
        "settings.sensor_thicknes_um",
        "did you mean sensor_thickness_um?",
    ),
    (
        "targets",
        of_type("nxmx", sensor_thickness_mm=0.45),
        "settings.sensor_thickness_mm",
        "given in um, as sensor_thickness",
    ),
    ("targets", of_type("nxmx", sensor_thickness_um="450"), "settings.sensor_thickness_um", "a plain number in um"),
    (
        "targets",
        of_type("nxmx", sensor_thickness_um=20_000),
        "settings.sensor_thickness_um",
        "at most 10000, given is 20000",
    ),
    ("targets", of_type("nxmx", sensor_material="Cdte"), "settings.sensor_material", "did you mean CdTe?"),
    ("targets", of_type("nxmx", fast=[2, 0, 0]), "settings.fast", "write it like [-1, 0, 0]"),
    (
        "targets",
        {"type": "icat"},
        "settings",
        "is missing, with beamline, queue_urls, rest_url, token; see the settings of",
    ),
    ("targets", of_type("ispyb", url=ISPYB["url"]), "settings.timezone", "is missing"),
    ("targets", of_type("ispyb", **ISPYB | {"timezone": "Mars/Olympus"}), "settings.timezone", "an IANA name"),
    (
        "targets",
        of_type("ispyb", **ISPYB, password="{out}"),
        "settings.password",
        "allowed is where it stands; write {file:",
    ),
    ("targets", of_type("ispyb", **ISPYB, tls=["{out}"]), "settings.tls", "given is a list"),
    (
        "targets",
        of_type("expeye", url="https://x.org", timezone="Etc/UTC", routes={"Thing": {"row": "/thing/{{id}}"}}),
        "settings.routes",
        "the route of Thing is no whole one: id_field: Field required",
    ),
    ("sources", of_type("files", foldr="inbox"), "settings.foldr", "did you mean folder?"),
    ("sources", of_type("ispyb", url="oracle://db"), "settings.url", "allowed is one of mysql+pymysql, sqlite"),
]


@pytest.mark.parametrize(("section", "entry", "where", "told"), WRONG)
def test_what_is_wrong_is_said_with_its_place(tmp_path, section, entry, where, told):
    path = with_lims(tmp_path, section, mine=entry)
    placed = load_placed(path)
    found = [each for each in findings_of_settings(placed) if each.what.startswith(f"lims.{section}.mine.{where}: ")]
    assert any(told in f"{finding.what}; {finding.remedy}" for finding in found), findings_of_settings(placed)
    key = where.rpartition(".")[2] if where != "settings.timezone" or "timezone" in entry["settings"] else "settings"
    key = "mine" if "settings" not in entry else key
    line, column = found[0].place.line, found[0].place.column
    shown = path.read_text().splitlines()[line - 1]
    assert f"{key}:" in shown and column > 0
    said = dict(check_settings(placed.profile))
    assert any(told in each for each in said.values())


def test_all_is_said_at_once(tmp_path):
    path = with_lims(tmp_path, a=of_type("nxmx", readout_s=-1, faast=1), b=of_type("mxlims", folder=3), c=of_type("nx"))
    assert len(check_settings(load_profile(path))) == 4


GOOD = [
    ("targets", of_type("nxmx")),
    ("targets", {"type": "record"}),
    ("targets", of_type("mxlims", folder="{out}/messages")),
    ("targets", of_type("nxmx", sensor_thickness_um="{virtual_beamline.um}")),
    ("targets", of_type("ispyb", **ISPYB, password={"file": "{profile_dir}/password"})),
    (
        "targets",
        of_type(
            "expeye", url="https://x.org", timezone="Etc/UTC", routes={"BLSession": {"create": "/p/{{proposal}}/s"}}
        ),
    ),
    ("targets", of_type("icat", **ICAT)),
    ("sources", of_type("files", folder="{profile_dir}/inbox")),
]


@pytest.mark.parametrize(("section", "entry"), GOOD)
def test_what_is_right_passes(tmp_path, section, entry):
    assert check_settings(load_profile(with_lims(tmp_path, section, mine=entry))) == []


def test_what_fills_a_placeholder_is_checked_when_the_night_starts(tmp_path):
    profile = load_profile(with_lims(tmp_path, mine=of_type("nxmx", sensor_thickness_um="{virtual_beamline.um}")))
    write_targets(profile, {"virtual_beamline.um": "320"}, tmp_path)
    settings = json.loads((tmp_path / "lims/targets.json").read_text())["mine"]["settings"]
    assert settings["sensor_thickness_um"] == "320"
    assert settings["goniometer"] == profile.goniometer.model_dump(mode="json")
    with pytest.raises(InvalidProfile, match=r"lims\.targets\.mine\.settings\.sensor_thickness_um: .* 'thick'"):
        write_targets(profile, {"virtual_beamline.um": "thick"}, tmp_path)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    for module in (connection, tables):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    profile = load_profile(with_lims(tmp_path, icat=of_type("icat", **ICAT), ispyb=of_type("ispyb", **ISPYB)))
    said = dict(check_settings(profile))
    assert set(said) == {("lims", "targets", "icat"), ("lims", "targets", "ispyb")}
    for name in ("icat", "ispyb"):
        assert f"lims.targets.{name}: package " in said["lims", "targets", name]
        assert f"pip install 'mxplans[{name}]'" in said["lims", "targets", name]
    with pytest.raises(InvalidProfile, match=r"lims\.targets\.ispyb: .*mxplans\[ispyb\]"):
        filled_plugin(profile, "targets", "ispyb", {})


class SiteSettings(BaseModel):
    """Settings of a target of somebody else."""

    model_config = ConfigDict(extra="forbid")

    goniometer: GoniometerGeometry = Field(description="Which the profile gives")
    key: SecretReference | None = Field(default=None, description="For the door")


class SiteTarget:
    """A target of somebody else."""

    Settings = SiteSettings

    def __init__(self, name, settings):
        if settings.goniometer.kind == "mini-kappa":
            raise InvalidInput("no mini-kappa here")


class Bare:
    """One that has no model."""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Targets of another package, which is installed."""
    info = tmp_path / "packages" / "site_tests-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: site-tests\nVersion: 1\n")
    names = {"site": "SiteTarget", "bare": "Bare", "gone": "Gone"}
    lines = [f"{name} = {__name__}:{cls}" for name, cls in names.items()]
    (info / "entry_points.txt").write_text("\n".join(["[mxplans.lims_targets]", *lines, "lost = no_such_module:X", ""]))
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))


def test_the_goniometer_is_the_profiles(tmp_path, site):
    assert check_settings(load_profile(with_lims(tmp_path, mine=of_type("site")))) == []
    assert check_settings(load_profile(with_lims(tmp_path, mine={"type": "site"}))) == []


def test_a_secret_under_any_name_is_a_reference_and_is_not_repeated(tmp_path, site):
    profile = load_profile(with_lims(tmp_path, mine=of_type("site", key="hunter2")))
    ((loc, said),) = check_settings(profile)
    assert loc == ("lims", "targets", "mine", "settings", "key")
    assert "hunter2" not in said and "{file: PATH} or {env: NAME}" in said
    with pytest.raises(InvalidProfile, match=r"settings\.key: is a secret itself") as refused:
        filled_plugin(profile, "targets", "mine", {})
    assert "hunter2" not in str(refused.value) and refused.value.__context__ is None


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("bare", "lims.targets.mine.type: Bare has no model `Settings`"),
        ("gone", "lims.targets.mine.type: gone cannot be loaded: "),
        ("lost", "lims.targets.mine.type: lost cannot be loaded: No module named 'no_such_module'"),
        ("site", "lims.targets.mine: no mini-kappa here"),
    ],
)
def test_targets_that_cannot_be_used_are_told(tmp_path, site, kind, told):
    settings = {"goniometer": {"kind": "mini-kappa"}} if kind == "site" else {}
    ((_, said),) = check_settings(load_profile(with_lims(tmp_path, mine=of_type(kind, **settings))))
    assert said.startswith(told)


def test_nothing_is_started_with_wrong_settings(tmp_path):
    path = with_lims(tmp_path, mine=of_type("nxmx", faast=[1, 0, 0]))
    with pytest.raises(InvalidProfile, match=r"lims\.targets\.mine\.settings\.faast: unknown key; did you mean fast\?"):
        open_session(load_profile(path), path, tmp_path / "out").__enter__()
    assert not (tmp_path / "out").exists()
    line = next(number for number, text in enumerate(path.read_text().splitlines(), 1) if "faast" in text)
    with pytest.raises(InvalidProfile, match=rf"{path}:{line}:9: lims\.targets\.mine\.settings\.faast"):
        read_ready(path)
