"""The journal: every document, one JSON line each, with the operating system before anybody else gets it.

A line is `["name", document]`. The writer never raises into a plan: what the disk does not take now waits in memory
and is written, in order, as soon as it does. Readers keep their own positions, as byte offsets, and live with torn
lines, with documents that come twice and with those that come in another order.
"""

from __future__ import annotations

from mxplans_lims.journal._health import JournalHealth, journal_health
from mxplans_lims.journal._journal import Journal
from mxplans_lims.journal._lines import Document, plain
from mxplans_lims.journal._open_runs import open_runs
from mxplans_lims.journal._reader import (
    Follower,
    Placed,
    journal_identity,
    offset_of_run,
    read_journal,
    read_range,
)
from mxplans_lims.journal._state import JournalState
from mxplans_lims.journal._sweeper import close_open_runs, sweep_if_orphaned

__all__ = [
    "Document",
    "Follower",
    "Journal",
    "JournalHealth",
    "JournalState",
    "Placed",
    "close_open_runs",
    "journal_health",
    "journal_identity",
    "offset_of_run",
    "open_runs",
    "plain",
    "read_journal",
    "read_range",
    "sweep_if_orphaned",
]
