"""The control file: where the control server is, and its token, for the owner's eyes alone."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_control_file(path: Path, url: str, token: str) -> None:
    """Write the file, readable for its owner alone from the first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"url": url, "token": token}, stream)
    fresh.replace(path)
