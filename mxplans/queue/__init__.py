"""The queue: what people want (a tree), what happened to it (events), and what was really done (the ledger).

All of it lies in one SQLite file that several processes share. It runs nothing: execution is the queue server's.
"""

from mxplans.queue._accounts import BegunScan, LedgerState, Verification, highest_run_number
from mxplans.queue._digest import digest_of
from mxplans.queue.events import EventKind, QueueEvent
from mxplans.queue.ledger import Ledger, ScanKey
from mxplans.queue.states import Outcome, State

__all__ = [
    "BegunScan",
    "EventKind",
    "Ledger",
    "LedgerState",
    "Outcome",
    "QueueEvent",
    "ScanKey",
    "State",
    "Verification",
    "digest_of",
    "highest_run_number",
]
