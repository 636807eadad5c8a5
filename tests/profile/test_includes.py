"""A profile in several files: sections merge by key, what is said twice shows both places, nothing outside is read."""

import os

import pytest
from profile_support import SIM, refused, without, written

from mxplans.profile import load_placed, load_profile

LIMITS = "limits:\n" + SIM.read_text().split("\nlimits:\n")[1].split("\ntiming:")[0] + "\n"


def test_sections_of_included_files_are_those_of_the_profile(tmp_path):
    path = written(
        tmp_path,
        top="include: [parts/limits.yaml, timing.yaml]\n" + without("limits", "timing"),
        parts__limits=LIMITS,
        timing="schema: mxplans.profile/1\ntiming: {arm_s: 3.5}\n",
    )
    placed = load_placed(path)
    whole = load_profile(SIM)
    assert placed.profile.limits == whole.limits
    assert placed.profile.timing.arm_s == 3.5
    assert placed.profile.timing.kappa_speed_deg_s == whole.timing.kappa_speed_deg_s
    assert placed.files == (path, tmp_path / "parts/limits.yaml", tmp_path / "timing.yaml")
    assert str(placed.place(("timing", "arm_s"))) == f"{tmp_path}/timing.yaml:2:17"


def test_an_included_file_includes_others_from_its_own_folder(tmp_path):
    path = written(
        tmp_path,
        top="include: [parts/all.yaml]\n" + without("timing"),
        parts__all="include: [../timing.yaml]\n",
        timing="timing: {arm_s: 3.5}\n",
    )
    assert load_profile(path).timing.arm_s == 3.5


def test_the_including_file_wins_key_by_key(tmp_path):
    path = written(
        tmp_path,
        top="+include: [base.yaml]\n",
        base="limits: {energy_ev: 1, dose_limit_mgy: 30}\nname: Base\ntiming: {row_turn_s: 9}\n",
    )
    placed = load_placed(path)
    assert (placed.profile.limits.energy_ev, placed.profile.limits.dose_limit_mgy) == (12658, 30)
    assert placed.profile.name == "Virtual beamline"
    assert str(placed.place(("limits", "dose_limit_mgy"))) == f"{tmp_path}/base.yaml:1:40"


def test_lists_and_empty_mappings_are_taken_whole(tmp_path):
    base = "limits: {x_range_mm: [-1, 1], energy_range_ev: [1, 2]}\nlims: {targets: {icat: {type: icat}}}\n"
    top = SIM.read_text().replace("  targets:\n    mxlims: {type: mxlims}\n    nxmx: {type: nxmx}\n", "  targets: {}\n")
    profile = load_profile(written(tmp_path, top=top + "include: [base.yaml]\n", base=base))
    assert profile.limits.x_range_mm == (-3, 3)
    assert profile.lims.targets == {}


def test_a_value_of_two_equal_files_shows_both_places(tmp_path):
    path = written(
        tmp_path, top="+include: [a.yaml, b.yaml]\n", a="timing:\n  row_turn_s: 1\n", b="timing:\n  row_turn_s: 1\n"
    )
    [problem] = refused(path)
    assert problem.startswith("b.yaml:2:3: error: timing.row_turn_s: is given by two included files (see a.yaml:2:3)")


def test_a_file_that_two_others_include_says_its_values_once(tmp_path):
    common = "timing: {row_turn_s: 1}\n"
    path = written(
        tmp_path, top="+include: [a.yaml, b.yaml]\n", a="include: [c.yaml]\n", b="include: [c.yaml]\n", c=common
    )
    assert load_profile(path).timing.row_turn_s == 1


def test_files_that_include_each_other_show_their_chain(tmp_path):
    path = written(tmp_path, top="+include: [a.yaml]\n", a="include: [b.yaml]\n", b="name: B\ninclude: [a.yaml]\n")
    [problem] = refused(path)
    assert problem.startswith("b.yaml:2:11: error: include: files include each other: a.yaml -> b.yaml -> a.yaml ")
    assert "(see a.yaml:1:11)" in problem


def test_a_file_that_includes_itself_is_refused(tmp_path):
    assert "top.yaml -> top.yaml" in refused(written(tmp_path, top="+include: [top.yaml]\n"))[0]


def test_nothing_outside_of_the_folder_is_read(tmp_path):
    outside = tmp_path / "outside.yaml"
    outside.write_text("limits: {energy_ev: 1}\n")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.yaml").symlink_to(outside)
    (folder / "inside.yaml").symlink_to("real.yaml")
    (folder / "real.yaml").write_text("timing: {row_turn_s: 1}\n")
    for entry in ("../outside.yaml", "link.yaml", str(outside), str(folder / "real.yaml"), "/dev/zero"):
        [problem] = refused(written(folder, top=f"+include: ['{entry}']\n"))
        assert problem.startswith("top.yaml:")
        assert f"allowed are files in the profile's folder {folder.resolve()}" in problem
    assert load_profile(written(folder, top="+include: [inside.yaml]\n")).timing.row_turn_s == 1


@pytest.mark.parametrize("entry", ["none.yaml", "loop.yaml", "one.yaml/two.yaml", "'a\\0b'", '"a\\0b"'])
def test_a_file_that_is_not_there_is_refused_where_it_is_mentioned(tmp_path, entry):
    (tmp_path / "loop.yaml").symlink_to("pool.yaml")
    (tmp_path / "pool.yaml").symlink_to("loop.yaml")
    path = written(tmp_path, top=f"include:\n  - {entry}\n" + SIM.read_text(), one="name: X\n")
    [problem] = refused(path)
    assert problem.startswith("top.yaml:2:5: error: include: ")
    assert "cannot be read: " in problem


@pytest.mark.parametrize("included", [".", "pipe"])
def test_what_is_no_file_is_not_read(tmp_path, included):
    os.mkfifo(tmp_path / "pipe")
    assert "cannot be read" in refused(written(tmp_path, top=f"+include: [{included}]\n"))[0]
    assert "cannot be read" in refused(tmp_path / included)[0]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("other.yaml", "include: is a text; allowed is a list of files"),
        ("{a: 1}", "include: is a mapping; allowed is a list of files"),
        ("[3]", "include: a value is no file"),
        ("['']", "include: a text is no file"),
    ],
)
def test_include_is_a_list_of_files(tmp_path, value, said):
    assert said in refused(written(tmp_path, top=f"+include: {value}\n"))[0]


def test_problems_of_all_files_are_said_at_once(tmp_path):
    path = written(tmp_path, top="+include: [a.yaml, b.yaml, c.yaml]\n", a="x: [", b="name: 1\nname: 2\n", c="[]")
    found = refused(path)
    assert [each.split(":")[0] for each in found] == ["a.yaml", "b.yaml", "c.yaml"]
    assert "not YAML" in found[0]
    assert "'name' stands twice in one mapping; leave one out (see b.yaml:1:1)" in found[1]


def test_more_files_than_a_profile_has_are_refused(tmp_path):
    files = {f"f{number}": f"timing: {{}}\ninclude: [f{number + 1}.yaml]\n" for number in range(120)}
    found = refused(written(tmp_path, top="+include: [f0.yaml]\n", **files))
    assert any("is file number 101; allowed are 100" in each for each in found)


def test_what_anchors_repeat_counts_over_all_files(tmp_path):
    """Each file is within the limits by itself."""
    bomb = "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    for one, other in zip("abcd", "bcde", strict=False):
        bomb += f"{other}: &{other} [{','.join([f'*{one}'] * 10)}]\n"
    files = {f"f{number}": bomb for number in range(20)}
    found = refused(written(tmp_path, top=f"+include: [{', '.join(f'{name}.yaml' for name in files)}]\n", **files))
    assert any("brings the files to" in each and "allowed are" in each for each in found)


def test_a_path_that_leads_nowhere_is_refused(tmp_path):
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    for name in ("loop.yaml", "a\0b", "no/such/file.yaml"):
        assert "cannot be read" in refused(tmp_path / name)[0]


def test_a_part_of_another_format_is_refused(tmp_path):
    top = "+include: [a.yaml]\n"
    load_profile(written(tmp_path, top=top, a="schema: mxplans.profile/1\n"))
    [problem] = refused(written(tmp_path, top=top, a="timing: {row_turn_s: 1}\nschema: mxplans.profile/2\n"))
    assert problem.startswith("a.yaml:2:9: error: schema: allowed is mxplans.profile/1; leave it out")
