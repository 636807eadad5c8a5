"""Reading the journal again."""

from __future__ import annotations

import time
from pathlib import Path

from mxplans.errors import InvalidInput
from mxplans_lims.exporter import _index
from mxplans_lims.exporter._work import OUTBOX_FILE
from mxplans_lims.outbox import Outbox


def replay_from(out: Path, from_run: str | None, target: str | None, resend: bool, forget_ids: bool) -> int:
    """See `mxplans_lims.exporter.replay`."""
    with Outbox(out / "lims" / OUTBOX_FILE) as outbox:
        with outbox.database.read() as connection:
            run = _index.run_at(connection, from_run) if from_run is not None else None
            outer = _index.run_at(connection, run.parent_uid) if run is not None and run.parent_uid else run
            if from_run is not None and outer is None:
                raise InvalidInput(
                    f"{out} has no run {from_run} of an experiment that the exporter has read; give a uid as the "
                    "journal has it, or none to begin at the first"
                )
            offset = outer.start if outer is not None else 0
            items = _index.items_from(connection, offset)
        number = outbox.resend(items, target, forget_ids) if resend or forget_ids else 0
        with outbox.database.write() as connection:
            _index.move_position(connection, offset, time.time())
    return number
