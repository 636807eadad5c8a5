"""The reference of the documents, generated from the contract's tables.

`python -m mxplans.plans.document_reference` writes it into `docs/reference/` of the working directory, or into the
folder that it is given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from mxplans.model.reference_fields import write_files
from mxplans.plans.document_starts import GRID_FIELDS, SAMPLE_FIELDS, SCAN_FIELDS, Field
from mxplans.plans.document_streams import SCAN_ROLES, STREAMS, UNITS, Key, Stream

COMMAND = "python -m mxplans.plans.document_reference"
PAGE_FILE = "documents.md"

_HEAD = f"""# Documents

<!-- Written by `{COMMAND}`: change the tables in `mxplans/plans/document_*.py`, not this page. -->

What the RunEngine emits, and all that archive, records, LIMS and reports know of a night. Whoever reads documents may
rely on this page, at every beamline: keys are named by role, never by device, and no reader needs a device's own names.
Tests check every document of their nights against the same tables that this page is made of.

- **No document is ever mutated.** Once emitted it stays as it is, for every reader; what is learnt later is a document of
  its own, and what is derived, as a sweep's place in a LIMS, is derived again from the documents each time.
- **Requested and measured are both kept.** What was asked for stands in start documents; what came of it in events, and in
  the detector's stream documents. A frame is counted only if a stream datum announces it.
- **Plain JSON.** MXLIMS objects stand in documents as objects, never as text. Since documents allow neither `.` nor `/` in
  a key and MXLIMS has domains for keys, `%`, `.` and `/` of a key are written `%25`, `%2E` and `%2F`;
  `mxplans.model.document_keys` does it both ways.
- **Times** are seconds since 1970-01-01 00:00 UTC.
- **Units** stand in the descriptors. A recorded key has its unit at its end as well:
  {{units}}; `_frac` is a fraction, 0 to 1."""

_NESTING = """## Runs

One outer run for each attempt at a queue item, with role `sample`; within it one inner run for each scan, with role
`grid`, `rotation` or `still`, whose `parent_uid` is the uid of the outer one.

```text
sample      item_uid, attempt      mx_phase mx_robot mx_optical mx_snapshot ... mx_verdict
├── grid        scan, ordinal 1    mx_pre primary mx_post mx_grid
├── grid        scan, ordinal 2    mx_pre primary mx_post mx_grid
├── rotation    scan, ordinal 3    mx_pre primary mx_post
└── rotation    scan, ordinal 4    mx_pre primary mx_post
```

- Inner runs follow each other: one is closed before the next is opened, and all before the outer run is closed. Events of
  the outer run come while an inner one is open.
- Interleaved sweeps overlap in time, so there is no run for each sweep. Scans of one sweep have the same `sweep_uuid`;
  `scan.ordinal` counts over the whole item and tells their order, `scan.firstImageNumber` their place in the sweep.
- Another attempt at an item has the same `item_uid` and `attempt` one higher. It takes the scans that are not on disk yet.
- A scan by hand has a run of the same form, without `item_uid` and `parent_uid`.
- A run that says nothing in `mxplans` is somebody else's and belongs to no item. Streams of ours in it, as of a point that
  was clicked by hand, have the keys that stand here.

A **stop document** says with `exit_status` how its run ended: `success`; `abort`, by a person or a pause within a scan, which
is then taken again in a run of its own; `fail`, with the fault as `reason`. An item whose sample is bad ends with success
and a verdict that says so; an outer run without a verdict has none because the beamline failed it.

A run **without a stop document** is one that still goes on, or whose process has died. For the second a sweeper says so,
when nobody writes the journal any more: a stop document with `exit_status` `fail` and the reason is put behind everything
else. It is new; nothing that stands there is changed."""

_STARTS = """## Start documents

`plan_name` is the role, `sample_name` the sample's, and an outer run has `beamline`. All else of ours stands in `mxplans`."""

_FRAMES = """The detector leads to its frames by one `stream_resource` per file (`mimetype` application/x-hdf5, `uri` of the file,
`parameters.dataset` within it) and by one `stream_datum` each: `indices` are frames of that file, from 0; `seq_nums` are those
of the scan, from 1 and without a gap from file to file. Frames come in the order of the motion; of a grid `snake` and
`vertical` tell which box a frame is of. The configuration is what the armed detector said of itself; scans that share an
armed series share it."""


def documents_page() -> str:
    """The page (Markdown)."""
    units = ", ".join(f"`_{end}` {unit}" for end, unit in UNITS.items())
    parts = [_HEAD.format(units=units), _NESTING, _STARTS]
    parts.append(f"### Outer run\n\n{_fields(SAMPLE_FIELDS)}")
    parts.append(f"### Inner runs\n\n{_fields(SCAN_FIELDS)}\n\nBesides, of a grid:\n\n{_fields(GRID_FIELDS)}")
    outer = [stream for stream in STREAMS.values() if "sample" in stream.roles]
    inner = [stream for stream in STREAMS.values() if set(stream.roles) & set(SCAN_ROLES)]
    parts.append("## Streams of the outer run")
    parts += [_stream(stream) for stream in outer]
    parts.append("## Streams of inner runs")
    parts += [_stream(stream) for stream in inner]
    return "\n\n".join(parts) + "\n"


def files() -> dict[str, str]:
    """Name and content of each file of the reference."""
    return {PAGE_FILE: documents_page()}


def main(folder: Path) -> None:
    """Write the reference into a folder."""
    write_files(folder, files())


def _fields(fields: Iterable[Field]) -> str:
    rows = ["| field | type | meaning |", "|---|---|---|"]
    for field in fields:
        kind = field.type + (" or null" if field.nullable else "") + ("" if field.required else ", may be missing")
        rows.append(f"| `{field.name}` | {kind} | {field.meaning} |")
    return "\n".join(rows)


def _stream(stream: Stream) -> str:
    only = "" if "sample" in stream.roles or stream.roles == SCAN_ROLES else f" Only of role {', '.join(stream.roles)}."
    parts = [f"### {stream.name}\n\n{stream.meaning}.{only}", _keys(stream.keys)]
    if stream.further is not None:
        parts.append(f"Further numbers begin with `{stream.further}` and have their unit at their end.")
    for device, keys in stream.configuration.items():
        parts.append(f"{_FRAMES}\n\nConfiguration of `{device}`:\n\n{_keys(keys)}")
    return "\n\n".join(parts)


def _keys(keys: Iterable[Key]) -> str:
    rows = ["| key | type | unit | meaning |", "|---|---|---|---|"]
    for key in keys:
        kind = key.dtype + ("" if key.required else ", may be missing")
        rows.append(f"| `{key.name}` | {kind} | {key.units or ''} | {key.meaning} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
