"""The reference of the queue item, generated from the models: a JSON Schema and a page.

`python -m mxplans.model.reference` writes both into `docs/reference/` of the working directory, or into the folder that
it is given.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mxplans.model import kinds
from mxplans.model.extensions import DOMAIN, ExperimentExtension, Kind, SweepExtension
from mxplans.model.item import QueueItem
from mxplans.model.kinds.examples import examples
from mxplans.model.reference_fields import (
    AXES,
    UNITS,
    bounds_of,
    table_of,
    with_choices,
    without_titles,
    write_files,
)
from mxplans.model.sweeps import Position, Sweep

COMMAND = "python -m mxplans.model.reference"
SCHEMA_FILE = "queue-item.schema.json"
PAGE_FILE = "queue-item.md"
_LINE_MOST = 100


def queue_item_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a queue item, with our extensions where they stand.

    >>> queue_item_schema()["required"]
    ['experiment', 'sampleName']
    """
    schema = QueueItem.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = schema.pop("$defs")
    for holder, extension in (("MxExperiment", ExperimentExtension), ("SweepRequest", SweepExtension)):
        own = extension.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions |= own.pop("$defs", {})
        definitions[extension.__name__] = own
        domains = next(part for part in definitions[holder]["properties"]["extensions"]["anyOf"] if "type" in part)
        domains["properties"] = {DOMAIN: {"$ref": f"#/$defs/{extension.__name__}"}}
    head: dict[str, Any] = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": schema.pop("title")}
    described: dict[str, Any] = {name: without_titles(definitions[name]) for name in sorted(definitions)}
    head.update(without_titles(schema), **{"$defs": described})
    return head


def queue_item_page() -> str:
    """The page: each field with unit, bounds and meaning, and each kind with an example (Markdown)."""
    schema = queue_item_schema()
    definitions = schema["$defs"]
    parts = [_HEAD]
    for title, name, text in _SECTIONS:
        part = with_choices(definitions[name] if name else schema, definitions)
        parts.append(f"## {title}\n\n{text}\n\n{table_of(part, UNITS)}")
    parts.append(f"## Axes\n\n{_AXES_TEXT}\n\n{_axes_table()}")
    parts.append(f"## Kinds\n\n{_KINDS_TEXT}")
    parts += [_kind(kind, item) for kind, item in examples().items()]
    return "\n\n".join(parts) + "\n"


def files() -> dict[str, str]:
    """Name and content of each file of the reference."""
    return {SCHEMA_FILE: json.dumps(queue_item_schema(), indent=2) + "\n", PAGE_FILE: queue_item_page()}


def main(folder: Path) -> None:
    """Write the reference into a folder."""
    write_files(folder, files())


_HEAD = f"""# The queue item

<!-- Written by `{COMMAND}`: change the models, not this page. -->

A queue item is one experiment on one crystal position: a JSON object, with the names and units of MXLIMS 0.6.13. What MXLIMS has no field for
stands in `extensions` under `{DOMAIN}`. Field names are camelCase; a field that is not listed here is refused, and so is a number that is
not finite. A missing field has the default of its column; `null` means the same. The [JSON Schema]({SCHEMA_FILE}) says this for programs,
[The life of a queue item](../explanation/queue-item.md) what happens to it. In Python, `mxplans.model.kinds` builds items with units in the
arguments' names, and `mxplans.model.parse_item` reads one."""

_EXPERIMENT_TEXT = """Of a queue item the uuid is the identity: it is the same when the experiment comes out Completed. Over HTTP an
item without one is given one. The times, the status and what is selected and measured are written by whoever runs it."""
_SWEEPS_TEXT = """Images of equal width. Their number is what is asked for; every angle follows from it. `sweepType` is simple, helical,
line, mesh or still; simple and helical need `imageWidth` (up to 10 deg), helical all of sampleX, sampleY and sampleZ at start and end, line
and mesh `meshRange`, of which each step is up to 10 mm (their `imageWidth`, in mm, may be left out). What a type does not follow is refused:
`axisPositionsEnd` but of helical, `meshRange` and `numberLines` but of line and mesh, `imageWidth` of still. A sweep without a uuid gets one that
follows from the experiment's."""

_SECTIONS = (
    ("The item", None, "At most 1000 sweeps and 10 000 000 images in all. Kinds that take no images have no sweeps."),
    (
        "experiment",
        "MxExperiment",
        _EXPERIMENT_TEXT,
    ),
    (
        f"experiment.extensions[{DOMAIN}]",
        "ExperimentExtension",
        "What is to be done, and in which order scans alternate (see [From sweeps to scans](../explanation/scheduling.md)).",
    ),
    (
        "sweeps",
        "SweepRequest",
        _SWEEPS_TEXT,
    ),
    (f"sweeps[].extensions[{DOMAIN}]", "SweepExtension", "What MXLIMS has no field for in a sweep that is asked for."),
    ("location", "SampleLocation", "A place in the sample changer."),
    ("UnitCell", "UnitCell", "A crystal's cell."),
    (
        "Scan",
        "Scan",
        "Images taken without a pause. Of a sweep that is asked for they are left out: the schedule makes them.",
    ),
)
_AXES_TEXT = (
    "What `axisPositionsStart` of a sweep may name, and with the translations `axisPositionsEnd` of a helical one. Omega that is not "
    "named begins at 0 deg; another axis stays where it is, and the detector's distance is the profile's. Give a distance or a `resolution`, not both."
)
_KINDS_TEXT = (
    "The kind stands in the experiment's extension. Each has a builder of its name in `mxplans.model.kinds`, which checks what is asked for "
    "and makes the sweeps. Of sweeps, xray_centring has two of type line or mesh; line, mesh and raster have these types only, helical and stills "
    "their own; all other kinds that take images have simple or helical. Wedges are for sweeps that rotate."
)


def _axes_table() -> str:
    fields = Sweep.model_json_schema()["properties"] | Position.model_json_schema()["properties"]
    rows = ["| axis | unit | bounds |", "|---|---|---|"]
    rows += [f"| `{axis}` | {unit} | {bounds_of(fields[field])} |" for axis, (field, unit) in AXES.items()]
    return "\n".join(rows)


def _kind(kind: Kind, item: QueueItem) -> str:
    builder = getattr(kinds, kind.value)
    summary = (inspect.getdoc(builder) or "").partition("\n")[0]
    return f"### {kind.value}\n\n{summary}\n\n```json\n{_compact(item.to_json())}\n```"


def _compact(value: Any, indent: str = "") -> str:
    """JSON with what fits on a line on one line."""
    line = json.dumps(value)
    if len(line) + len(indent) <= _LINE_MOST or not isinstance(value, dict | list) or not value:
        return line
    inner = ",\n".join(f"{indent}  {key}{_compact(member, indent + '  ')}" for key, member in _members(value))
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return f"{opening}\n{inner}\n{indent}{closing}"


def _members(value: dict[str, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{json.dumps(key)}: ", member) for key, member in value.items())
    else:
        yield from (("", member) for member in value)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference"))
