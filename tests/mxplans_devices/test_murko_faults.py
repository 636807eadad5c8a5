"""A Murko service that is absent, slow, broken, lying or hostile: a fault that says so, or an image that is not found."""

import os
import pickle
import socket
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from murko_client_support import looks_of, mirrored, saying, serving
from murko_support import Strikes, truth

from mxplans.errors import DeviceFault
from mxplans.model.detection import Box
from mxplans_devices.murko import MurkoDetector
from mxplans_devices.protocols._murko_reply import UnusableReply, read_reply
from mxplans_devices.protocols.murko import LARGEST_REPLY_BYTES
from mxplans_sim.servers.murko.eyes import Eyes
from mxplans_sim.servers.murko.faults import LIES
from mxplans_sim.servers.murko.hostile import TRICKS
from mxplans_sim.servers.murko.reply import make_reply
from mxplans_sim.servers.murko.request import read_request
from mxplans_sim.settings.analysis import MurkoSettings

pytestmark = pytest.mark.usefixtures("no_new_threads")


class Always(Strikes):
    """Faults that strike every time."""

    def take(self, kind, **context):
        return self.kinds.get(kind)


def asked(faults, number=2, **options):
    """Detections of a few looks by a service with faults."""
    recent, looks = looks_of(*[truth()] * number)
    with serving(recent, faults) as address:
        return MurkoDetector(address, **{"timeout_s": 10.0, "connect_timeout_s": 0.3} | options).detect(looks)


def test_nobody_there_is_told_soon():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        detector = MurkoDetector(f"127.0.0.1:{port}", connect_timeout_s=0.1, tries=2)
        _, looks = looks_of(truth())
        begun_s = time.perf_counter()
        with pytest.raises(DeviceFault, match=rf"127.0.0.1:{port}, asked 2 times: nobody listens .*start the service"):
            detector.detect(looks)
        assert time.perf_counter() - begun_s < 2.0


def test_somebody_else_there_is_nobody():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        _, looks = looks_of(truth())
        with pytest.raises(DeviceFault, match="nobody listens there"):
            MurkoDetector(address, connect_timeout_s=0.1, tries=2).detect(looks)


def test_a_missing_answer_is_asked_for_again():
    assert all(each.present for each in asked(Strikes(murko_silent={}), timeout_s=1.0))


def test_a_slow_service_is_waited_for_so_long_and_no_longer():
    recent, looks = looks_of(truth())
    # At a hundred times real time 30 s are 0.3 s.
    with serving(recent, Strikes(murko_slow={"seconds": 30.0}), speed_up=100.0) as address:
        (found,) = MurkoDetector(address, timeout_s=10.0).detect(looks)
        assert found.present
    impatient = {"timeout_s": 0.1, "tries": 2}
    with (
        serving(recent, Always(murko_slow={"seconds": 30.0}), speed_up=100.0) as address,
        pytest.raises(DeviceFault, match=r"asked 2 times: no answer within 0\.1 s"),
    ):
        MurkoDetector(address, **impatient).detect(looks)


def test_a_service_that_died_is_told_and_found_again_when_it_is_back():
    recent, looks = looks_of(truth())
    with serving(recent, Strikes(murko_dead={})) as address:
        detector = MurkoDetector(address, timeout_s=0.3, connect_timeout_s=0.2, tries=2)
        with pytest.raises(DeviceFault, match="nobody listens there"):
            detector.detect(looks)
    port = int(address.split(":")[1])
    with serving(recent, port=port):
        (found,) = MurkoDetector(address, timeout_s=10.0).detect(looks)
    assert found.present


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"murko_empty": {}}, "a dict with nothing in it, without descriptions"),
        ({"murko_wrong_length": {}}, "it described 1 images of 2"),
        ({"murko_wrong_length": {"extra": 3}}, "it described 5 images of 2"),
        ({"murko_partial": {"notion": "descriptions"}}, None),
        ({"murko_partial": {"notion": "loop"}}, "loop is missing"),
        ({"murko_partial": {"notion": "original_shape"}}, "original_shape is not two"),
        ({"murko_partial": {"notion": "prediction_shape"}}, "prediction_shape is not two"),
        ({"murko_partial": {"notion": "hierarchical_mask"}}, "hierarchical_mask is NoneType"),
        ({"murko_partial": {"notion": "most_likely_click"}}, "most_likely_click is no pair"),
        ({"murko_partial": {"notion": "present"}}, "present of the description is None"),
        ({"murko_zero_masks": {}}, "foreground is said to be there, with an empty mask"),
        ({"murko_wrong_shape": {}}, r"hierarchical_mask is \(128, 160\) of uint8"),
        ({"murko_lies": {"lie": "elsewhere"}}, r"foreground is said to be 4 x 4 px at \(5, 5\)"),
        ({"murko_lies": {"lie": "outside"}}, r"the click is at \(1.400, 0.500\)"),
        ({"murko_lies": {"lie": "behind"}}, r"the click is at \(0.020, 0.020\)"),
        ({"murko_lies": {"lie": "absent"}}, "foreground is said to be absent, with"),
        ({"murko_lies": {"lie": "nan"}}, "r of foreground is nan"),
    ],
    ids=str,
)
def test_answers_of_no_use_are_faults_when_they_come_every_time(faults, told):
    if told is None:
        assert all(each.present for each in asked(Always(**faults)))
        return
    with pytest.raises(DeviceFault, match=told):
        asked(Always(**faults), tries=2)


@pytest.mark.parametrize("kind", ["murko_empty", "murko_wrong_length"])
def test_an_answer_about_other_images_is_asked_for_again(kind):
    assert all(each.present for each in asked(Strikes(**{kind: {}})))


def test_axes_that_are_no_numbers_do_not_matter():
    found = asked(Always(murko_nan_axes={}))
    assert all(each.tip_px == pytest.approx((240, 219.5), abs=0.01) for each in found)


def test_one_image_without_a_usable_answer_is_not_found_and_the_others_are():
    bad, good, _ = asked(Strikes(murko_partial={"notion": "crystal", "images": 1}), number=3)
    assert not bad.present
    assert bad.centroid_px is None
    assert bad.reason == "the answer for this image cannot be used: crystal is missing"
    assert bad.evidence == {"answer_used": False}
    assert good.present


def test_an_image_that_is_all_sample_is_not_believed():
    found, _ = asked(Strikes(murko_lies={"lie": "everywhere"}))
    assert not found.present
    assert found.reason == "100 % of the image would be sample, more than 90 % are not believed"
    assert found.evidence == {"answer_used": False}


def test_every_lie_of_the_stand_in_is_found_out():
    for lie in LIES:
        try:
            assert not any(each.present for each in asked(Always(murko_lies={"lie": lie}), tries=1)), lie
        except DeviceFault:
            pass


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick not in ("huge", "memory")])
def test_a_hostile_answer_is_refused_at_once(trick, monkeypatch):
    ran = []
    monkeypatch.setattr(os, "system", ran.append)
    with pytest.raises(DeviceFault, match="nothing of it was run.*find out who answers there"):
        asked(Strikes(murko_hostile={"trick": trick}))
    assert ran == []


def test_an_answer_that_claims_memory_is_no_answer():
    with pytest.raises(DeviceFault, match="it answered with a NoneType"):
        asked(Always(murko_hostile={"trick": "memory"}), tries=2)


def test_an_answer_that_is_too_large_does_not_arrive():
    assert LARGEST_REPLY_BYTES < 80 * 2**20
    with pytest.raises(DeviceFault, match="no answer within"):
        asked(Always(murko_hostile={"trick": "huge"}), tries=1, timeout_s=1.0)


def test_an_answer_in_parts_is_none():
    _, looks = looks_of(truth())
    with saying(lambda content: [b"a", b"b"]) as address, pytest.raises(DeviceFault, match="several parts"):
        MurkoDetector(address, tries=2).detect(looks)


@pytest.fixture(scope="module")
def bench():
    """A service that says what the test puts there, and a detector for it."""
    said = {}
    with saying(lambda content: said["content"]) as address:
        yield said, MurkoDetector(address, tries=1)


@pytest.fixture(scope="module")
def honest():
    recent, looks = looks_of(truth(), mirrored(truth()))
    requests = []

    def hear(content):
        requests.append(content)

    with saying(hear) as address, pytest.raises(DeviceFault):
        MurkoDetector(address, tries=1, timeout_s=0.2).detect(looks)
    request = read_request(requests[0])
    eyes = Eyes(recent, MurkoSettings.model_validate({"edge_um": 0.0, "jitter_um": 0.0}), 5)
    return looks, make_reply(request, [eyes.look(image) for image in request.images])


FUZZ = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(content=st.binary(max_size=200), begin=st.sampled_from([b"", b"\x80\x04", b"\x80\x04}\x8c\x0cdescriptions"]))
def test_any_bytes_end_in_a_fault(bench, honest, content, begin):
    said, detector = bench
    said["content"] = begin + content
    with pytest.raises(DeviceFault):
        detector.detect(honest[0])


junk = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5)
junk |= st.lists(st.integers(-3, 3), max_size=4) | st.dictionaries(st.text(max_size=3), st.integers(), max_size=2)
junk |= st.sampled_from([np.zeros((256, 320), np.uint8), np.ones((256, 320)), np.zeros(0), np.full((256, 320), 7)])


@FUZZ
@given(data=st.data())
def test_any_value_in_any_place_is_a_fault_or_a_look_that_is_within_the_image(bench, honest, data):
    looks, reply = honest
    broken = pickle.loads(pickle.dumps(reply))
    description = broken["descriptions"][0]
    key = data.draw(st.sampled_from(sorted(description)))
    holder = description
    if isinstance(description[key], dict) and data.draw(st.booleans()):
        holder, key = description[key], data.draw(st.sampled_from(sorted(description[key])))
    holder[key] = data.draw(junk)
    said, detector = bench
    said["content"] = pickle.dumps(broken)
    found, other = detector.detect(looks)
    assert other.present
    if found.present:
        assert found.tip_px == pytest.approx((240, 219.5), abs=0.01)
    else:
        assert found.reason
        assert found.centroid_px is None


def test_masks_may_be_of_0_and_255_and_must_lie_in_the_foreground(bench, honest):
    looks, reply = honest
    said, detector = bench
    for description in (changed := pickle.loads(pickle.dumps(reply)))["descriptions"]:
        for notion in description.values():
            if isinstance(notion, dict):
                notion["notion_mask"] = 255 * notion["notion_mask"]
    said["content"] = pickle.dumps(changed)
    assert [each.box_px for each in detector.detect(looks)] == [Box(240, 140, 639, 299), Box(0, 140, 399, 299)]
    changed["descriptions"][0]["crystal"]["notion_mask"] = np.ones((256, 320), np.uint8)
    said["content"] = pickle.dumps(changed)
    lied, _ = detector.detect(looks)
    assert lied.reason.endswith("% of crystal lie outside of the foreground")


@pytest.mark.parametrize(
    "reply", [None, [], {}, {"descriptions": None}, {"descriptions": [1]}, [np.zeros((1, 256, 320, 1))] * 6]
)
def test_other_things_than_replies(reply):
    with pytest.raises(UnusableReply):
        read_reply(reply, 2, (512, 640))
