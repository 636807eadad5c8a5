"""Configuration folders of any size, as a site's look: motors with channels, devices that share them, an entry file."""

from __future__ import annotations

from pathlib import Path

_MOTOR = """<device class="ExporterMotor">
  <!-- axis {number}, homed in the last shutdown -->
  <exporter_address>md3.bl:9001</exporter_address>
  <username>axis {number}</username>
  <actuator_name>Axis{number}</actuator_name>
  <default_limits>({number}.0, {number}.5)</default_limits>
  <tolerance>1e-3</tolerance>
  <channel type="exporter" name="position">Axis{number}Position</channel>
  <channel type="tango" name="state" tangoname="bl/axis/{number}" polling="events">State</channel>
  <command type="tango" name="stop" tangoname="bl/axis/{number}">Stop</command>
</device>
"""
_GROUP = """<object class="MotorGroup.Pair">
  <object href="/motors/m{first:04d}" role="horizontal"/>
  <object href="/motors/m{second:04d}" role="vertical"/>
  <positions>
    <position><name>in</name><offset>0.0</offset></position>
    <position><name>out</name><offset>{first}.25</offset></position>
  </positions>
</object>
"""
_ENTRY = """# generated
_initialise_class:
  class: package.Beamline.Beamline
_objects:
  !!omap
{mentions}
run_number: 1
"""
GROUP_EVERY = 10


def write_corpus(folder: Path, files: int) -> None:
    """Write XML files, one group of two motors for nine motors, and an entry file that names each group."""
    motors = folder / "motors"
    motors.mkdir(parents=True)
    groups = []
    for number in range(files):
        if number % GROUP_EVERY == GROUP_EVERY - 1:
            groups.append(f"group{number:04d}")
            text = _GROUP.format(first=number - 1, second=number - 2)
            (folder / f"{groups[-1]}.xml").write_text(text, encoding="utf-8")
        else:
            (motors / f"m{number:04d}.xml").write_text(_MOTOR.format(number=number), encoding="utf-8")
    mentions = "\n".join(f"  - {name}: {name}.xml" for name in groups)
    (folder / "beamline_config.yml").write_text(_ENTRY.format(mentions=mentions), encoding="utf-8")
