"""Migration of a folder: what comes out, what is left alone, and that it is the same a second time."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from migration_support import EXAMPLE, SITE, contents, state, write_files, write_site

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.config_graph import graph_differences
from mxplans.profile.dialects.graph import load_folder, load_graph
from mxplans.profile.migrate.folder import Options, migrate_folder
from mxplans.profile.migrate.literals import Literals
from mxplans.profile.migrate.report import Fate, Outcome

CORPUS = Path(os.environ.get("MXPLANS_MXCUBE_CONFIG", Path(__file__).parents[3] / "../shared/mxcube-config"))


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path / "site")


@pytest.fixture
def result(tmp_path):
    return tmp_path / "result"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fates(report):
    return {str(file.path): file.fate for file in report.files}


def test_all_objects_become_yaml_b_and_all_else_stays(site, result):
    report = migrate_folder(site, result)
    assert report.outcome is Outcome.DONE
    assert list(contents(result)) == [
        "beamline_config.yml",
        "energy.yaml",
        "icons.xml",
        "md/minidiff.yaml",
        "md/omega.yaml",
        "notes.txt",
    ]
    assert (result / "icons.xml").read_text() == SITE["icons.xml"]
    entry = (result / "beamline_config.yml").read_text()
    assert "_initialise_class" not in entry
    assert "energy: energy.yaml   # first" in entry
    assert "diffractometer: md/minidiff.yaml" in entry
    assert "# keV" in (result / "energy.yaml").read_text()


def test_the_report_counts_everything_in_and_out(site, result):
    report = migrate_folder(site, result)
    assert report.lost == 0
    assert (report.before.objects, report.before.references, report.before.channels) == (4, 4, 1)
    assert report.before.comments == 3
    assert report.after == report.before
    assert [(graph.name, graph.instances_before, graph.instances_after) for graph in report.graphs] == [
        ("all files", 4, 4),
        ("beamline_config.yml", 4, 4),
    ]
    omega = next(file for file in report.files if file.path.name == "omega.xml")
    assert omega.supplement == ("root", "channels")
    minidiff = next(file for file in report.files if file.path.name == "minidiff.xml")
    assert minidiff.literals == ("md/minidiff.xml:4:3: limits: (4, 20)",)


def test_nothing_is_left_beside_the_result(site, result):
    migrate_folder(site, result)
    assert names(site.parent) == ["result", "site"]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_second_time_changes_nothing_at_all(site, result, in_place):
    destination = site if in_place else result
    assert migrate_folder(site, destination).outcome is Outcome.DONE
    before = state(destination)
    assert migrate_folder(site, destination).outcome is Outcome.UNCHANGED
    assert state(destination) == before
    assert before.keys() == state(destination).keys()


def test_in_place_and_beside_give_the_same(site, result):
    migrate_folder(site, result)
    migrate_folder(site, site)
    assert contents(site) == contents(result)


def test_one_object_at_a_time_every_state_between_says_the_same(site, result):
    migrate_folder(site, result)
    whole, beamline = load_folder(site), load_graph(site / "beamline_config.yml")
    for name in ("/md/omega", "energy.xml", "/md/minidiff", "beamline_config.yml"):
        report = migrate_folder(site, site, Options(only=name))
        assert [file.fate for file in report.files].count(Fate.CONVERTED) == 1
        assert graph_differences(load_folder(site), whole) == []
        assert graph_differences(load_graph(site / "beamline_config.yml"), beamline) == []
    assert contents(site) == contents(result)


def test_only_one_object(site, result):
    report = migrate_folder(site, result, Options(only="/energy"))
    assert fates(report) == {
        "beamline_config.yml": Fate.UPDATED,
        "energy.xml": Fate.CONVERTED,
        "icons.xml": Fate.KEPT,
        "md/minidiff.xml": Fate.KEPT,
        "md/omega.xml": Fate.KEPT,
        "notes.txt": Fate.KEPT,
    }
    expected = SITE["beamline_config.yml"].replace("energy.xml", "energy.yaml")
    assert (result / "beamline_config.yml").read_text() == expected


def test_xml_that_mentions_what_becomes_yaml_is_told(site, result):
    report = migrate_folder(site, result, Options(only="/energy"))
    told = [str(finding) for finding in report.findings]
    assert any("md/minidiff.xml:1:1: warning: stays XML and mentions energy.xml" in each for each in told)


def test_what_mxcube_will_make_several_times_is_told(site, result):
    report = migrate_folder(site, result)
    told = [str(finding) for finding in report.findings if "is mentioned by" in finding.what]
    assert len(told) == 1
    assert told[0].startswith("energy.xml:1:1: note: is mentioned by 2 objects (/beamline_config, /md/minidiff)")


def test_a_subtree(site, result):
    report = migrate_folder(site, result, Options(only="/md/minidiff", subtree=True))
    converted = {path for path, fate in fates(report).items() if fate is Fate.CONVERTED}
    assert converted == {"md/minidiff.xml", "md/omega.xml", "energy.xml"}


def test_a_name_that_is_not_there_is_refused_with_the_nearest(site, result):
    with pytest.raises(InvalidProfile, match="did you mean /md/omega"):
        migrate_folder(site, result, Options(only="/md/omga"))
    assert names(site.parent) == ["site"]


@pytest.mark.parametrize("in_place", [False, True])
def test_a_dry_run_writes_nothing_and_tells_the_same(site, result, in_place):
    before = state(site.parent)
    destination = site if in_place else result
    dry = migrate_folder(site, destination, Options(dry_run=True))
    assert dry.outcome is Outcome.WOULD_BE_DONE
    assert state(site.parent) == before
    assert dry == replace(migrate_folder(site, destination), outcome=Outcome.WOULD_BE_DONE)


def test_literals_as_yaml_say_the_same(site, result):
    report = migrate_folder(site, result, Options(literals=Literals.YAML))
    assert report.outcome is Outcome.DONE
    assert "limits: [4, 20]" in (result / "md/minidiff.yaml").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_in_place_owners_and_groups_are_kept(site):
    shared, private = site / "energy.xml", site / "md"
    os.symlink("energy.xml", site / "link.xml")
    for path in (site, shared, site / "link.xml"):
        os.chown(path, 65534, 12345, follow_symlinks=False)
    os.chown(private, -1, 12345)
    site.chmod(0o2775)
    assert migrate_folder(site, site).outcome is Outcome.DONE
    found = {path: path.lstat() for path in (site, site / "energy.yaml", site / "link.yaml", private)}
    assert [(each.st_uid, each.st_gid) for each in found.values()] == [*[(65534, 12345)] * 3, (0, 12345)]
    assert found[site].st_mode & 0o7777 == 0o2775


def test_modes_and_times_are_kept(site, result):
    (site / "energy.xml").chmod(0o640)
    (site / "notes.txt").chmod(0o755)
    (site / "empty").mkdir(mode=0o700)
    os.utime(site / "notes.txt", (1_000_000_000, 1_000_000_000))
    migrate_folder(site, result)
    modes = {name: (result / name).stat().st_mode & 0o777 for name in ("energy.yaml", "notes.txt", "empty")}
    assert modes == {"energy.yaml": 0o640, "notes.txt": 0o755, "empty": 0o700}
    assert (result / "notes.txt").stat().st_mtime == 1_000_000_000


def test_links_stay_links(site, result):
    (site / "photon_energy.xml").symlink_to("energy.xml")
    (site / "diff").symlink_to("md")
    (site / "readme").symlink_to("notes.txt")
    assert migrate_folder(site, result).outcome is Outcome.DONE
    assert os.readlink(result / "photon_energy.yaml") == "energy.yaml"
    assert os.readlink(result / "diff") == "md"
    assert os.readlink(result / "readme") == "notes.txt"


def test_a_link_goes_with_its_file(site, result):
    (site / "photon_energy.xml").symlink_to("energy.xml")
    migrate_folder(site, result, Options(only="/photon_energy"))
    assert os.readlink(result / "photon_energy.yaml") == "energy.yaml"
    assert (result / "energy.yaml").is_file()


def test_a_link_from_where_names_mean_something_else_becomes_a_file(site, result):
    write_files(site, {"md/pair.xml": '<object class="P"><object href="./omega" role="a"/></object>'})
    write_files(site, {"other/omega.xml": '<object class="O"/>'})
    (site / "other/pair.xml").symlink_to("../md/pair.xml")
    assert migrate_folder(site, result).outcome is Outcome.DONE
    assert "a: md/omega.yaml" in (result / "md/pair.yaml").read_text()
    assert "a: other/omega.yaml" in (result / "other/pair.yaml").read_text()


def test_names_that_depend_on_the_entry_file_are_written_as_it_says_them(tmp_path, result):
    # A beamline's own folder below shared ones: ./b is /sub/b for it, and /bl/sub/b for the folder as a whole.
    site = write_files(
        tmp_path / "site",
        {
            "bl/beamline.yaml": "class: a.B\nobjects: {a: sub/a.xml}\n",
            "bl/sub/a.xml": '<object class="A"><object href="./b" role="b"/></object>',
            "bl/sub/b.xml": '<object class="B"/>',
        },
    )
    report = migrate_folder(site, result)
    assert report.outcome is Outcome.DONE
    assert fates(report)["bl/sub/a.xml"] is Fate.KEPT
    assert fates(report)["bl/sub/b.xml"] is Fate.CONVERTED
    assert any("stays XML" in finding.what for finding in report.findings)
    assert migrate_folder(site / "bl", result.with_name("other")).with_fate(Fate.KEPT) == ()


def test_a_class_that_yaml_may_not_name_stays_xml(site, result):
    write_files(site, {"energy.xml": '<object class="my-energy"/>'})
    report = migrate_folder(site, result)
    assert report.outcome is Outcome.DONE
    assert fates(report)["energy.xml"] is Fate.KEPT
    assert "energy: energy.xml   # first" in (result / "beamline_config.yml").read_text()
    assert "energy: energy.xml" in (result / "md/minidiff.yaml").read_text()


def test_despite_errors_all_else_is_converted_and_proved(site, result):
    wrong = {
        "energy.xml": "<object class='E'>",
        "md/omega.xml": '<device class="M"><object href="/md/minidiff" role="m"/></device>',
        "two.xml": '<object class="T"/>',
        "two.yml": "class: a.Two\n",
        "three.xml": '<object class="T"/>',
        "three.yaml": "class: a.Three\n",
        "bad.yml": "_initialise_class: {mode: 1}\n",
        "out.xml": '<object class="O"><object href="../../x" role="x"/></object>',
    }
    write_files(site, wrong)
    assert migrate_folder(site, result).outcome is Outcome.REFUSED
    report = migrate_folder(site, result, Options(despite_errors=True))
    assert (report.outcome, report.lost) == (Outcome.DONE, 0)
    kept = {path for path, fate in fates(report).items() if fate is Fate.KEPT}
    assert kept == set(wrong) - {"md/omega.xml", "out.xml"} | {"icons.xml", "notes.txt"}
    assert all((result / name).read_text() == wrong[name] for name in kept if name in wrong)
    told = "\n".join(map(str, report.findings))
    for said in ("energy.xml:1", "in a circle", "object /two is defined 2 times", "bad.yml:1", "out.xml:1"):
        assert said in told
    assert migrate_folder(site, result, Options(despite_errors=True)).outcome is Outcome.UNCHANGED


def test_the_example_is_migrated_whole(result):
    report = migrate_folder(EXAMPLE, result)
    assert (report.outcome, report.lost) == (Outcome.DONE, 0)


@pytest.mark.parametrize("literals", list(Literals))
@pytest.mark.parametrize(
    "root", ["mxcubecore/mockup", "mxcubecore/soleil_px2", "mxcubecore/esrf_id13", "mxcubeweb/demo"]
)
def test_upstreams_own_configurations(root, literals, result):
    if not (CORPUS / root).is_dir():
        pytest.skip(f"no files of MXCuBE under {CORPUS}: set MXPLANS_MXCUBE_CONFIG")
    report = migrate_folder(CORPUS / root, result, Options(literals=literals))
    assert (report.outcome, report.lost) == (Outcome.DONE, 0)
    assert all(graph.instances_before == graph.instances_after for graph in report.graphs)
    assert migrate_folder(CORPUS / root, result, Options(literals=literals)).outcome is Outcome.UNCHANGED
    assert migrate_folder(result, result, Options(literals=literals)).outcome is Outcome.UNCHANGED
