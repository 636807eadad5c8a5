"""The tables of the queue file: the tree, its events, and the ledger.

What is kept for good (events, attempts, scans begun and committed, homes) is only ever added to.
"""

from __future__ import annotations

APPLICATION_ID = 0x6D78706C
"""Marks a SQLite file as ours ("mxpl")."""

VERSION = 2
"""Of the tables below; another one is refused."""

TABLES = """
CREATE TABLE session (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    proposal TEXT,
    detail TEXT NOT NULL,
    owner TEXT NOT NULL
) STRICT;

CREATE TABLE sample (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES session (id),
    name TEXT NOT NULL,
    puck INTEGER,
    pin INTEGER,
    position_in_pin INTEGER,
    objects TEXT NOT NULL,
    owner TEXT NOT NULL,
    rank INTEGER NOT NULL,
    UNIQUE (session, name)
) STRICT;
CREATE INDEX sample_place ON sample (session, rank);

CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    sample INTEGER NOT NULL REFERENCES sample (id),
    rank INTEGER NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    kind TEXT NOT NULL,
    number_images INTEGER NOT NULL,
    priority INTEGER,
    enabled INTEGER NOT NULL,
    sample_group TEXT,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    reason TEXT,
    begun_s REAL,
    ended_s REAL,
    scans_done INTEGER NOT NULL DEFAULT 0,
    scans_all INTEGER,
    images_done INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX item_place ON item (sample, rank);
CREATE INDEX item_state ON item (state);
CREATE INDEX item_begun ON item (begun_s) WHERE begun_s IS NOT NULL;
CREATE INDEX item_group ON item (sample_group) WHERE sample_group IS NOT NULL;

CREATE TABLE removed_item (
    uuid TEXT PRIMARY KEY,
    who TEXT NOT NULL,
    time_s REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sample_group (
    session INTEGER NOT NULL REFERENCES session (id),
    name TEXT NOT NULL,
    on_failure_go_on INTEGER NOT NULL,
    PRIMARY KEY (session, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    time_s REAL NOT NULL,
    what TEXT NOT NULL,
    node TEXT NOT NULL,
    session TEXT NOT NULL,
    sample TEXT,
    item_uuid TEXT,
    who TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TABLE experiment (
    item_uuid TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL,
    outcome TEXT,
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE attempt (
    item_uuid TEXT NOT NULL REFERENCES experiment (item_uuid),
    number INTEGER NOT NULL,
    who TEXT NOT NULL,
    time_s REAL NOT NULL,
    PRIMARY KEY (item_uuid, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE scan_begun (
    id INTEGER PRIMARY KEY,
    item_uuid TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    sweep_uuid TEXT NOT NULL,
    first_image INTEGER NOT NULL,
    number_images INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    file_base TEXT NOT NULL,
    time_s REAL NOT NULL,
    FOREIGN KEY (item_uuid, attempt) REFERENCES attempt (item_uuid, number)
) STRICT;
CREATE INDEX scan_begun_key ON scan_begun (item_uuid, sweep_uuid, first_image);

CREATE TABLE scan_committed (
    item_uuid TEXT NOT NULL,
    sweep_uuid TEXT NOT NULL,
    first_image INTEGER NOT NULL,
    number_images INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    run_uid TEXT NOT NULL UNIQUE,
    file_base TEXT NOT NULL,
    time_s REAL NOT NULL,
    PRIMARY KEY (item_uuid, sweep_uuid, first_image),
    UNIQUE (item_uuid, ordinal),
    FOREIGN KEY (item_uuid, attempt) REFERENCES attempt (item_uuid, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE home (
    item_uuid TEXT PRIMARY KEY REFERENCES experiment (item_uuid),
    x_mm REAL NOT NULL,
    y_mm REAL NOT NULL,
    z_mm REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run_number (
    directory TEXT NOT NULL,
    prefix TEXT NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (directory, prefix)
) STRICT, WITHOUT ROWID;
"""
