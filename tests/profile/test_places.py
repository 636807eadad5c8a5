"""Every problem of a profile has its place, the value that was given, and what is allowed."""

import pytest
from profile_support import SIM, refused, without, written

from mxplans.profile import load_placed
from mxplans.profile.places import Place


def lines_of(path):
    return path.read_text().splitlines()


def place_in(path, text, after=0):
    """Where a text begins, as editors count."""
    number = next(
        number for number, line in enumerate(lines_of(path)) if number >= after and text in line and line[0] != "#"
    )
    return f"top.yaml:{number + 1}:{lines_of(path)[number].index(text) + 1}"


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        # unknown keys: at the key
        ("fine_zoom: Fine", "fine_zom: Fine", "fine_zom", "optical.fine_zom: unknown key; did you mean fine_zoom?"),
        ("speed_up: 5 ", "speed_upp: 5", "speed_upp", "speed_upp: unknown key; did you mean speed_up?"),
        ("margin_um: 40", "energy_ev: 40", "energy_ev: 40", "xray.energy_ev: unknown key; it is known in limits,"),
        ("margin_um: 40", "qqqq: 40", "qqqq", "xray.qqqq: unknown key; allowed are aperture, "),
        # wrong units: the right one is named, and what is missing for it is not said as well
        (
            "exposure_s: 0.01",
            "exposure_ms: 10",
            "exposure_ms",
            "xray.exposure_ms: wrong unit: this quantity is given in s, as exposure_s; convert the value",
        ),
        (
            "distance_mm: 100",
            "distance_m: 0.1",
            "distance_m",
            "collection.distance_m: wrong unit: this quantity is given in mm, as distance_mm",
        ),
        ("distance_mm: 100", "distance: 100", "distance: 100", "this quantity is given in mm, as distance_mm"),
        ("arm_s: 1.0", "arm_min: 1", "arm_min", "timing.arm_min: wrong unit: this quantity is given in s, as arm_s"),
        # values: at the value, with what was given
        ("distance_mm: 100", "distance_mm: -1", "-1", "should be greater than 0, given is -1 (in mm)"),
        ("distance_mm: 100", "distance_mm: 1 m", "1 m", "is '1 m'; allowed is a plain number in mm"),
        ("distance_mm: 100", "distance_mm: true", "true", "should be a number, given is true (in mm)"),
        ("auto_addr_list: false", "auto_addr_list: no", "no", "should be true or false, given is 'no'"),
        ("name: Virtual beamline", "name: 012", "012", "name: should be a text: put it in quotes, given is 12"),
        ("speed_up: 5", 'speed_up: "5"', '"5"', "speed_up: should be a number, given is '5'"),
        (
            "detector_nx: 512",
            "detector_nx: 512.5",
            "512.5",
            "limits.detector_nx: should be a whole number, given is 512.5",
        ),
        (
            "x_range_mm: [-3, 3]",
            "x_range_mm: [3, -3]",
            "x_range_mm",
            "limits.x_range_mm: a range from 3 to -3 is empty",
        ),
        ("x_range_mm: [-3, 3]", "x_range_mm: [-3, b]", "b]", "limits.x_range_mm.1: should be a number, given is 'b'"),
        (
            "x_range_mm: [-3, 3]",
            "x_range_mm: [1, 2, 3]",
            "x_range_mm",
            "limits.x_range_mm: should be a list of 2 or less",
        ),
        ("x_range_mm: [-3, 3]", "x_range_mm: -3..3", "-3..3", "limits.x_range_mm: should be a list, as [1, 2]"),
        ("x_range_mm: [-3, 3]", "x_range_mm: 3", "3", "limits.x_range_mm: should be a list, as [1, 2], given is 3"),
        (
            "strategy: two grids",
            "strategy: two gird",
            "two gird",
            "should be 'two grids' or 'grid and line', given is 'two gird'; did you mean two grids?",
        ),
        ("strategy: OSC", "strategy: {a: 1}", "strategy", "experiment.strategy: should be a text"),
        ("energy_ev: 12658", "energy_ev: 12 keV", "12 keV", "is '12 keV'; allowed is a plain number in eV: write"),
        ("flux_frac: 0.07", "flux_frac: 7", "7", "should be at most 1, given is 7 (from 0 to 1)"),
        (
            "class: mxplans_devices:Shutter",
            "class: mxplans_devices.Shutter",
            "mxplans_devices.Shutter",
            "should be package.module:Class, given is 'mxplans_devices.Shutter'; did you mean mxplans_devices:Shutter?",
        ),
        # checks over several values
        ("aperture: Small", "aperture: Smal", "Smal", "xray.aperture: is 'Smal'; allowed are Small, Medium, Large, of"),
        (
            "aperture: Medium",
            "aperture: On",
            "On",
            "collection.aperture: is 'On'; allowed are Small, Medium, Large, of",
        ),
        ("margin_um: 40", "coarse_step_um: 10", "xray", "xray: coarse_step_um is 10 um, step_um 20 um; allowed is"),
        # the format
        (
            "schema: mxplans.profile/1",
            "schema: other/2",
            "other/2",
            "schema: is 'other/2'; allowed is mxplans.profile/1",
        ),
        ("schema: mxplans.profile/1", "schema: [1]", "schema", "schema: is a list; allowed is mxplans.profile/1"),
        # roles
        ("  viewer:", "  veiwer:", "devices", "devices: role viewer is missing; veiwer is no role: is it meant?"),
        ("  viewer:", "  veiwer:", "veiwer", "devices: veiwer is no role; did you mean viewer?"),
        ("  backlight:", "  zzz:", "zzz", "devices: zzz is no role; the roles are goniometer, "),
    ],
)
def test_a_problem_has_its_place(tmp_path, old, new, at, said):
    text = SIM.read_text()
    assert old in text
    path = written(tmp_path, top=text.replace(old, new, 1))
    line = text[: text.index(old)].count("\n")
    if at in ("devices", "xray"):
        line = next(number for number, each in enumerate(lines_of(path)) if each.startswith(f"{at}:"))
    found = refused(path)
    assert len(found) == (2 if "role" in said else 1)
    [problem] = [each for each in found if said in each]
    assert problem.startswith(f"{place_in(path, at, line)}: error: ")


def test_a_missing_value_is_placed_at_its_section(tmp_path):
    path = written(tmp_path, top=SIM.read_text().replace("  distance_mm: 100\n", ""))
    assert refused(path) == [
        f"{place_in(path, 'collection:')}: error: collection.distance_mm: is missing; give it in mm"
    ]


def test_a_missing_section_is_named(tmp_path):
    path = written(tmp_path, top=without("optical"))
    assert refused(path) == [f"{place_in(path, 'schema:')}: error: optical: is missing; write this section"]


def test_all_problems_are_said_at_once_in_one_message(tmp_path):
    text = SIM.read_text().replace("fine_zoom: Fine", "fine_zom: Fine").replace("distance_mm: 100", "distance_mm: x")
    found = refused(written(tmp_path, top=text.replace("  viewer:", "  camera:")))
    assert len(found) == 4


def test_a_file_of_something_else_is_no_profile(tmp_path):
    path = written(tmp_path, top="class: a.b.C\nconfiguration: {x: 1}\n")
    assert "is no profile: none of its keys is one; write schema: mxplans.profile/1" in refused(path)[0]


def test_a_profile_without_its_format_says_so(tmp_path):
    path = written(tmp_path, top=SIM.read_text().replace("schema: mxplans.profile/1\n", ""))
    assert refused(path) == [f"{place_in(path, 'name:')}: error: schema: is missing; write schema: mxplans.profile/1"]


@pytest.mark.parametrize("text", ["", "5", "[1, 2]", "null"])
def test_what_is_no_mapping_is_refused(tmp_path, text):
    assert "allowed is a mapping of sections" in refused(written(tmp_path, top=text))[0]


def test_thousands_of_problems_are_told_in_short(tmp_path):
    path = written(tmp_path, top="+" + "".join(f"k{number}: 1\n" for number in range(20_000)))
    found = refused(path)
    assert 100 < len(found) < 300


def test_thousands_of_names_that_are_no_roles_are_told_in_short(tmp_path):
    many = "".join(f"  d{number}: {{class: 'a:B'}}\n" for number in range(5000))
    top = SIM.read_text().replace("devices:\n", f"devices:\n{many}").replace("  viewer:", "  veiwer:")
    assert len(refused(written(tmp_path, top=top))) == 101


def test_keys_are_texts_however_they_are_written(tmp_path):
    top = SIM.read_text().replace("aperture: Small", 'aperture: "20"').replace("    Small:", "    20:")
    assert "20" in load_placed(written(tmp_path, top=top)).profile.limits.apertures
    twice = top.replace("    Medium:", '    "20": {horizontal_um: 1, vertical_um: 1}\n    Medium:')
    assert "key '20' stands twice in one mapping" in refused(written(tmp_path, top=twice))[0]


def test_each_leaf_knows_its_place():
    placed = load_placed(SIM)
    lines = SIM.read_text().splitlines()
    for loc, place in placed.origins.items():
        assert place.file == str(SIM)
        assert lines[place.line - 1][place.column - 1 :].strip(), loc
    place = placed.place(("limits", "apertures", "Small", "flux_frac"))
    assert lines[place.line - 1][place.column - 1 :].startswith("0.07}")
    assert placed.place(("limits", "apertures")) == Place(
        str(SIM), next(n for n, line in enumerate(lines, 1) if line.startswith("  apertures:")), 3
    )
    assert placed.place(("limits", "no such thing")) == placed.place(("limits",))
