"""Readers that are none of ours find in the YAML what they find in the XML, and would notice if it were not there."""

import pytest
from migration_support import write_files

from benchmarks.support.profile_words import compared, words_of
from mxplans.profile.migrate.folder import migrate_folder
from mxplans.profile.migrate.report import Outcome

FILES = {
    "oven.xml": """\
<!-- before the root --><?house style?>
<device class="lab.Oven" mode="old">
  <tangoname>lab/oven/1</tangoname><door>door/1</door><again>7</again><more><again>7</again></more>
  <limits unit="C">(4, 20)</limits><low>1e-05</low><name>first</name><name>second</name> stray
  <object href="/racks/left" role="Left"/><rack hwrid="./racks/left"/>
  <channel type="tango" name="state" polling="events" onchange="f">State</channel>
  <channel type="epics" name="heat" polling="100">LAB:OVEN:T.VAL</channel>
  <command type="tine" name="open" tinename="/LAB/D">OPEN</command>
  <command><name>shut</name><type>spec</type><toexecute>shutit</toexecute><argument>now</argument></command>
  <channel name="half">neither</channel>
</device>
<!-- behind it
     in two lines -->""",
    "racks/left.xml": '<?xml version="1.0" encoding="utf-16"?><object class="Rack"><of>Grün</of></object>'.encode(
        "utf-16"
    ),
    "alias.xml": "<hwr_import href='/racks/left'/>",
}


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    home = tmp_path_factory.mktemp("words")
    report = migrate_folder(write_files(home / "xml", FILES), home / "yaml")
    assert report.outcome is Outcome.DONE
    return report, home / "yaml"


def test_nothing_is_lost(migrated):
    count, lost = words_of(*migrated)
    assert lost == []
    assert count > 30


@pytest.mark.parametrize(
    ("written", "lost"),
    [
        ("door: door/1", "leaf 'door/1'"),
        ("again: 7", "leaf '7'"),
        ("(4, 20)", "leaf '(4, 20)'"),
        ("1.0e-05", "leaf '1e-05'"),
        ("unit: C", "value 'C'"),
        ("value: first", "leaf 'first'"),
        ("OPEN", "value 'OPEN'"),
        ("shutit", "leaf 'shutit'"),
        ("now", "leaf 'now'"),
        ("neither", "value 'neither'"),
        ("left:", "role 'Left'"),
        ("events", "value 'events'"),
        ("in two lines", "'in two lines'"),
        ("T.VAL", "value 'LAB:OVEN:T.VAL'"),
        ("mode: old", "value 'old'"),
    ],
)
def test_each_loss_is_noticed(migrated, written, lost):
    text = (migrated[1] / "oven.yaml").read_text()
    assert written in text
    key, colon, _ = written.partition(": ")
    changed = text.replace(written, f"{key}: other" if colon else "other:" if written.endswith(":") else "other", 1)
    assert lost in compared(FILES["oven.xml"].encode(), changed)[1]
