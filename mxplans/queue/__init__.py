"""The queue: what people want (a tree), what happened to it (events), and what was really done (the ledger).

All of it lies in one SQLite file that several processes share. It runs nothing: execution is the queue server's.
"""

from mxplans.model.sweeps import ScanKey
from mxplans.queue._accounts import LedgerState, Verification
from mxplans.queue._digest import digest_of
from mxplans.queue.events import EventKind, QueueEvent
from mxplans.queue.ledger import Ledger
from mxplans.queue.nodes import NewSample, NewSession, NextItem
from mxplans.queue.order import execution_order
from mxplans.queue.permissions import Action, Group, may
from mxplans.queue.reader import QueueReader
from mxplans.queue.states import Outcome, State
from mxplans.queue.store import QueueStore

__all__ = [
    "Action",
    "EventKind",
    "Group",
    "Ledger",
    "LedgerState",
    "NewSample",
    "NewSession",
    "NextItem",
    "Outcome",
    "QueueEvent",
    "QueueReader",
    "QueueStore",
    "ScanKey",
    "State",
    "Verification",
    "digest_of",
    "execution_order",
    "may",
]
