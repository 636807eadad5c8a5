"""Reading the tree: as a whole, in pages, and in the order of execution. Everything inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from mxplans.queue._rows import WITH_NAMES, item_row
from mxplans.queue.nodes import NextItem
from mxplans.queue.order import Candidate, execution_order, mount_key
from mxplans.queue.states import State


def item_json(row: sqlite3.Row, contents: bool) -> dict[str, Any]:
    """An experiment of the tree as plain JSON."""
    told = {
        "uuid": row["uuid"],
        "kind": row["kind"],
        "state": row["state"],
        "outcome": row["outcome"],
        "reason": row["reason"],
        "enabled": bool(row["enabled"]),
        "priority": row["priority"],
        "sampleGroup": row["sample_group"],
        "owner": row["owner"],
        "numberImages": row["number_images"],
        "imagesDone": row["images_done"],
        "scansDone": row["scans_done"],
        "scansAll": row["scans_all"],
        "begunS": row["begun_s"],
        "endedS": row["ended_s"],
    }
    return {**told, "item": json.loads(row["content"])} if contents else told


def snapshot(connection: sqlite3.Connection, contents: bool) -> list[dict[str, Any]]:
    """The sessions with their samples and experiments, in the order of the tree."""
    experiments: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute("SELECT * FROM item ORDER BY sample, rank, id"):
        experiments.setdefault(row["sample"], []).append(item_json(row, contents))
    samples: dict[int, list[dict[str, Any]]] = {}
    for row in connection.execute("SELECT * FROM sample ORDER BY session, rank, id"):
        samples.setdefault(row["session"], []).append(
            {
                "name": row["name"],
                "location": None if row["puck"] is None else {"puck": row["puck"], "pin": row["pin"]},
                "positionInPin": row["position_in_pin"],
                "owner": row["owner"],
                "experiments": experiments.get(row["id"], []),
            }
        )
    groups: dict[int, dict[str, Any]] = {}
    for row in connection.execute("SELECT * FROM sample_group ORDER BY name"):
        groups.setdefault(row["session"], {})[row["name"]] = {"onFailureGoOn": bool(row["on_failure_go_on"])}
    return [
        {
            "name": row["name"],
            "proposal": row["proposal"],
            "detail": json.loads(row["detail"]),
            "owner": row["owner"],
            "sampleGroups": groups.get(row["id"], {}),
            "samples": samples.get(row["id"], []),
        }
        for row in connection.execute("SELECT * FROM session ORDER BY id")
    ]


def experiments(connection: sqlite3.Connection, session: str) -> list[dict[str, Any]]:
    """The experiments of a session in the order of the tree, with their contents and the names of their samples."""
    rows = connection.execute(
        f"{WITH_NAMES} WHERE session.name = ? ORDER BY sample.rank, sample.id, item.rank, item.id", (session,)
    )
    return [{"sample": row["sample_name"], **item_json(row, contents=True)} for row in rows]


def order(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Uuids of the experiments that wait and are switched on, as they are to be executed."""
    last: sqlite3.Row | None = connection.execute(
        "SELECT sample.session, sample.id AS sample, puck, pin FROM item JOIN sample ON sample.id = item.sample "
        "WHERE begun_s IS NOT NULL ORDER BY begun_s DESC, item.id DESC LIMIT 1"
    ).fetchone()
    on = tuple(last) if last is not None else (None, None, None, None)
    rows = connection.execute(
        "SELECT item.uuid, sample.session, item.sample, sample.rank AS sample_rank, puck, pin, priority, item.rank, "
        "enabled AND state != ?1 AS counts, enabled AND state = ?2 AS waits "
        "FROM item JOIN sample ON sample.id = item.sample "
        "WHERE state IN (?2, ?3) OR (sample.session = ?4 AND (sample.id = ?5 OR (puck = ?6 AND pin = ?7)))",
        (State.ENDED, State.WAITING, State.RUNNING, *on),
    )
    return execution_order((Candidate(*row) for row in rows), None if last is None else mount_key(*on))


def contents(connection: sqlite3.Connection, uuids: Sequence[str]) -> tuple[NextItem, ...]:
    """Experiments with their content."""
    rows = [item_row(connection, uuid) for uuid in uuids]
    return tuple(
        NextItem(row["uuid"], row["session_name"], row["sample_name"], row["digest"], json.loads(row["content"]))
        for row in rows
    )
