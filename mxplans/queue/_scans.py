"""What must hold before the ledger writes of a scan, inside the transaction that is open on the connection."""

from __future__ import annotations

import sqlite3

from mxplans.errors import LedgerError
from mxplans.model.sweeps import ScanKey


def experiment_row(connection: sqlite3.Connection, item_uuid: str) -> sqlite3.Row | None:
    """What the ledger holds of an experiment, if it was ever begun."""
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM experiment WHERE item_uuid = ?", (item_uuid,)
    ).fetchone()
    return row


def check_key(key: ScanKey, ordinal: int) -> None:
    """See that images and ordinal count from 1.

    Raises:
        LedgerError: If not.
    """
    if key[1] < 1 or key[2] < 1 or ordinal < 1:
        raise LedgerError(
            f"scan {ordinal} takes {key[2]} images from image {key[1]} of sweep {key[0]}; all count from 1"
        )


def check_free(connection: sqlite3.Connection, item_uuid: str, key: ScanKey, ordinal: int) -> None:
    """See that no frame of a scan is committed.

    Raises:
        LedgerError: If one is, or another scan was committed under the ordinal.
    """
    # Committed scans never overlap: the last one that begins before this one's end tells.
    sweep_uuid, first, number = key
    before = connection.execute(
        "SELECT first_image, number_images, run_uid FROM scan_committed "
        "WHERE item_uuid = ? AND sweep_uuid = ? AND first_image < ? ORDER BY first_image DESC LIMIT 1",
        (item_uuid, sweep_uuid, first + number),
    ).fetchone()
    if before is not None and before["first_image"] + before["number_images"] > first:
        raise LedgerError(
            f"images {first} to {first + number - 1} of sweep {sweep_uuid}: run {before['run_uid']} has committed "
            f"{before['first_image']} to {before['first_image'] + before['number_images'] - 1}; take only what remains"
        )
    taken = connection.execute(
        "SELECT run_uid FROM scan_committed WHERE item_uuid = ? AND ordinal = ?", (item_uuid, ordinal)
    ).fetchone()
    if taken is not None:
        raise LedgerError(f"scan {ordinal} of experiment {item_uuid} was committed by run {taken['run_uid']}")


def check_run_and_files(
    connection: sqlite3.Connection, item_uuid: str, key: ScanKey, ordinal: int, run_uid: str, file_base: str
) -> None:
    """See that a scan was begun with these files and that its run is its own.

    Raises:
        LedgerError: If not.
    """
    begun = connection.execute(
        "SELECT 1 FROM scan_begun WHERE item_uuid = ? AND sweep_uuid = ? AND first_image = ? AND number_images = ? "
        "AND ordinal = ? AND file_base = ?",
        (item_uuid, *key, ordinal, file_base),
    ).fetchone()
    if begun is None:
        raise LedgerError(
            f"scan {ordinal} of experiment {item_uuid} was not begun as {key} with files {file_base}; "
            "call begin_scan with the same values first"
        )
    used = connection.execute("SELECT item_uuid FROM scan_committed WHERE run_uid = ?", (run_uid,)).fetchone()
    if used is not None:
        raise LedgerError(f"run {run_uid} has committed a scan of experiment {used['item_uuid']}; each run commits one")
