"""Small configuration folders, and what a folder holds to the last bit."""

import os
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "docs/how-to/leaving-xml/before"
SITE = {
    "beamline_config.yml": """# the entry
_initialise_class:
  class: site.Beamline.Beamline
_objects:
  !!omap
  - energy: energy.xml   # first
  - diffractometer: md/minidiff.xml
""",
    "energy.xml": '<object class="Energy">\n  <!-- keV -->\n  <default>12.66</default>\n</object>\n',
    "md/minidiff.xml": """<object class="Minidiff">
  <object href="/md/omega" role="omega"/>
  <object href="/energy" role="energy"/>
  <limits>(4, 20)</limits>
</object>
""",
    "md/omega.xml": """<device class="Motor">
  <channel type="tine" name="position" tinename="/S/M">pos</channel>
</device>
""",
    "icons.xml": "<icons><icon/></icons>\n",
    "notes.txt": "by hand\n",
}


def write_site(folder, changes=()):
    """The small site, with some files changed, added, or (None) left out."""
    return write_files(folder, SITE | dict(changes))


def write_files(folder, files):
    """Files by path; None leaves one out."""
    for name, text in files.items():
        if text is not None:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def state(folder):
    """All that a folder holds: mode, time of change, and content or target, by path."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, content)
    return found


def contents(folder):
    """Content of each file by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
