"""Migrations that are refused: why, and that nothing has changed then."""

import os

import pytest
from migration_support import SITE, state, write_files, write_site

from mxplans.errors import InvalidProfile
from mxplans.profile.migrate import conversion, folder
from mxplans.profile.migrate.folder import migrate_folder
from mxplans.profile.migrate.report import Fate, Outcome
from mxplans.profile.places import errors_of


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path / "site")


@pytest.fixture
def result(tmp_path):
    return tmp_path / "result"


def refused(site, destination):
    """Why a migration is refused; nothing may have changed."""
    before = state(site.parent)
    report = migrate_folder(site, destination)
    assert report.outcome is Outcome.REFUSED
    assert state(site.parent) == before
    return "\n".join(map(str, errors_of(report.findings)))


def test_a_destination_with_something_else(site, result):
    migrate_folder(site, result)
    (result / "energy.yaml").write_text("class: mine.Energy\n")
    (result / "more.txt").touch()
    said = refused(site, result)
    assert "energy.yaml has other content; more.txt is not expected; give a folder" in said


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"energy.xml": "<object class='E'><a></object>"}, "energy.xml:1"),
        ({"beamline_config.yml": "_initialise_class: {class: [\n"}, "beamline_config.yml:2"),
        ({"energy.yaml": "class: a.Energy\n"}, "object /energy is defined 2 times: in energy.yaml, energy.xml"),
        ({"energy.yaml": "just: data\n"}, "energy.yaml: error: stands where energy.xml has to"),
        (
            {"md/omega.xml": '<object class="M"><object href="/md/minidiff" role="m"/></object>'},
            "in a circle: /md/minidiff -> /md/omega -> /md/minidiff",
        ),
        ({"energy.xml": '<object class="E"><object href="../../x" role="x"/></object>'}, "energy.xml:1"),
        ({"energy.xml": '<!DOCTYPE object [<!ENTITY a "b">]><object class="E">&a;</object>'}, "energy.xml:1"),
    ],
)
def test_what_is_to_be_mended_first(site, result, in_place, changes, said):
    write_files(site, changes)
    assert said in refused(site, site if in_place else result)


def test_all_that_is_wrong_is_said_at_once(site, result):
    write_files(site, {"energy.xml": "<object class='E'>", "md/omega.xml": "<device class='M'>"})
    said = refused(site, result)
    assert "energy.xml:1" in said
    assert "md/omega.xml:1" in said


def test_a_broken_file_that_nobody_mentions_is_carried_along(site, result):
    write_files(site, {"old.xml": "<object class='E'>"})
    report = migrate_folder(site, result)
    assert report.outcome is Outcome.DONE
    kept = {str(file.path): file.why for file in report.with_fate(Fate.KEPT)}
    assert kept["old.xml"] == "cannot be read"
    assert (result / "old.xml").read_bytes() == (site / "old.xml").read_bytes()
    assert any(finding.place.file == "old.xml" for finding in report.findings)


def test_an_object_that_is_not_there_is_missing_afterwards_as_before(site, result):
    (site / "md/omega.xml").unlink()
    report = migrate_folder(site, result)
    assert report.outcome is Outcome.DONE
    assert [graph.missing for graph in report.graphs] == [1, 1]
    assert any("/md/omega is not found" in finding.what for finding in report.findings)


@pytest.mark.parametrize(
    ("name", "target"), [("out.xml", "/etc/passwd"), ("loop.xml", "loop.xml"), ("up", ".."), ("gone", "nothing")]
)
def test_links_that_leave_or_loop_or_lead_nowhere(site, result, name, target):
    (site / name).symlink_to(target)
    assert name in refused(site, result)


def test_folders_within_each_other(site):
    for destination in (site / "result", site.parent):
        with pytest.raises(InvalidProfile, match="stands in"):
            migrate_folder(site, destination)


def test_a_destination_that_is_a_file(site, result):
    result.write_text("mine")
    with pytest.raises(InvalidProfile, match="is no folder"):
        migrate_folder(site, result)
    assert result.read_text() == "mine"


def test_a_source_that_is_not_there(site, result):
    with pytest.raises(InvalidProfile, match="give the folder of a configuration"):
        migrate_folder(site.with_name("nowhere"), result)


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# keV", "", "proof: comment 'keV' is lost"),
        ("default: 12.66", "default: '12.66'", "proof: properties"),
        ("class: Energy.Energy", "class: Energy.Other", "proof: class_path"),
        ("configuration:", "configuration: [", "is no hardware object"),
    ],
)
def test_a_result_that_says_something_else(site, result, in_place, monkeypatch, old, new, said):
    whole = conversion.to_yaml_b
    monkeypatch.setattr(conversion, "to_yaml_b", lambda *given: whole(*given).replace(old, new))
    assert said in refused(site, site if in_place else result)


def test_a_file_that_is_not_kept(site, result, monkeypatch):
    build = folder._build

    def careless(before, conversions, target):
        build(before, conversions, target)
        (target / "notes.txt").write_text("not by hand")

    monkeypatch.setattr(folder, "_build", careless)
    assert "notes.txt: error: proof: is to be kept, and has other content" in refused(site, result)


def test_a_source_that_changes_meanwhile(site, monkeypatch):
    build = folder._build

    def somebody_writes(before, conversions, target):
        build(before, conversions, target)
        (site / "energy.xml").write_text("<object class='Newer'/>")

    monkeypatch.setattr(folder, "_build", somebody_writes)
    report = migrate_folder(site, site)
    assert report.outcome is Outcome.REFUSED
    assert "was changed while it was read" in str(report.findings[0])
    assert (site / "energy.xml").read_text() == "<object class='Newer'/>"
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_a_full_disk(site, result, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder.shutil, "copy2", full)
    with pytest.raises(InvalidProfile, match="No space left on device"):
        migrate_folder(site, result)
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_a_destination_that_cannot_be_replaced(site, monkeypatch):
    rename = os.rename

    def refuses(source, target):
        if ".new-" in str(source):
            raise OSError(16, "Device or resource busy")
        rename(source, target)

    monkeypatch.setattr(os, "rename", refuses)
    before = state(site)
    with pytest.raises(InvalidProfile, match="busy; it is as it was"):
        migrate_folder(site, site)
    assert state(site) == before
    assert [path.name for path in site.parent.iterdir()] == ["site"]
    assert (site / "energy.xml").read_text() == SITE["energy.xml"]
