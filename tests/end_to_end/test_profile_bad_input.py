"""Files that are broken, hostile or far too large: an error that says where, at once, in little memory, nothing written.

Each test has a process of its own, whose memory and time are measured and bounded by the system.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from migration_support import state, write_files, write_site

BREAKER = Path(__file__).parents[1] / "profile_breaker.py"
MEMORY_MB = 300
LIMIT_S = 58
"""Of a process; the system ends it after 50 s of computing."""
PLACE = re.compile(r"[\w/.-]+\.(?:xml|ya?ml)(?::\d+)*: ?")
TEN = {
    "energy.xml": """<?xml version="1.0" encoding="utf-8"?>
<!-- monochromator, in keV; since 2021 with the second crystal, which has a piezo of its own -->
<device class="TangoEnergy">
  <tangoname>s1/mono/energy</tangoname>
  <channel type="tango" name="energy" polling="500">Energy</channel>
  <channel type="tango" name="state" polling="events">State</channel>
  <command type="tango" name="abort">Abort</command>
  <limits>(6.0, 17.5)</limits>
</device>
""",
    "md/minidiff.xml": """<object class="MiniDiff.Kappa">
  <object href="/md/omega" role="omega"/>
  <object href="/energy" role="Energy"/>
  <zoom>
    <position><name>far</name><steps>1</steps></position>
    <position><name>near</name><steps>7</steps></position>
  </zoom>
  <centring><![CDATA[{"three_click": true}]]></centring>
</object>
""",
    "md/omega.xml": """<device class="ExporterMotor">
  <exporter_address>md3.s1:9001</exporter_address>
  <actuator_name delta="0.1">Omega &amp; friends</actuator_name>
  <channel type="exporter" name="position" onchange="update">OmegaPosition</channel>
</device>
""",
    "cryo.xml": """<device class="TineCryo">
  <!-- the stream at 100 K,
       the valve by hand: see the note at the hutch -->
  <channel type="tine" name="temperature" tinename="/S1/CRYO/stream" polling="1000">sampleTemp</channel>
</device>
""",
    "alias.xml": """<!-- an older name, of which the client of the users' office makes use to this day, for the time being -->
<hwr_import href="/energy"/>
""",
    "beamline_config.yml": """%YAML 1.2
---
# the entry
_initialise_class: {class: site.Beamline.Beamline, mode: devel}
_objects:
  !!omap
  - energy: energy.xml   # first
  - diffractometer: md/minidiff.xml
  - detector: detector.yaml
  - more: more.yml
  - older: alias.xml
tunable_wavelength: true
""",
    "detector.yaml": """class: site.detectors.Detector
configuration: {pixels: &size [4148, 4362], roi: *size, text: "a: b"}
objects: {cryo: cryo.xml, shutter: sub/shutter.yaml}
epics:
  "S1:DET:":
    channels: {temperature: {suffix: TEMP, polling_period: 1000}, state: null}
""",
    "more.yml": """# older
_initialise_class:
  class: site.More
_objects:
  !!omap
  - table: sub/table.yaml
  - view: sub/view.yaml
text: |
  several lines, # and no comment
  of text
nested: {a: [1, 2, {b: c}], d: 'it''s'}
""",
    "sub/shutter.yaml": """class: site.Shutter
tango:
  "s1/shutter/1":
    commands: {open: {name: Open}, close: {name: Close}}
    channels:
      state: {attribute: State, polling_period: 500}
""",
    "sub/table.yaml": """class: site.Table
configuration:
  motors:
    - {name: y, limits: [-1.0e+1, 10]}
    - {name: z, limits: [-5, .inf]}
x-mxplans:
  root: equipment
""",
    "sub/view.yaml": "class: site.View\n",
}
BROKEN = sorted(set(TEN) - {"sub/view.yaml"})


def run(*arguments):
    """What a process of its own prints: a line for each migration."""
    command = [sys.executable, BREAKER, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    *lines, last = map(json.loads, done.stdout.splitlines())
    assert last["memory_mb"] < MEMORY_MB
    return lines


def refused(site):
    """Why a migration is refused: no traceback, nothing written."""
    before = state(site.parent)
    (told,) = run("each", site)
    assert (told["code"], told["raised"]) == (2, None), told
    assert state(site.parent) == before
    return told["said"]


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path / "site")


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_broken_at_every_100th_byte(tmp_path, name):
    source = write_files(tmp_path / "site", TEN)
    lines = run("break", source, name)
    assert len(lines) == 3 * len(range(0, len(TEN[name].encode()), 100))
    for told in lines:
        assert told["raised"] is None, told
        if told["code"] == 0:
            # What is broken may still be a file: then it was migrated and proved.
            assert told["beside"] == ["result", "site"], told
        else:
            assert told["code"] == 2, told
            assert PLACE.search(told["said"]), told
            assert told["beside"] == ["site"], told
    cut = [told for told in lines if told["how"] == "cut" and told["at"]]
    assert not name.endswith(".xml") or all(told["code"] == 2 for told in cut)


def test_the_ten_files_are_ten_and_migrate_when_they_are_whole(tmp_path):
    source = write_files(tmp_path / "site", TEN)
    (told,) = run("each", source)
    assert (told["code"], told["raised"]) == (0, None), told
    assert len(BROKEN) == 10


def laughs(count):
    entities = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(count))
    return f'<!DOCTYPE object [<!ENTITY l0 "ha">{entities}]><object class="E"><a>&l{count};</a></object>'


def anchors(count):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]" for n in range(count)]
    return "class: site.Energy\nconfiguration:\n" + "".join(f"  {line}\n" for line in lines)


HOSTILE = {
    "XML, entities": {
        "an external entity": '<!DOCTYPE o [<!ENTITY e SYSTEM "file:///etc/passwd">]><object class="E"><a>&e;</a></object>',
        "an external DTD": '<!DOCTYPE object SYSTEM "http://127.0.0.1:9/a.dtd"><object class="E"/>',
        "a parameter entity": '<!DOCTYPE o [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]><object class="E"/>',
        "a billion laughs": laughs(10),
        "a quadratic blow-up": f'<!DOCTYPE o [<!ENTITY e "{"x" * 50_000}">]><object class="E"><a>{"&e;" * 50_000}</a></object>',
    },
    "XML, encodings": {
        "an encoding that it is not": '<?xml version="1.0" encoding="utf-16"?><object class="E"/>',
        "an encoding that there is not": '<?xml version="1.0" encoding="klingon"?><object class="E"/>',
        "bytes that are no UTF-8": b'<object class="E"><a>\xe9\xff</a></object>',
        "UTF-7": '<?xml version="1.0" encoding="utf-7"?><object class="E"><a>+ADw-</a></object>',
        "UTF-16 cut in the middle": '<?xml version="1.0"?><object class="E"><a>é</a></object>'.encode("utf-16")[:-5],
        "a NUL": b'<object class="E"><a>\0</a></object>',
    },
    "XML, sizes": {
        "depth": "<object class='E'>" + "<a>" * 100_000 + "</a>" * 100_000 + "</object>",
        "depth without end": "<object class='E'>" + "<a>" * 1_000_000,
        "half a million elements": "<object class='E'>" + "<a/>" * 500_000 + "</object>",
        "50 MB of text": "<object class='E'><a>" + "x" * 50_000_000 + "</a></object>",
        "50 MB of blanks": "<object class='E'>" + " " * 50_000_000 + "</object>",
    },
    "XML, mentions": {
        "a name that leaves the folder": '<object class="E"><object href="../../../etc/passwd" role="x"/></object>',
        "a redirect out of the folder": '<hwr_import href="/../../etc/passwd"/>',
        "a redirect to itself": '<hwr_import href="/energy"/>',
        "a mention of itself": '<object class="E"><object href="/energy" role="x"/></object>',
        "a circle": '<object class="E"><object href="/md/minidiff" role="x"/></object>',
    },
    "YAML, tags and anchors": {
        "a tag that makes an object": "class: a.E\nconfiguration: {a: !!python/object/apply:os.system [id]}\n",
        "a tag of its own": "class: a.E\nconfiguration: {a: !evil x}\n",
        "an anchor bomb": anchors(9),
        "an anchor within itself": "class: a.E\nconfiguration: {a: &a [*a]}\n",
        "a merge of itself": "class: a.E\nconfiguration: {a: &a {<<: *a}}\n",
        "an anchor that there is not": "class: a.E\nconfiguration: {a: *b}\n",
        "a key twice": "class: a.E\nconfiguration: {a: 1, a: 2}\n",
        "a list as key": "class: a.E\nconfiguration: {[a]: 1}\n",
        "two documents": "class: a.E\n---\nclass: a.F\n",
    },
    "YAML, encodings": {
        "latin-1": "class: a.E\nconfiguration: {a: é}\n".encode("latin-1"),
        "UTF-16": "class: a.E\n".encode("utf-16"),
        "a NUL": b"class: a.E\nconfiguration: {a: \0}\n",
    },
    "YAML, sizes": {
        "depth": "class: a.E\nconfiguration: " + "[" * 100_000,
        "half a million values": "class: a.E\nconfiguration: [" + "1," * 500_000 + "]\n",
        "50 MB": "class: a.E\nconfiguration: {a: " + "x" * 50_000_000 + "}\n",
    },
    "YAML, mentions": {
        "a file out of the folder": "class: a.E\nobjects: {a: ../../../etc/passwd.yaml}\n",
        "an absolute file": "class: a.E\nobjects: {a: /../../etc/passwd.yaml}\n",
        "a mention of itself": "class: a.E\nobjects: {a: energy.yaml}\n",
    },
}


@pytest.mark.parametrize("group", list(HOSTILE))
def test_a_hostile_file(tmp_path, group):
    file = f"energy.{group.partition(',')[0].lower()}"
    sites = []
    for number, content in enumerate(HOSTILE[group].values()):
        sites.append(write_site(tmp_path / str(number) / "site", {"energy.xml": None, file: content}))
    before = [state(site.parent) for site in sites]
    for what, site, told, was in zip(HOSTILE[group], sites, run("each", *sites), before, strict=True):
        assert (told["code"], told["raised"]) == (2, None), (what, told)
        assert f"{file}:" in told["said"], (what, told)
        assert state(site.parent) == was, what


@pytest.mark.parametrize(("name", "target"), [("md/energy.xml", "/etc/passwd"), ("a.xml", "b.xml"), ("md/up", "..")])
def test_links(site, name, target):
    (site / name).symlink_to(target)
    if name == "a.xml":
        (site / "b.xml").symlink_to("a.xml")
    assert f"{name}: error: is a link" in refused(site)


def test_a_pipe_that_nobody_writes_to(site):
    os.mkfifo(site / "pipe.xml")
    assert "pipe.xml" in refused(site)


def test_a_chain_of_1200_objects(tmp_path):
    # Depth of mentions is no depth of a program's stack.
    files = {f"o{n}.yaml": f"class: a.B\nobjects: {{next: o{n + 1}.yaml}}\n" for n in range(1200)}
    files["o1200.yaml"] = "class: a.B\n"
    site = write_files(tmp_path / "site", files | {"beamline.yaml": "class: a.B\nobjects: {first: o0.yaml}\n"})
    (told,) = run("each", site)
    assert (told["code"], told["raised"]) == (0, None), told
