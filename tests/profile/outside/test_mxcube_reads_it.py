"""MXCuBE's own loader reads what we migrate, and finds in it what it found in the XML: objects, properties, calls."""

import ast
import json
import os
import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from outside_support import PYTHON, installed

from mxplans.profile.dialects.xml_file import read_xml
from mxplans.profile.migrate.folder import migrate_folder

pytestmark = installed
PROGRAM = Path(__file__).parents[2] / "mxcube_loader.py"
ADDRESSES = ("exporter_address", "tangoname", "doorname")
FILES = {
    "beamline.yaml": """\
class: standins.Plain.Plain
configuration: {tunable: true}
objects: {omega: motors/omega.xml, diffractometer: md.xml, odd: odd.xml}
""",
    "motors/omega.xml": """\
<device class="standins.Plain">
  <!-- counts the other way -->
  <exporter_address>10.0.0.3:9001</exporter_address>
  <direction>-1</direction>
  <channel type="exporter" name="position">OmegaPosition</channel>
  <command type="exporter" name="abort">abort</command>
  <states><state><name>Ready</name></state><state><name>Moving</name></state></states>
  <apis><api><module>Native</module><parts><part><x>1</x></part></parts></api></apis>
  <once><x>1</x></once>
</device>
""",
    "md.xml": """\
<object class="standins.Plain">
  <object href="/motors/omega" role="phi"/>
  <tangoname>lake/md/1</tangoname>
  <channel type="tango" name="state" polling="500" timeout="3000">State</channel>
  <channel type="epics" name="current" polling="1000">LAKE:RING:CURRENT.VAL</channel>
  <command type="tango" name="reset" tangoname="lake/other/2">Reset</command>
</object>
""",
    "odd.xml": """\
<object class="standins.Plain">
  <a>007</a><b> 7 </b><c>1_000</c><d>1e3</d><e> True </e><f>true</f><g>yes</g><h>0x10</h><i></i><j>None</j>
  <k>True</k><l>False</l><m>(4, 20)</m><n>["a", "b"]</n><o>{"x": 1}</o><p>12:30</p><q>2024-01-02</q><r>~</r>
  <s>null</s><t>'quoted'</t><u># no comment</u><v>a: b</v><w>- item</w><x>1.</x><y>.5</y><z>&amp;&lt;tag&gt;</z>
  <aa>\u0661\u0662</aa><bb>two
  lines</bb><cc>inf</cc><dd>-0.0</dd><ee>%percent</ee><ff>@at</ff><gg>!bang</gg><hh>*star</hh><ii>123456789012345678901</ii>
</object>
""",
}


def seen_by_mxcube(folder: Path) -> Any:
    done = subprocess.run(
        [str(PYTHON), str(PROGRAM), str(folder)],
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("FOUND ")[2])


def calls(one: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Commands and channels with the address that counts: their own, or the object's."""
    found = []
    for kind, told, target in one["calls"]:
        said = dict(ast.literal_eval(pair) for pair in told)
        own = next((said.pop(name) for name in ADDRESSES if name in said), None)
        spare = next((name for name in ADDRESSES if name in one["config"]), None)
        if own is None and spare is not None and said["type"] != "epics":
            own = ast.literal_eval(one["config"][spare])
        found.append((kind, own, sorted(said.items()), target))
    return sorted(found, key=repr)


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> tuple[Any, Any]:
    source = tmp_path_factory.mktemp("mxcube") / "xml"
    for name, text in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    destination = source.with_name("yaml")
    report = migrate_folder(source, destination)
    assert not report.findings or all(finding.severity != "error" for finding in report.findings), report
    assert not list(destination.rglob("*.xml"))
    return seen_by_mxcube(source), seen_by_mxcube(destination)


def test_the_same_objects_in_the_same_roles(seen):
    before, after = seen
    assert (
        list(before)
        == list(after)
        == [
            "beamline",
            "beamline/omega",
            "beamline/diffractometer",
            "beamline/diffractometer/phi",
            "beamline/odd",
        ]
    )


def test_the_same_properties_in_value_and_type(seen):
    before, after = seen
    for way, one in before.items():
        assert one["config"] == after[way]["config"], way


def test_the_same_commands_and_channels(seen):
    before, after = seen
    for way, one in before.items():
        assert calls(one) == calls(after[way]), way
    assert len(calls(before["beamline/diffractometer"])) == 3


def test_we_read_each_text_as_mxcube_does(seen):
    name = "odd.xml"
    config = read_xml(FILES[name].encode(), PurePosixPath(name), "/odd").config
    assert config is not None
    assert {key: repr(value) for key, value in config.properties.items()} == seen[0]["beamline/odd"]["config"]
