"""Whatever is posted and taken comes back, and what no item says of it was told with its path and value."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from mxcube_tasks import collection, interleaved, sample, task

from mxplans.model import DOMAIN, parse_item
from mxplans.queue.mxcube import read_queue, write_queue
from mxplans.queue.mxcube._fields import NODE, PARAMETERS, SAMPLE

text = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), max_size=12)
said_by_an_item = {
    "num_images": st.integers(1, 1_000_000),
    "osc_start": st.floats(-360, 360),
    "osc_range": st.floats(0.001, 10),
    "exp_time": st.floats(0.0001, 3600),
    "energy": st.just(0) | st.floats(1, 100),
    "resolution": st.none() | st.just(0) | st.floats(0.3, 50),
    "detector_distance": st.just(0) | st.floats(10, 5000),
    "transmission": st.floats(0.001, 100),
    "kappa": st.none() | st.floats(-360, 360),
    "kappa_phi": st.none() | st.integers(-360, 360),
    "take_snapshots": st.integers(0, 8),
    "prefix": st.from_regex(r"[A-Za-z0-9_-]{1,45}", fullmatch=True),
    "inverse_beam": st.booleans(),
    "sub_wedge_size": st.integers(1, 1000),
}
said_by_none = {
    "shape": st.sampled_from(["", -1, "P1", "2DP3"]),
    "subdir": st.sampled_from(["", "x", "LYS/LYS-S-105/"]),
    "first_image": st.integers(0, 100),
    "run_number": st.integers(0, 100),
    "space_group": st.sampled_from(["", "P1", "P212121", "unknown"]),
    "cellA": st.floats(0, 300),
    "num_triggers": st.integers(0, 10),
    "detector_binning_mode": st.none() | text,
    "detector_roi_mode": st.integers(0, 3),
    "shutterless": st.booleans(),
    "taskIndexList": st.none() | st.lists(st.integers(0, 9), max_size=3),
    "diffractionPlan": st.integers(),
    "label": text,
    "type": text,
    "beam_size": st.none() | st.integers(),
}
collections = st.fixed_dictionaries(
    {name: said_by_an_item.pop(name) for name in ("num_images", "osc_range", "exp_time")},
    optional={**said_by_an_item, **said_by_none},
)
spans = st.floats(0.001, 2)
meshes = st.tuples(
    collections, st.integers(2, 50), st.integers(1, 50), spans, spans, st.sampled_from([None, "zig-zag", "top-down"])
).map(
    lambda drawn: (
        drawn[0]
        | {
            "mesh": True,
            "num_lines": drawn[2],
            "num_images": drawn[1] * drawn[2],
            "mesh_range": {"horizontal_range": drawn[3], "vertical_range": drawn[4] if drawn[2] > 1 else 0.0},
            "cell_counting": drawn[5],
        }
    )
)
characterisations = st.builds(
    lambda given, number, offset: given | {"num_images": number, "offset": offset, "strategy_program": "Optimal"},
    collections,
    st.integers(1, 8),
    st.floats(0, 200),
)
tasks = st.one_of(
    collections.map(lambda given: collection(**given)),
    meshes.map(lambda given: collection(**given)),
    characterisations.map(lambda given: task("Characterisation", **given)),
    st.lists(collections.map(lambda given: collection(**given)), min_size=1, max_size=4).map(
        lambda wedges: interleaved(*wedges)
    ),
    collections.map(lambda given: task("xrf_spectrum", **given)),
    collections.map(lambda given: task("energy_scan", element="Se", edge="K", **given)),
)
labelled = st.builds(
    lambda made, fields: made | fields,
    tasks,
    st.fixed_dictionaries({}, optional={"label": text, "name": st.none() | text, "colour": text}),
)
samples = st.builds(
    lambda made, fields: sample(*made, **fields),
    st.lists(labelled, min_size=1, max_size=3),
    st.fixed_dictionaries(
        {},
        optional={
            "sampleName": st.text(min_size=1, max_size=80),
            "location": st.sampled_from(["1:5", "1:05", "Manual", ""]),
            "proteinAcronym": st.none() | text,
            "cellA": st.none() | st.floats(1, 300),
            "loadable": st.booleans(),
            "colour": text,
        },
    ),
)


def leaves(posted, path, fields):
    """Path, name, value and field table of everything that a task or a sample says of itself."""
    for name, value in posted.items():
        at = f"{path}.{name}"
        if name == "parameters":
            yield from leaves(value, at, PARAMETERS[posted["type"]])
        elif name == "wedges" and value:
            for index, wedge in enumerate(value):
                yield from leaves(wedge, f"{at}[{index}]", NODE)
        elif name != "tasks":
            yield at, name, value, fields


def at_path(answer, path):
    for part in path.replace("]", "").replace("[", ".").split("."):
        answer = answer[int(part)] if part.isdigit() else answer.get(part, "missing")
        if answer == "missing":
            break
    return answer


def alone(item):
    """The item as if nothing had been kept with it."""
    content = item.to_json()
    content["experiment"]["extensions"][DOMAIN].pop("mxcube", None)
    return parse_item(content)


def plain(value):
    return json.loads(json.dumps(value))


@settings(max_examples=60, deadline=None)
@given(samples)
def test_what_is_taken_comes_back_and_what_no_item_says_was_told(posted):
    read = read_queue([posted])
    items = [parse_item(plain(item.to_json())) for item in read.items]
    assert items == list(read.items)
    answer = plain(write_queue(items, read.states, read.unchecked))[posted["sampleID"]]
    bare = plain(write_queue([alone(item) for item in items]))
    bare = next(iter(bare.values()))
    told = {ignored.path: ignored.value for ignored in read.ignored}
    everything = list(leaves(posted, "", SAMPLE))
    for index, each in enumerate(posted["tasks"]):
        everything += leaves(each, f".tasks[{index}]", NODE)
    for path, name, value, fields in everything:
        if name == "queueID":
            continue  # -1 is the number of no node
        if name != "colour":
            assert at_path(answer, path[1:]) == value
        default = name in fields and fields[name].default == value
        # Conversions and sums of angles cost a rounding: what comes back to the digit was kept, and needs no telling.
        # Shape -1 is, as no shape, the present position.
        spoken = (
            default
            or (name, value) == ("shape", -1)
            or f"[0]{path}" in told
            or close(at_path(bare, path[1:]), value)
            or name in TOLD_OTHERWISE
        )
        assert spoken, path
    assert all(plain(value) == plain(at_path([posted], f"0{path[3:]}")) for path, value in told.items())


TOLD_OTHERWISE = ("sampleID", "location")
"""Of a sample in no changer its id is told once; a place is the same with and without a leading zero."""


def close(one, other):
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[name], other[name]) for name in one)
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) <= 1e-9 * max(1, abs(other))
    # None is no value to the model: 0 is written for it.
    return one == other or (one == 0 and other is None)
