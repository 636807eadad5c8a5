"""The tables of the outbox: steps and identifiers of each target, and how far the exporter has read the journal."""

from __future__ import annotations

APPLICATION_ID = 0x6D78706F
"""Marks a SQLite file as an outbox ("mxpo")."""

VERSION = 1
"""Of the tables below; another one is refused."""

# A step's `waits` counts how often its target was away since it last changed, `faults` how often the target failed as
# no target should. `tried_s` is None as long as nothing of it can have arrived. `left_out`: the record has it no more.
# A target's `place` is where its identifiers hold.
TABLES = """
CREATE TABLE steps (
    target TEXT NOT NULL,
    item_uid TEXT NOT NULL,
    key TEXT NOT NULL,
    place INTEGER NOT NULL,
    payload TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'done', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    waits INTEGER NOT NULL DEFAULT 0,
    faults INTEGER NOT NULL DEFAULT 0,
    next_try_s REAL NOT NULL DEFAULT 0,
    tried_s REAL,
    reason TEXT NOT NULL DEFAULT '',
    left_out INTEGER NOT NULL DEFAULT 0,
    created_s REAL NOT NULL,
    changed_s REAL NOT NULL,
    PRIMARY KEY (target, item_uid, key)
) STRICT;
CREATE INDEX step_order ON steps (target, item_uid, place);
CREATE INDEX step_waiting ON steps (target, waits, created_s, item_uid, place) WHERE state = 'pending';
CREATE INDEX step_open ON steps (target, state) WHERE state <> 'done';
CREATE INDEX step_item ON steps (item_uid);

CREATE VIEW shown_steps AS
SELECT s.*, CASE
    WHEN s.state = 'pending' AND EXISTS (
        SELECT 1 FROM steps AS e
        WHERE e.target = s.target AND e.item_uid = s.item_uid AND e.place < s.place AND e.state = 'dead'
    ) THEN 'held' ELSE s.state END AS shown
FROM steps AS s;

CREATE TABLE remote_ids (
    target TEXT NOT NULL,
    item_uid TEXT NOT NULL,
    key TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    PRIMARY KEY (target, item_uid, key)
) STRICT;

CREATE TABLE targets (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('ready', 'away', 'misconfigured', 'removed')),
    place TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '',
    away_since_s REAL,
    last_success_s REAL,
    last_error TEXT NOT NULL DEFAULT '',
    last_error_s REAL
) STRICT;

CREATE TABLE problems (
    target TEXT NOT NULL,
    item_uid TEXT NOT NULL,
    reason TEXT NOT NULL,
    again INTEGER NOT NULL DEFAULT 0,
    created_s REAL NOT NULL,
    changed_s REAL NOT NULL,
    PRIMARY KEY (target, item_uid)
) STRICT;

CREATE TABLE runs (
    uid TEXT PRIMARY KEY,
    item_uid TEXT NOT NULL,
    parent_uid TEXT,
    start_offset INTEGER NOT NULL,
    stop_offset INTEGER
) STRICT;
CREATE INDEX run_item ON runs (item_uid, start_offset);
CREATE INDEX run_open ON runs (uid) WHERE stop_offset IS NULL;

CREATE TABLE positions (
    consumer TEXT PRIMARY KEY,
    journal TEXT NOT NULL,
    offset INTEGER NOT NULL,
    documents INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    changed_s REAL NOT NULL
) STRICT
"""
