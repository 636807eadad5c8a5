"""Messages of runs, as beamlines send them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.servers.zocalo.recipe import BadRecipeError, Groups, RunEnd, RunStart, read_run


def message(**parameters):
    return json.dumps({"recipes": ["mimas"], "parameters": parameters}).encode()


def start(dcid, first=0, number=100, index=0, filename="/dls/sample_1", **more):
    return message(
        event="start",
        ispyb_dcid=dcid,
        filename=filename,
        start_frame_index=first,
        number_of_frames=number,
        message_index=index,
        **more,
    )


def end(dcid):
    return message(event="end", ispyb_dcid=dcid)


def fed(*messages):
    """Data collections of the group after each message that completes one."""
    groups, found = Groups(), []
    for content in messages:
        group = groups.take(content)
        if group is not None:
            found.append(([run.ispyb_dcid for run in group.ordered], group.recipe_parameters))
    return found


def test_a_run_is_read():
    run = read_run(start(5, 60, 40, 1))
    assert run == RunStart(
        ispyb_dcid=5, filename="/dls/sample_1", start_frame_index=60, number_of_frames=40, message_index=1
    )
    assert read_run(message(ispyb_dcid="5", number_of_frames="40")) == RunStart(ispyb_dcid=5, number_of_frames=40)
    assert read_run(end(5)) == read_run(message(dcid=5)) == RunEnd(ispyb_dcid=5)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b"{}",
        b'{"recipes": ["mimas"]}',
        b'{"recipes": "mimas", "parameters": {"event": "end", "ispyb_dcid": 1}}',
        b'{"recipes": ["mimas"], "parameters": [1]}',
        message(event="pause", ispyb_dcid=1),
        message(event="start", ispyb_dcid=1),
        message(event="start", ispyb_dcid=1, number_of_frames=0),
        message(event="start", ispyb_dcid=1, number_of_frames=2.5),
        message(event="start", ispyb_dcid=-1, number_of_frames=1),
        message(event="start", ispyb_dcid=1, number_of_frames=1, start_frame_index=-1),
        message(event="start", ispyb_dcid=1, number_of_frames=1, filename="x" * 5000),
        message(event="end"),
        message(event=["end"], dcid=1),
        b"[" * 100_000,
        b'{"recipes": [], "parameters": {"dcid": 1' + b"0" * 5000 + b"}}",
    ],
)
def test_anything_else_is_refused(content):
    with pytest.raises(BadRecipeError):
        read_run(content)


def test_two_grids_of_a_file_are_one_group_when_both_have_ended():
    both = ([1, 2], {"dcid": 2, "dcgid": 1})
    assert fed(start(1), start(2, 100, 80, 1), end(1), end(2)) == [both]
    assert fed(start(1), start(2, 100, 80, 1), end(2), end(1)) == [both]
    assert fed(start(2, 100, 80, 1), start(1), end(1), end(2)) == [both]  # in any order
    assert fed(start(1), end(1), start(2, 100, 80, 1), end(2)) == [([1], {"dcid": 1, "dcgid": 1}), both]


def test_groups_are_kept_apart():
    other = {"filename": "/dls/sample_2"}
    assert fed(start(1), start(2, **other), end(2), end(1)) == [
        ([2], {"dcid": 2, "dcgid": 2}),
        ([1], {"dcid": 1, "dcgid": 1}),
    ]
    assert fed(start(1, ispyb_dcgid=9), start(2, ispyb_dcgid=9, index=1, **other), end(1), end(2)) == [
        ([1, 2], {"dcid": 2, "dcgid": 9})
    ]
    assert fed(start(1, filename=None), start(2, filename=None), end(2)) == [([2], {"dcid": 2, "dcgid": 2})]


def test_a_file_that_begins_again_is_another_group():
    assert fed(start(1), end(1), start(2), end(2))[1][0] == [2]
    assert fed(start(1), start(2), end(2))[0][0] == [2]  # the first one was never ended


def test_the_end_of_a_run_that_was_not_started_is_refused():
    groups = Groups()
    with pytest.raises(BadRecipeError, match="run 3 ends and was not started"):
        groups.take(end(3))
    groups.take(start(3))
    groups.take(end(3))
    with pytest.raises(BadRecipeError, match="not started"):
        groups.take(end(3))


def test_old_groups_are_forgotten():
    groups = Groups()
    for dcid in range(300):
        groups.take(start(dcid, filename=str(dcid)))
    assert groups.take(end(299)) is not None
    with pytest.raises(BadRecipeError):
        groups.take(end(0))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["event", "ispyb_dcid", "dcid", "filename", "start_frame_index", "number_of_frames"])


@given(JSON | st.fixed_dictionaries({"recipes": JSON, "parameters": st.dictionaries(NAMES, JSON)}))
def test_any_json_is_read_or_refused(content):
    try:
        read_run(json.dumps(content).encode())
    except BadRecipeError:
        pass


@given(st.binary(max_size=50))
def test_any_bytes_are_refused(content):
    with pytest.raises(BadRecipeError):
        read_run(content)
