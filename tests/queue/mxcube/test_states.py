"""Bits of MXCuBE's queue from states and outcomes of ours, and from job statuses of MXLIMS."""

import pytest

from mxplans.queue import Outcome, State
from mxplans.queue.mxcube import state_of


@pytest.mark.parametrize(
    ("state", "outcome", "bits"),
    [
        (State.WAITING, None, 0),
        (State.RUNNING, None, 1),
        (State.ENDED, Outcome.COMPLETED, 4),
        (State.ENDED, Outcome.NOTHING_USEFUL, 0x10),
        (State.ENDED, Outcome.FAILED, 2),
        (State.ENDED, Outcome.ABORTED, 2),
        (State.ENDED, Outcome.SKIPPED, 0),
        ("Ready", None, 0),
        ("Running", None, 1),
        ("Completed", None, 4),
        ("Failed", None, 2),
        ("Aborted", None, 2),
    ],
)
def test_a_state_is_told_in_bits(state, outcome, bits):
    assert state_of(state, outcome) == bits


def test_every_state_and_outcome_has_bits():
    assert {state_of(state) for state in State if state is not State.ENDED} == {0, 1}
    assert all(isinstance(state_of("ended", outcome), int) for outcome in Outcome)


def test_an_ended_item_without_an_outcome_is_refused():
    with pytest.raises(ValueError, match="None"):
        state_of("ended")
