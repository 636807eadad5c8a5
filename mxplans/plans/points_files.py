"""Points and hull of each sample as files, so that they outlive a session."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

from mxplans.centring.hull import Hull
from mxplans.centring.hull_record import hull_record, read_hull
from mxplans.centring.points_store import PointStore
from mxplans.errors import InvalidInput

SCHEMA = "mxplans.points/1"


class PointFiles:
    """One JSON file per sample, always whole: a new one replaces the old one at once.

    Args:
        folder: As `session.out / "points"`; made when the first file is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sample: str) -> Path:
        """Where a sample's file is; whatever its name, it is in the folder.

        >>> PointFiles(Path("points")).path("lyso/1").name
        'lyso_1-144034ee.json'
        """
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", sample)[:60]
        return self.folder / f"{plain}-{hashlib.sha256(sample.encode()).hexdigest()[:8]}.json"

    def load(self, sample: str) -> PointStore:
        """The points of a sample; none yet where there is no file.

        Raises:
            InvalidInput: If its file is damaged.
        """
        content = self._read(sample)
        if content is None:
            return PointStore(sample=sample)
        store = PointStore.from_state(content.get("points"))
        if store.sample != sample:
            raise InvalidInput(
                f"{self.path(sample)} is of sample {store.sample!r}; {sample!r} is asked for: move it away"
            )
        return store

    def save(self, store: PointStore) -> None:
        """Keep the points of a sample; its hull stays."""
        self._write(store.sample, {"points": store.state()})

    def hull(self, sample: str, mount: int) -> Hull | None:
        """The hull that a sample had in a mount; None where none was kept, or that of another mount.

        Raises:
            InvalidInput: If its file is damaged.
        """
        content = self._read(sample) or {}
        return read_hull(content.get("hull")) if content.get("hull_mount") == mount else None

    def keep_hull(self, sample: str, hull: Hull) -> None:
        """Keep the hull of the present mount."""
        self._write(sample, {"hull": hull_record(hull), "hull_mount": self.load(sample).mount})

    def _read(self, sample: str) -> dict[str, Any] | None:
        path = self.path(sample)
        try:
            content = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as wrong:
            raise InvalidInput(f"{path} cannot be read ({wrong}); move it away and register the points anew") from wrong
        if not isinstance(content, dict) or content.get("schema") != SCHEMA:
            raise InvalidInput(f"{path} is no file of {SCHEMA}; move it away and register the points anew")
        return content

    def _write(self, sample: str, news: dict[str, Any]) -> None:
        content = (self._read(sample) or {"schema": SCHEMA, "points": PointStore(sample=sample).state()}) | news
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.path(sample)
        new = path.with_suffix(".new")
        with new.open("w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
