"""Small files of hardware objects that mention each other, in each dialect."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mxplans.profile.dialects import Dialect

EXTENSION = {Dialect.XML: ".xml", Dialect.YAML_A: ".yml", Dialect.YAML_B: ".yaml"}


def write_object(
    folder: Path,
    name: str,
    dialect: Dialect = Dialect.YAML_B,
    mentions: Iterable[tuple[str, str]] = (),
    extension: str = "",
) -> Path:
    """Write an object of class `site.devices.Device.Device`.

    Args:
        folder: Where names begin.
        name: Of the object, with a leading `/`.
        dialect: How it is written.
        mentions: Roles and names of other objects; in YAML, a name may bring its extension.
        extension: Of the file; the dialect's usual one if empty.
    """
    path = folder / f"{name[1:]}{extension or EXTENSION[dialect]}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if dialect is Dialect.XML:
        inner = "".join(f'  <object role="{role}" href="{target}"/>\n' for role, target in mentions)
        text = f'<object class="site.devices.Device">\n{inner}</object>\n'
    else:
        files = [
            (role, target if target.endswith((".xml", ".yml", ".yaml")) else f"{target}.xml")
            for role, target in mentions
        ]
        if dialect is Dialect.YAML_A:
            lines = ["_initialise_class:", "  class: site.devices.Device.Device", "_objects:", "  !!omap"]
            lines += [f"  - {role}: {file}" for role, file in files] or ["  []"]
        else:
            lines = ["class: site.devices.Device.Device", "objects:", *(f"  {role}: {file}" for role, file in files)]
        text = "\n".join(lines) + "\n"
    path.write_text(text, "utf-8")
    return path
