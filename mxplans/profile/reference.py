"""The reference of the profile, generated from the models: a JSON Schema for editors and a page.

`python -m mxplans.profile.reference` writes both into `docs/reference/` of the working directory, or into the folder that
it is given. They tell of the device classes, targets and sources that this package brings; `mxplans profile schema` tells of all that are
installed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mxplans.model.reference_fields import write_files
from mxplans.profile._editor_schema import profile_schema
from mxplans.profile._reference_page import COMMAND, SCHEMA_FILE, profile_page
from mxplans.profile.class_paths import device_classes

__all__ = ["COMMAND", "PAGE_FILE", "SCHEMA_FILE", "files", "main", "profile_page", "profile_schema"]

PAGE_FILE = "profile.md"
_PACKAGES = ("mxplans",)


def files() -> dict[str, str]:
    """Name and content of each file of the reference."""
    schema = profile_schema(device_classes(_PACKAGES), _PACKAGES)
    return {SCHEMA_FILE: json.dumps(schema, indent=1) + "\n", PAGE_FILE: profile_page(schema)}


def main(folder: Path) -> None:
    """Write the reference into a folder."""
    write_files(folder, files())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
