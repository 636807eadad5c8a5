"""Tasks that were posted to MXCuBE, its own answer, and its own schema of an answer.

`MXCUBE_QUEUE` names the folder with `examples.json` and `queue.schema.json`.
"""

import json
import os
from pathlib import Path

import jsonschema
import pytest

from mxplans.model import Position
from mxplans.model.kinds.examples import examples
from mxplans.queue.mxcube import read_queue, write_queue

ROOT = Path(__file__).parents[3]
FOLDER = (ROOT / os.environ.get("MXCUBE_QUEUE", "../shared/mxcube-queue")).resolve()
LINE = (Position(x_mm=-0.1, y_mm=0, z_mm=0), Position(x_mm=0.1, y_mm=0, z_mm=0))
pytestmark = pytest.mark.skipif(
    not (FOLDER / "examples.json").exists(), reason=f"no {FOLDER}/examples.json; MXCUBE_QUEUE names its folder"
)


def content(name):
    return json.loads((FOLDER / name).read_text())


@pytest.fixture(scope="module")
def schema():
    return jsonschema.Draft202012Validator(content("queue.schema.json"))


def problems(schema, answer):
    return [f"{error.json_path}: {error.message}" for error in schema.iter_errors(json.loads(json.dumps(answer)))]


def is_within(posted, answered):
    """Each field that was posted has the same value in the answer; -1 was no number of a node."""
    if isinstance(posted, dict):
        return all(
            name in answered and (is_within(value, answered[name]) or (name, value) == ("queueID", -1))
            for name, value in posted.items()
        )
    if isinstance(posted, list):
        return len(posted) == len(answered) and all(map(is_within, posted, answered))
    return posted == answered


def test_every_field_of_every_posted_task_comes_back(schema):
    posted = content("examples.json")["posted"]
    answer = write_queue(read_queue(posted).items)
    assert problems(schema, answer) == []
    tasks = answer["1:05"]["tasks"]
    assert [task["type"] for task in tasks] == [task["type"] for task in posted]
    assert all(map(is_within, posted, tasks))


def test_an_answer_comes_back_as_it_was(schema):
    answer = content("examples.json")["queue_to_dict"]
    read = read_queue(answer)
    ours = write_queue(read.items, read.states, read.unchecked)
    assert problems(schema, ours) == []
    del answer["add_results"]
    assert ours == answer
    assert "add_results" in {ignored.path for ignored in read.ignored}


def test_items_of_every_kind_make_a_valid_answer_and_those_without_a_task_type_come_back(schema):
    items = list(examples().values())
    answer = write_queue(items)
    assert problems(schema, answer) == []
    # A line is known to MXCuBE by its name alone, so that a helical task cannot be read without it.
    (helical,) = [task for name in answer["sample_order"] for task in answer[name]["tasks"] if is_helical(task)]
    helical["parameters"]["shape"] = "L1"
    back = {item.uuid: item for item in read_queue(answer, points={"L1": LINE}).items}
    assert len(back) == len(items)
    kept = [item for item in items if item.uuid in back]
    assert {item.kind.value for item in kept} >= {"stills", "raster", "xray_centring", "load", "unload"}
    assert all(back[item.uuid] == item for item in kept)
    assert sum(item.number_images for item in back.values()) == sum(item.number_images for item in items)


def is_helical(task):
    return task["parameters"].get("helical") is True


def test_an_empty_queue_has_no_order(schema):
    assert write_queue([]) == {"format_version": "0.0.1"}
    assert problems(schema, write_queue([])) == []
