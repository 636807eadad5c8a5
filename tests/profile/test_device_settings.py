"""Settings of devices are checked with their classes' models: what is wrong has its place, and nothing is started."""

import traceback
from pathlib import Path

import pytest
import yaml

from mxplans.app.building import build
from mxplans.app.profile_options import read_ready
from mxplans.app.session import open_session
from mxplans.errors import InvalidProfile
from mxplans.model.device_settings import DeviceEntry, DeviceSettings, Password
from mxplans.profile import load_placed, load_profile
from mxplans.profile.device_settings import filled_settings, settings_model
from mxplans.profile.places import Severity
from mxplans.profile.settings import check_settings, findings_of_settings, require_settings
from mxplans_devices import Smargon

ROOT = Path(__file__).parents[2]
SIM = ROOT / "profiles/sim/beamline.yaml"
HERE = "tests.profile.test_device_settings"


class Movable:
    """What can be moved."""

    def read(self): ...

    def describe(self): ...

    def set(self, value): ...


class Plain(Movable):
    """A device of somebody else, who declares no settings."""

    def __init__(self, prefix: str = "", *, name: str, address: str, json: int = 3):
        self.told = (prefix, name, address, json)


class Open(Movable):
    """One that hands arguments on."""

    def __init__(self, prefix: str = "", *, name: str, **kwargs):
        self.told = kwargs


class Talker(Movable):
    """One that repeats its passcode when it cannot begin."""

    class Settings(DeviceSettings):
        """Its passcode."""

        passcode: Password

    def __init__(self, *, name: str, passcode: str):
        raise ValueError(f"no account {passcode}")


class Own(Smargon):
    """One of ours with another constructor: it takes what ours does not know."""

    def __init__(self, prefix: str = "", *, name: str, tilt_deg: float, **kwargs):
        super().__init__(prefix, name=name, **kwargs)


class Same(Smargon):
    """One of ours with our constructor."""


def with_device(folder, role, entry):
    """The virtual beamline with another device, and where that stands."""
    content = yaml.safe_load(SIM.read_text())
    content["devices"][role] = entry
    path = folder / "beamline.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def settings_of(role, settings, **more):
    device = yaml.safe_load(SIM.read_text())["devices"].get(role, {})
    return {"class": more.get("cls", device.get("class")), "settings": {**device.get("settings", {}), **settings}}


DETECTORS = ("mxplans.centring.detection:ConsensusDetector", "mxplans_devices.murko:MurkoDetector")
WRONG = [
    ("goniometer", {"scan_prefx": "S:"}, "settings.scan_prefx", "unknown key; did you mean scan_prefix?"),
    ("goniometer", {"signs": {"omega": 2}}, "settings.signs.omega", "should be 1 or -1, given is 2"),
    ("goniometer", {"signs": {"chi": 1}}, "settings.signs.chi", "unknown key; allowed are 'omega', 'x', 'y' or 'z'"),
    ("detector", {"omega_sign": 3}, "settings.omega_sign", "should be 1 or -1, given is 3"),
    ("detector", {"omega_sign": True}, "settings.omega_sign", "should be 1 or -1, given is true"),
    ("detector", {"omega_sign": 1.0}, "settings.omega_sign", "should be 1 or -1, given is 1.0"),
    ("detector", {"omega_sign": "-1"}, "settings.omega_sign", "should be 1 or -1, given is '-1'"),
    ("goniometer", {"signs": {"omega": True}}, "settings.signs.omega", "should be 1 or -1, given is true"),
    ("detector", {"prepare_timeout_ms": 5}, "settings.prepare_timeout_ms", "given in s, as prepare_timeout_s"),
    ("detector", {"prepare_timeout": 5}, "settings.prepare_timeout", "given in s, as prepare_timeout_s"),
    ("detector", {"prepare_timeout_s": "5 s"}, "settings.prepare_timeout_s", "a plain number in s"),
    ("detector", {"prepare_timeout_s": "5"}, "settings.prepare_timeout_s", "a plain number in s"),
    ("detector", {"prepare_timeout_s": -5}, "settings.prepare_timeout_s", "should be greater than 0, given is -5"),
    ("detector", {"images_per_file": 1.5}, "settings.images_per_file", "should be a whole number"),
    ("detector", {"url": "dcu:80"}, "settings.url", "an address of HTTP, as http://127.0.0.1:8080, given is 'dcu:80'"),
    ("viewer", {"stamp": "middel"}, "settings.stamp", "did you mean middle?"),
    ("viewer", {"name": "camera"}, "settings.name", "the name of a device is its role; leave it out"),
    ("aperture", {"prefix": "BL 07:"}, "settings.prefix", "without blanks"),
]


@pytest.mark.parametrize(("role", "settings", "where", "told"), WRONG)
def test_what_is_wrong_is_said_with_its_place(tmp_path, role, settings, where, told):
    path = with_device(tmp_path, role, settings_of(role, settings))
    placed = load_placed(path)
    (finding,) = findings_of_settings(placed)
    assert finding.severity is Severity.ERROR
    assert finding.what.startswith(f"devices.{role}.{where}: ")
    assert told in f"{finding.what}; {finding.remedy}"
    key = where.rpartition(".")[2]
    assert f"{key}:" in path.read_text().splitlines()[finding.place.line - 1]
    ((loc, said),) = check_settings(placed.profile)
    assert (".".join(loc), told in said) == (f"devices.{role}.{where}", True)


def test_all_is_said_at_once(tmp_path):
    content = yaml.safe_load(SIM.read_text())
    content["devices"]["goniometer"]["settings"] = {}
    content["devices"]["beam"]["class"] = "mxplans_devices:Beem"
    content["devices"]["detector"]["settings"] |= {"readout_us": 3, "http_timeout_s": 0}
    path = tmp_path / "beamline.yaml"
    path.write_text(yaml.safe_dump(content))
    said = dict(check_settings(load_profile(path)))
    assert "is missing, with prefix, scan_prefix" in said["devices", "goniometer", "settings"]
    assert "did you mean mxplans_devices:Beam?" in said["devices", "beam", "class"]
    assert len(said) == 4


def test_a_device_without_a_process_variable_is_refused(tmp_path):
    entry = {"class": "mxplans_devices:Shutter"}
    said = dict(check_settings(load_profile(with_device(tmp_path, "fast_shutter", entry))))
    assert "is missing, with prefix" in said["devices", "fast_shutter", "settings"]


@pytest.mark.parametrize(
    ("role", "settings"),
    [
        ("detector", {"http_timeout_s": "{virtual_beamline.timeout_s}", "omega_sign": "{virtual_beamline.sign}"}),
        ("goniometer", {"signs": {"omega": "{virtual_beamline.sign}"}}),
        ("detector", {"url": "{virtual_beamline.simplon_url}"}),
    ],
)
def test_a_placeholder_stands_for_anything(tmp_path, role, settings):
    assert check_settings(load_profile(with_device(tmp_path, role, settings_of(role, settings)))) == []


def test_what_fills_a_placeholder_is_read_as_the_setting_wants_it():
    entry = DeviceEntry.model_validate(
        {"class": DETECTORS[1], "settings": {"address": "{site.addr}", "tries": "{site.tries}", "send": "jpeg"}}
    )
    known = {"site.addr": "127.0.0.1:8901", "site.tries": "2"}
    assert build(entry, known, "devices.sample_detector")._client._tries == 2
    with pytest.raises(InvalidProfile, match=r"devices\.sample_detector\.settings\.tries: should be at least 1"):
        build(entry, {**known, "site.tries": "0"}, "devices.sample_detector")
    with pytest.raises(InvalidProfile, match=r"devices\.sample_detector\.settings\.address: should be host:port"):
        build(entry, {**known, "site.addr": "nowhere"}, "devices.sample_detector")


def test_a_sign_that_fills_a_placeholder_is_one():
    simplon = "mxplans_devices:SimplonDetector"
    given = {"url": "http://127.0.0.1:8000", "data_dir": "data"}
    assert filled_settings(simplon, {**given, "omega_sign": "-1"}, "devices.detector")["omega_sign"] == -1
    with pytest.raises(
        InvalidProfile, match=r"devices\.detector\.settings\.omega_sign: should be 1 or -1, given is '2'"
    ):
        filled_settings(simplon, {**given, "omega_sign": "2"}, "devices.detector")


def test_a_placeholder_gives_a_text_and_never_a_list_or_a_section(tmp_path):
    found = check_settings(
        load_profile(with_device(tmp_path, "goniometer", settings_of("goniometer", {"signs": "{out}"})))
    )
    ((loc, said),) = found
    assert (".".join(map(str, loc)), "given is '{out}'" in said) == ("devices.goniometer.settings.signs", True)


def test_parts_within_settings_are_checked_as_well(tmp_path):
    parts = [
        {"class": DETECTORS[1]},
        {"class": DETECTORS[1], "settings": {"address": "127.0.0.1:8901", "tries": 0, "name": "second"}},
        {"class": "mxplans_devices.murko:Murky"},
    ]
    entry = {"class": DETECTORS[0], "settings": {"detectors": parts, "tip_max_mm": 0.02}}
    placed = load_placed(with_device(tmp_path, "sample_detector", entry))
    said = [f"{finding.place.line} {finding}" for finding in findings_of_settings(placed)]
    assert len(said) == 4
    where = "devices.sample_detector.settings"
    for told in (
        f"{where}.tip_max_mm: wrong unit: this quantity is given in um, as tip_max_um",
        f"{where}.detectors.0.settings: is missing, with address",
        f"{where}.detectors.1.settings.tries: should be at least 1, given is 0",
        f"{where}.detectors.2.class: mxplans_devices.murko:Murky cannot be loaded",
    ):
        assert any(told in line for line in said), (told, said)
    assert len({line.partition(" ")[0] for line in said}) == 4


def test_a_class_without_settings_is_checked_by_its_signature_and_told(tmp_path):
    entry = {"class": f"{HERE}:Plain", "settings": {"address": "here", "json": "{out}"}}
    placed = load_placed(with_device(tmp_path, "backlight", entry))
    (note,) = findings_of_settings(placed)
    assert (note.severity, f"{HERE}:Plain declares no settings" in note.what) == (Severity.NOTE, True)
    assert check_settings(placed.profile) == []
    wrong = {**entry, "settings": {"adress": "here"}}
    said = dict(check_settings(load_profile(with_device(tmp_path, "backlight", wrong))))
    assert said["devices", "backlight", "settings", "adress"].endswith("did you mean address?")
    assert "is missing" in said["devices", "backlight", "settings", "address"]
    made = build(DeviceEntry.model_validate(entry), {"out": "night"}, "devices.backlight", name="backlight")
    assert made.told == ("", "backlight", "here", "night")


def test_a_class_inherits_its_settings_with_the_constructor_that_they_are_of():
    assert settings_model(f"{HERE}:Same", "d") is Smargon.Settings
    own = settings_model(f"{HERE}:Own", "d")
    assert own.model_validate({"tilt_deg": 3, "scan_prefix": "S:"}).model_extra == {"scan_prefix": "S:"}
    with pytest.raises(InvalidProfile, match=r"d\.settings\.tilt_deg: is missing"):
        filled_settings(f"{HERE}:Own", {"scan_prefix": "S:"}, "d")


def test_a_class_that_hands_arguments_on_takes_any(tmp_path):
    entry = {"class": f"{HERE}:Open", "settings": {"whatever": [1, {"deep": "{out}"}]}}
    assert check_settings(load_profile(with_device(tmp_path, "backlight", entry))) == []
    made = build(DeviceEntry.model_validate(entry), {"out": "night"}, "devices.backlight", name="backlight")
    assert made.told == {"whatever": [1, {"deep": "night"}]}


@pytest.mark.parametrize("path", ["math:pi", "math:nothing", "no_such_module:Thing"])
def test_what_is_no_class_is_said(path):
    with pytest.raises(InvalidProfile, match=rf"devices\.beam\.class: {path} "):
        settings_model(path, "devices.beam.class")


def test_settings_come_to_the_constructor_as_the_model_reads_them():
    made = filled_settings("mxplans_devices:FileSpotFinder", {"data_dir": "data", "settings": {"pixels_min": 3}}, "d")
    assert (made["data_dir"], made["settings"].pixels_min, sorted(made)) == (Path("data"), 3, ["data_dir", "settings"])


class TestSecrets:
    def made(self, passcode):
        settings = {"address": "127.0.0.1:61613", "results_queue": "/queue/xrc.i03", "passcode": passcode}
        entry = DeviceEntry.model_validate({"class": "mxplans_devices:ZocaloCrystalFinder", "settings": settings})
        return build(entry, {}, "devices.crystal_finder", name="crystal_finder")

    def test_they_are_read_when_the_device_is_made(self, tmp_path, monkeypatch):
        monkeypatch.setenv("BROKER_PASSCODE", "swordfish")
        (tmp_path / "passcode").write_text("haddock\n")
        assert self.made({"env": "BROKER_PASSCODE"})._account[1] == "swordfish"
        assert self.made({"file": str(tmp_path / "passcode")})._account[1] == "haddock"

    def test_one_that_is_not_there_is_told_by_its_place(self, tmp_path, monkeypatch):
        monkeypatch.delenv("BROKER_PASSCODE", raising=False)
        (tmp_path / "bytes").write_bytes(b"\xff\xfe")
        where = r"devices\.crystal_finder\.settings\.passcode: the secret in "
        for passcode, told in (
            ({"env": "BROKER_PASSCODE"}, "environment variable BROKER_PASSCODE is empty"),
            ({"file": str(tmp_path / "none")}, ".*none cannot be read"),
            ({"file": str(tmp_path / "bytes")}, ".*bytes cannot be read"),
        ):
            with pytest.raises(InvalidProfile, match=where + told):
                self.made(passcode)

    def test_one_that_a_constructor_repeats_is_not_shown(self, monkeypatch):
        monkeypatch.setenv("BROKER_PASSCODE", "swordfish")
        entry = DeviceEntry.model_validate(
            {"class": f"{HERE}:Talker", "settings": {"passcode": {"env": "BROKER_PASSCODE"}}}
        )
        with pytest.raises(
            InvalidProfile, match=r"devices\.backlight\.settings: no account \(not shown\); correct"
        ) as caught:
            build(entry, {}, "devices.backlight", name="backlight")
        assert "swordfish" not in "".join(traceback.format_exception(caught.value))


class TestSession:
    def test_nothing_is_started_with_wrong_settings(self, tmp_path):
        path = with_device(tmp_path, "goniometer", settings_of("goniometer", {"scan_prefx": "S:"}))
        profile = load_profile(path)
        with pytest.raises(InvalidProfile, match=r"scan_prefx: unknown key"):
            open_session(profile, path, tmp_path / "out").__enter__()
        assert not (tmp_path / "out").exists()
        with pytest.raises(InvalidProfile, match=r"profile x:\n  devices\.goniometer\.settings\.scan_prefx"):
            require_settings(profile, "x")

    def test_commands_say_the_place(self, tmp_path):
        path = with_device(tmp_path, "goniometer", settings_of("goniometer", {"scan_prefx": "S:"}))
        line = path.read_text().splitlines().index("      scan_prefx: 'S:'") + 1
        with pytest.raises(InvalidProfile, match=rf"{path}:{line}:7: devices\.goniometer\.settings\.scan_prefx"):
            read_ready(path)


@pytest.mark.parametrize("name", ["sim/beamline", "sim-md3/beamline", "template/beamline", "template/rehearsal"])
def test_shipped_profiles_are_good(name):
    assert findings_of_settings(load_placed(ROOT / f"profiles/{name}.yaml")) == []


def alternatives():
    """What stands behind `#` in the template in place of a device."""
    lines = (ROOT / "profiles/template/beamline.yaml").read_text().splitlines()
    block = []
    for line in lines[lines.index("devices:") :]:
        if line.startswith("  # "):
            block.append(line[4:])
        elif block:
            found = yaml.safe_load("\n".join(block))
            yield from (each for each in found.values() if isinstance(each, dict) and "class" in each)
            block = []


def test_what_the_template_offers_instead_is_good_as_well(tmp_path):
    found = list(alternatives())
    assert len(found) == 4
    for entry in found:
        role = "sample_detector" if entry["class"].endswith("ConsensusDetector") else "goniometer"
        assert check_settings(load_profile(with_device(tmp_path, role, entry))) == [], entry
