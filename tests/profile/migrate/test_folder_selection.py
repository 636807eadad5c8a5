"""Which files are converted: by all spellings of an object's name, with all that stands for the same file."""

import time

import pytest
from migration_support import write_files

from mxplans.errors import InvalidProfile
from mxplans.profile.migrate.folder import Options, migrate_folder
from mxplans.profile.migrate.report import Fate, Outcome
from mxplans.profile.migrate.snapshot import take_snapshot
from mxplans.profile.migrate.source_findings import source_findings
from mxplans.profile.places import Severity

FILES = {
    "beamline.yaml": "class: lab.Beamline\nobjects: {shelf: store/shelf.xml, lamp: linked/lamp.xml}\n",
    "store/shelf.xml": "<object class='Shelf'/>",
    "store/lamp.xml": "<object class='Lamp'/>",
    "v2.yaml.xml": "<object class='Second'/>",
}


@pytest.fixture
def site(tmp_path):
    site = write_files(tmp_path / "site", FILES)
    (site / "linked").symlink_to("store")
    return site


def converted(report):
    assert report.outcome is Outcome.DONE, report.findings
    return {str(file.path) for file in report.files if file.fate is Fate.CONVERTED}


@pytest.mark.parametrize(
    "only", ["/store/shelf", "store/shelf", "./store/shelf.xml", "site/store/shelf.xml", "{site}/store/shelf.xml"]
)
def test_an_object_is_meant_by_its_name_or_its_file_as_seen_from_either_place(site, monkeypatch, only):
    monkeypatch.chdir(site.parent)
    report = migrate_folder(site, site.with_name("out"), Options(only=only.format(site=site)))
    assert converted(report) == {"store/shelf.xml"}


@pytest.mark.parametrize("only", ["/v2.yaml", "v2.yaml.xml"])
def test_an_object_whose_name_ends_like_a_file_is_meant_by_both(site, only):
    assert converted(migrate_folder(site, site.with_name("out"), Options(only=only))) == {"v2.yaml.xml"}


@pytest.mark.parametrize("only", ["/store/lamp", "/linked/lamp"])
def test_an_object_in_a_linked_folder_is_the_file_behind_it(site, only):
    out = site.with_name("out")
    assert converted(migrate_folder(site, out, Options(only=only))) == {"store/lamp.xml"}
    assert "lamp: linked/lamp.yaml}" in (out / "beamline.yaml").read_text()
    assert (out / "linked/lamp.yaml").is_file()


@pytest.mark.parametrize("only", ["", "/", "../store/shelf", "/tmp/elsewhere.xml"])
def test_what_is_no_object_of_the_folder_is_refused(site, only):
    with pytest.raises(InvalidProfile, match="there is no object"):
        migrate_folder(site, site.with_name("out"), Options(only=only))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<object><a>1</a></object>", "has no class, and becomes YAML, which MXCuBE loads only with one"),
        ("<hwr_import href='/store/shelf'/>", "stands for /store/shelf, and becomes YAML, in which MXCuBE has no such"),
    ],
)
def test_what_mxcube_loads_from_xml_only_is_told_where_it_is_converted(site, text, said):
    write_files(site, {"odd.xml": text})
    whole = migrate_folder(site, site.with_name("out"))
    (finding,) = (each for each in whole.findings if said in each.what)
    assert finding.severity is Severity.WARNING and finding.place.file == "odd.xml"
    other = migrate_folder(site, site.with_name("other"), Options(only="/store/shelf"))
    assert not [each for each in other.findings if said in each.what]


def test_thousands_of_objects_that_are_not_there_are_told_in_a_moment(site):
    mentions = "".join(f"<object role='r{number}' href='/gone/{number}'/>" for number in range(8000))
    write_files(site, {"many.xml": f"<object class='Many'>{mentions}</object>"})
    snapshot = take_snapshot(site)
    began = time.process_time()
    found = source_findings(snapshot, frozenset())
    assert time.process_time() - began < 2.0, "64 million comparisons take six seconds and more"
    assert sum(each.severity is Severity.WARNING and "is not found" in each.what for each in found) == 8000
