"""Several detectors: who agrees, whose answer is taken, and that nobody's fault is swallowed."""

from dataclasses import replace

import numpy as np
import pytest

from mxplans.centring.detection import ConsensusDetector, ask
from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.detection import Detection, Look, Notion
from mxplans.roles import SampleDetector

UM_PER_PX = 2.0
LOOK = Look(np.full((100, 200), 120, np.uint8), UM_PER_PX)


class Said:
    """A detector that says what it is told to."""

    def __init__(self, name, *answers):
        self.name = name
        self.answers = answers

    def detect(self, looks):
        if isinstance(self.answers[0], Exception):
            raise self.answers[0]
        return list(self.answers)


def seen(name, column=50, row=50, score=0.8, tip=True):
    mask = np.zeros((100, 200), bool)
    mask[row - 20 : row + 20, column:] = True
    return Said(name, Detection(name, {Notion.FOREGROUND: mask}, (column, row) if tip else None, score=score))


def silent(name, reason="nothing there"):
    return Said(name, Detection(name, reason=reason))


def asked(*detectors, **options):
    (found,) = ConsensusDetector(detectors, **options).detect([LOOK])
    return found


def test_it_plays_the_role():
    assert isinstance(ConsensusDetector([seen("one")]), SampleDetector)


def test_the_most_trusted_answers_and_agreement_makes_it_surer():
    found = asked(seen("murko", 50, score=0.8), seen("classical", 55, score=0.5))
    assert (found.detector, found.tip_px) == ("consensus", (50, 50))
    assert found.evidence["answer_of"] == "murko" and found.evidence["agreed"] == ["classical"]
    assert found.evidence["tip_distance_um"] == {"classical": pytest.approx(10.0)}
    assert found.evidence["overlap_frac"]["classical"] == pytest.approx(145 / 150)
    assert found.score == pytest.approx(1 - 0.2 * 0.5)


@pytest.mark.parametrize(("off_px", "agree"), [(15, True), (16, False)])
def test_tips_agree_up_to_30_um(off_px, agree):
    found = asked(seen("murko", 50), seen("classical", 50 + off_px))
    assert bool(found.evidence["agreed"]) == agree
    assert (found.score > 0.9) == agree


def test_equal_tips_on_other_things_do_not_agree():
    one, other = seen("murko"), seen("classical")
    other.answers[0].masks[Notion.FOREGROUND][:] = False
    other.answers[0].masks[Notion.FOREGROUND][48:52, 50:] = True
    found = asked(one, other)
    assert found.evidence["disagreed"] == ["classical"]
    assert found.score == 0.2


def test_a_tip_that_one_does_not_tell_contradicts_nothing():
    assert asked(seen("murko", tip=False), seen("classical")).evidence["agreed"] == ["classical"]


def test_two_that_agree_outvote_a_more_trusted_one():
    found = asked(seen("murko", 120), seen("classical", 50), seen("third", 52))
    assert found.evidence["answer_of"] == "classical"
    assert (found.evidence["agreed"], found.evidence["disagreed"]) == (["third"], ["murko"])


def test_where_one_is_silent_the_next_answers_but_is_less_sure():
    found = asked(silent("murko", "present is 0"), seen("classical", score=0.8))
    assert found.evidence["answer_of"] == "classical"
    assert found.evidence["silent"] == {"murko": "present is 0"}
    assert found.score == pytest.approx(0.4)


def test_a_fault_is_told_and_the_next_answers_as_sure_as_it_is():
    found = asked(Said("murko", DeviceFault("no answer in 2 s")), seen("classical", score=0.8))
    assert found.evidence["faults"] == {"murko": "no answer in 2 s"}
    assert found.score == pytest.approx(0.8)


def test_nothing_is_nothing_with_everybody_s_reason():
    found = asked(silent("murko", "present is 0"), silent("classical", "too small"), Said("third", DeviceFault("away")))
    assert not found.present and found.tip_px is None and found.score == 0.0
    assert found.reason == "murko: present is 0; classical: too small"
    assert found.evidence["faults"] == {"third": "away"}


def test_it_is_a_fault_when_nobody_can_be_asked():
    with pytest.raises(DeviceFault, match="murko: away; classical: gone"):
        asked(Said("murko", DeviceFault("away")), Said("classical", DeviceFault("gone")))


@pytest.mark.parametrize(("names", "told"), [((), "none"), (("murko", "murko"), "murko, murko")])
def test_detectors_are_told_apart_by_their_names(names, told):
    with pytest.raises(InvalidInput, match=f"are {told}; there must be one or more"):
        ConsensusDetector([seen(name) for name in names])


def test_a_wrong_number_of_answers_is_a_fault():
    one = seen("murko").answers[0]
    found = asked(Said("murko", one, one), seen("classical"))
    assert "2 answers to 1 looks" in found.evidence["faults"]["murko"]


def test_what_is_wrong_with_the_look_is_no_fault_of_a_detector():
    with pytest.raises(InvalidInput):
        asked(Said("murko", InvalidInput("scale")), seen("classical"))


def test_every_look_has_its_own_answer():
    one, other = seen("murko").answers[0], silent("murko").answers[0]
    found = ConsensusDetector([Said("murko", one, other), Said("classical", other, one)]).detect([LOOK, LOOK])
    assert [each.evidence["answer_of"] for each in found] == ["murko", "classical"]


def test_the_end_of_one_is_a_fault_and_the_other_goes_on():
    found = asked(Said("murko", RuntimeError("index 3")), seen("classical"))
    assert found.evidence["answer_of"] == "classical"
    assert "murko failed at 1 looks: RuntimeError: index 3" in found.evidence["faults"]["murko"]


IMPOSSIBLE = {
    "of the same size": Detection("murko", {Notion.FOREGROUND: np.ones((10, 10), bool)}, (5, 5), score=0.5),
    "of bool": Detection("murko", {Notion.FOREGROUND: np.ones((100, 200), np.uint8)}, (5, 5), score=0.5),
    "a place": replace(seen("murko").answers[0], tip_px=(float("nan"), 5.0)),
    "a place too": replace(seen("murko").answers[0], centroid_px=(float("inf"), 5.0)),
    "a part": replace(seen("murko").answers[0], score=float("nan")),
    "a detection": None,
}


@pytest.mark.parametrize("answer", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_an_answer_is_a_fault(answer):
    assert "look 1 of 1" in asked(Said("murko", answer), seen("classical")).evidence["faults"]["murko"]
    with pytest.raises(DeviceFault, match=r"murko, look 1 of 1: .*; look after its version"):
        ask(Said("murko", answer), [LOOK])


def unused(name):
    return Said(name, Detection(name, reason="half of an answer", evidence={"answer_used": False}))


@pytest.mark.parametrize(
    ("detectors", "answered"),
    [((unused("murko"), unused("other")), False), ((unused("murko"), silent("other")), True)],
)
def test_nothing_is_only_said_where_one_could_tell(detectors, answered):
    assert asked(*detectors).answered == answered


def test_a_background_is_stale_when_one_says_so_whoever_answers():
    stale = Said("classical", replace(seen("classical").answers[0], evidence={"background_stale": True}))
    assert asked(seen("murko"), stale).evidence["background_stale"] is True
    assert "background_stale" not in asked(seen("murko"), seen("classical")).evidence
