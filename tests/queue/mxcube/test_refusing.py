"""What cannot be taken is refused as a whole, with path, value, what is allowed and what to do, for all tasks at once."""

import math
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mxcube_tasks import collection, interleaved, sample, task

from mxplans.errors import InvalidInput, InvalidTasks
from mxplans.queue.mxcube import read_queue, write_queue


def refused(content, **known):
    with pytest.raises(InvalidTasks) as caught:
        read_queue(content, **known)
    return caught.value


@pytest.mark.parametrize(
    ("wrong", "allowed"),
    [
        ({"num_images": -5}, "1 to 1000000 images"),
        ({"num_images": 0}, "1 to 1000000 images"),
        ({"num_images": 1.5}, "integer"),
        ({"num_images": True}, "integer"),
        ({"exp_time": -1}, "more than 0 to 3600 s"),
        ({"exp_time": "0.1"}, "number"),
        ({"osc_range": 0}, "more than 0 to 10 deg"),
        ({"osc_range": math.nan}, "finite numbers"),
        ({"osc_start": math.inf}, "finite numbers"),
        ({"transmission": 9999}, "more than 0 to 100 %"),
        ({"transmission": 0}, "more than 0 to 100 %"),
        ({"energy": 1e6}, "1 to 100 keV (0 for none)"),
        ({"energy": 12_400.0}, "1 to 100 keV (0 for none)"),
        ({"resolution": -2}, "0.3 to 50 A (0 for none)"),
        ({"detector_distance": 80_000}, "10 to 5000 mm (0 for none)"),
        ({"kappa": 1000}, "-360 to 360 deg"),
        ({"subdir": "../.."}, "a relative path"),
        ({"subdir": "a/../../b"}, "a relative path"),
        ({"subdir": "/etc"}, "a relative path"),
        ({"subdir": "a\x00b"}, "a relative path"),
        ({"subdir": "d" * 300}, "a relative path"),
        ({"prefix": "a/b"}, "1 to 45 letters, digits, _ and -"),
        ({"prefix": "../up"}, "1 to 45 letters, digits, _ and -"),
        ({"prefix": "p" * 300}, "1 to 45 letters, digits, _ and -"),
        ({"prefix": "{WHAT}"}, "1 to 45 letters, digits, _ and -"),
        ({"shape": 7}, "-1 to -1"),
        ({"offset": 89}, "0 deg in a data collection"),
        ({"helical": 1}, "boolean"),
        ({"path": "p" * 5000}, "text of 4096 characters at most"),
    ],
)
def test_a_value_out_of_bounds_is_refused_with_its_path(wrong, allowed):
    (name, value) = next(iter(wrong.items()))
    (problem,) = refused([sample(collection(), collection(**wrong))]).problems
    assert problem.path == f"[0].tasks[1].parameters.{name}"
    assert problem.value is value
    assert problem.allowed.startswith(allowed)
    assert problem.remedy
    assert f"{problem.path} is " in str(problem)


def without(name):
    content = collection()
    del content["parameters"][name]
    return content


@pytest.mark.parametrize(
    ("content", "path", "allowed"),
    [
        (7, "format_version", "a list of samples or tasks"),
        ({"1:05": sample(collection())}, "format_version", "a list"),
        ({"format_version": "0.0.2"}, "format_version", "a list of samples or tasks, or an answer of version 0.0.1"),
        ([7], "[0]", "an object"),
        ([sample(collection()) | {"tasks": {}}], "[0].tasks", "array"),
        ([sample(collection(), sampleID="sample_order")], "[0].sampleID", "text that is none of"),
        ([sample(collection(), location="0:5")], "[0].location", "puck and pin from 1"),
        ([sample(collection(), location="1:2:5")], "[0].location", "puck:pin"),
        ([without("num_images")], "[0].parameters.num_images", "1 to 1000000 images"),
        ([without("exp_time")], "[0].parameters.exp_time", "more than 0 to 3600 s"),
        ([without("osc_range")], "[0].parameters.osc_range", "more than 0 to 10 deg"),
        ([task("Workflow", wfname="x", wfpath="y")], "[0].type", "DataCollection, Interleaved"),
        ([task("GphlWorkflow", wfpath="Gphl")], "[0].type", "DataCollection, Interleaved"),
        ([task("XrayCentering2")], "[0].type", "DataCollection, Interleaved"),
        ([{"sampleID": "1:05", "parameters": {}}], "[0].type", "DataCollection, Interleaved"),
        ([{"type": "DataCollection", "sampleID": "1:05"}], "[0].parameters", "an object"),
        ([collection(wedges=[{}])], "[0].parameters.wedges", "wedges in an Interleaved task only"),
        ([interleaved()], "[0].parameters.wedges", "1 wedge or more"),
        ([interleaved(task("Workflow"))], "[0].parameters.wedges[0].type", "DataCollection"),
        ([interleaved(collection(), images=-1)], "[0].parameters.swNumImages", "1 to 100000 images (0 for none)"),
        ([interleaved(collection(num_images=-1))], "[0].parameters.wedges[0].parameters.num_images", "1 to 1000000"),
        ([interleaved(collection() | {"checked": False})], "[0].parameters.wedges[0].checked", "true"),
        ([collection(helical=True, shape="L1")], "[0].parameters.shape", "a line whose two points are known"),
        ([collection(mesh=True, num_lines=7)], "[0].parameters.num_lines", "what divides num_images, 100"),
        ([collection(mesh=True, num_lines=10)], "[0].parameters.mesh_range.horizontal_range", "more than 0 to 100 mm"),
        ([task("xrf_spectrum")], "[0].parameters.countTime", "more than 0 to 3600 s (0 for none)"),
        ([task("energy_scan", element="selenium", edge="K")], "[0].parameters.element", "the symbol of an element"),
        ([task("energy_scan", element="Se", edge="M")], "[0].parameters.edge", "K, L1, L2, L3"),
        (
            [task("Characterisation", num_images=2, osc_range=1, offset=-2, exp_time=0.1)],
            "[0].parameters.offset",
            "more than -osc_range, -1 deg",
        ),
        ([task("Characterisation", num_images=200, osc_range=1, exp_time=1)], "[0].parameters.num_images", "1 to 100"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_path(content, path, allowed):
    problem = refused(content).problems[0]
    assert problem.path == path
    assert problem.allowed.startswith(allowed)


def test_all_problems_of_all_tasks_are_told_at_once():
    error = refused([sample(collection(num_images=-5), collection(energy=1e6, prefix="a/b")), task("Workflow")])
    assert [problem.path for problem in error.problems] == [
        "[0].tasks[0].parameters.num_images",
        "[0].tasks[1].parameters.energy",
        "[1].type",
    ]
    assert isinstance(error, InvalidInput)
    assert "[0].tasks[0].parameters.num_images is -5; allowed is 1 to 1000000 images: correct it" in str(error)


def test_a_task_that_names_another_sample_is_refused():
    wrong = sample(collection())
    wrong["tasks"][0]["sampleID"] = "2:09"
    (problem,) = refused([wrong]).problems
    assert (problem.path, problem.value) == ("[0].tasks[0].sampleID", "2:09")


def test_nesting_without_end_is_refused_and_needs_no_stack():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    error = refused([collection(what=deep)])
    assert error.problems[0].allowed == "40 levels of nesting"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "num_images",
    "osc_range",
    "exp_time",
    "energy",
    "mesh",
    "helical",
    "mesh_range",
    "num_lines",
    "shape",
    "wedges",
]
TYPES = ["DataCollection", "Interleaved", "Characterisation", "xrf_spectrum", "energy_scan", "Sample", "unload", "?"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(TYPES),
    st.dictionaries(st.sampled_from([*NAMES, "queue_item", "sampleID"]) | st.text(max_size=8), json_values, max_size=6),
    st.dictionaries(st.sampled_from(["sampleID", "tasks", "queueID", "label"]), json_values, max_size=3),
)
def test_whatever_is_posted_is_taken_or_refused_in_words(kind, parameters, fields):
    content = [
        sample(collection() | {"type": kind}),
        task(kind, **{**collection()["parameters"], **parameters}) | fields,
    ]
    before = deepcopy(content)
    try:
        read = read_queue(content)
    except InvalidTasks as error:
        assert error.problems
        assert all(problem.path and problem.allowed and problem.remedy for problem in error.problems)
    else:
        write_queue(read.items)
    assert repr(content) == repr(before)
