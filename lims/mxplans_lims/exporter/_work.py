"""All that works in an exporter: the reader of the journal and a sender for each target."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from mxplans.errors import DeliveryError
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.exporter._exporter import Exporter
from mxplans_lims.exporter._sender import Sender
from mxplans_lims.exporter._targets import TARGETS_FILE, Targets, load_targets
from mxplans_lims.exporter._telling import MISCONFIGURED, Teller
from mxplans_lims.journal import sweep_if_orphaned
from mxplans_lims.outbox import Outbox

log = logging.getLogger(__name__)

OUTBOX_FILE = "outbox.sqlite"
JOURNAL_FILE = "documents.jsonl"
SWEEP_EVERY_S = 5.0
"""Runs without an end are looked after when the journal has been silent for so long."""
STOP_S = 10.0
"""What is being sent may take so long when the process is to end."""


class Work:
    """Reads a night's journal and sends what it means.

    Args:
        out: The night's folder.
        backoff: Between two tries.

    Attributes:
        targets: Those that are usable, and why others are not.
        outbox: What stands between reading and sending.
        fault: What keeps it from reading; empty if nothing does.

    Raises:
        DeliveryError: If the outbox cannot be used.
    """

    def __init__(self, out: Path, backoff: Backoff) -> None:
        lims = out / "lims"
        self.outbox = Outbox(lims / OUTBOX_FILE)
        self.targets = _settled(load_targets(lims / TARGETS_FILE), self.outbox, out)
        self._journal = out / JOURNAL_FILE
        self._senders = [Sender(target, self.outbox, backoff) for target in self.targets.usable.values()]
        teller = Teller(self.targets, out)
        self._exporter = Exporter(self._journal, self.outbox, teller, self._ring)
        self._silent_since_s = time.monotonic()
        self.fault = ""

    def __enter__(self) -> Self:
        self.outbox.recover()
        _announce(self.outbox, self.targets)
        for sender in self._senders:
            sender.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sender in self._senders:
            sender.stop()
        end_s = time.monotonic() + STOP_S
        left = [sender for sender in self._senders if not sender.join(max(0.0, end_s - time.monotonic()))]
        if left:
            # Their threads die with the process; what they send now is sent again, and looked up before.
            log.warning("%d targets did not come to an end within %g s; they are left alone", len(left), STOP_S)
        else:
            self.outbox.close()

    @property
    def documents(self) -> int:
        """Documents of the journal that have been taken."""
        return self._exporter.documents

    def read_on(self, interrupted: Callable[[], bool]) -> bool:
        """Take what has come; True at the end of the journal. What the outbox does not take now, it may later."""
        before = self.documents
        try:
            at_end = self._exporter.read_on(interrupted)
        except (DeliveryError, OSError) as error:
            self._note(error)
            return False
        self.fault = ""
        if self.documents != before:
            self._silent_since_s = time.monotonic()
        return at_end

    def look_after(self) -> None:
        """What is to be done where nothing new has come."""
        try:
            self._exporter.look_after()
        except (DeliveryError, OSError) as error:
            self._note(error)
        if self._exporter.unfinished and time.monotonic() > self._silent_since_s + SWEEP_EVERY_S:
            self.close_orphans()

    def close_orphans(self) -> None:
        """Give runs an end whose process died."""
        self._silent_since_s = time.monotonic()
        sweep_if_orphaned(self._journal)

    def _ring(self) -> None:
        for sender in self._senders:
            sender.ring()

    def _note(self, error: Exception) -> None:
        """Say what does not work, once as long as it stays the same."""
        if str(error) != self.fault:
            log.error("%s", error)
        self.fault = str(error)


def _settled(targets: Targets, outbox: Outbox, out: Path) -> Targets:
    """Keep from their work targets that have delivered elsewhere before: identifiers of there mean other things here."""
    broken = dict(targets.broken)
    for name, target in targets.usable.items():
        place = getattr(target, "place", "")
        before = outbox.settle(name, place)
        if before != place:
            broken[name] = (
                f"it delivers to {place}, in this folder it did to {before}: give it another name in the profile, or, if "
                f"that is the same with another address, mxplans lims replay {out} --target {name} --forget-ids"
            )
            log.error("target %s cannot be used: %s", name, broken[name])
    usable = {name: target for name, target in targets.usable.items() if name not in broken}
    return Targets(usable, broken)


def _announce(outbox: Outbox, targets: Targets) -> None:
    """Note which targets there are; a target that is in order again is told what it could not be told before."""
    known = {status.name for status in outbox.statuses() if not status.name.startswith("(")}
    for name in targets.usable:
        outbox.set_target(name, "ready")
    for name, reason in targets.broken.items():
        outbox.set_target(name, "misconfigured", reason)
    for name in known - targets.usable.keys() - targets.broken.keys():
        outbox.set_target(name, "removed", "it stands in the profile no more")
    with outbox.database.write() as connection:
        connection.executemany(
            "UPDATE problems SET again = 1 WHERE target = ? AND reason LIKE ?",
            [(name, f"{MISCONFIGURED}%") for name in (known | targets.usable.keys()) - targets.broken.keys()],
        )
