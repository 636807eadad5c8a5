"""The archive: the process that takes documents and frames into a catalogue and serves them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from mxplans.app.plugins import load_entry_point
from mxplans.app.services import ServiceProcess
from mxplans.app.session import start_service
from mxplans.errors import InvalidInput, ServiceDied
from mxplans.profile.schema import Archive as ArchiveSection

log = logging.getLogger("mxplans")


class Archive:
    """Follows a night's journal in a process of its own, so that it can neither delay nor fail a plan.

    Args:
        section: Of the profile.
        known: Placeholders.
        out: The night's folder.

    Raises:
        InvalidProfile: If its port is taken or its command cannot be run.
    """

    def __init__(self, section: ArchiveSection, known: Mapping[str, str], out: Path) -> None:
        (out / "logs").mkdir(parents=True, exist_ok=True)
        self._section = section
        self._process: ServiceProcess = start_service("archive", "archive", section.command, section.port, known, out)

    def catch_up(self) -> bool:
        """Wait until every document is taken in; False when the archive has died, which loses nothing."""
        try:
            self._process.wait_for("ready", self._section.ready_timeout_s)
            self._process.tell("flush")
            self._process.wait_for("caught-up", self._section.stop_timeout_s)
        except ServiceDied as error:
            log.warning("%s; the journal has every document: `mxplans tiled` takes them in", error)
            return False
        return True

    def stop(self) -> None:
        """End the process."""
        self._process.stop(self._section.stop_timeout_s)


def serve(outdir: Path, port: int) -> None:
    """Serve a night's folder until Ctrl-C.

    Raises:
        InvalidInput: If the folder holds no night.
    """
    if not (outdir / "documents.jsonl").exists():
        raise InvalidInput(
            f"{outdir} holds no documents.jsonl; give the folder of a night, as `mxplans udc` printed it"
        )
    load_entry_point("mxplans.records", "serve", "records")(outdir.resolve(), port)
