"""The device that waits for identifiers of a LIMS, alone and in a plan."""

import threading
from pathlib import Path

import pytest
from bluesky import plan_stubs as bps
from ophyd.utils import WaitTimeoutError

from mxplans.errors import DeviceFault
from mxplans.roles import LimsIds as Role
from mxplans_lims.delivery import Step
from mxplans_lims.lims_ids import LimsIds
from mxplans_lims.outbox import Outbox, spell

pytestmark = pytest.mark.usefixtures("no_new_threads")
SOON_S = 10.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lims" / "outbox.sqlite"


@pytest.fixture
def outbox(path):
    with Outbox(path) as outbox:
        outbox.set_target("ispyb", "ready")
        outbox.put("item", {"ispyb": spell([Step("group", {}), Step("end", {})])})
        yield outbox


def device(path, **settings):
    return LimsIds(name="lims_ids", outbox=path, target="ispyb", **{"timeout_s": SOON_S, **settings})


def failure(status):
    with pytest.raises(DeviceFault) as caught:
        status.wait(2 * SOON_S)
    return str(caught.value)


def test_it_plays_its_role(path):
    assert isinstance(device(path, otherwise="skip"), Role)
    assert device(path, otherwise="skip").otherwise == "skip"


def test_it_waits_until_the_identifier_is_there(path, outbox):
    lims = device(path)
    status = lims.set("item")
    with pytest.raises(WaitTimeoutError):
        status.wait(0.5)
    outbox.done(outbox.claim("ispyb", 1.0), {"group": "1234", "project": "7"})
    status.wait(SOON_S)
    (reading,) = lims.ids.read().values()
    assert reading["value"] == {"group": "1234", "project": "7"}
    assert lims.ids.read().keys() == lims.ids.describe().keys()


def test_what_was_refused_at_an_earlier_attempt_is_not_the_last_word(path, outbox):
    """The exporter tells the target of the new attempt a moment after its run has begun."""
    outbox.refused(outbox.claim("ispyb", 1.0), "no proposal mx1234")
    status = device(path).set("item")
    with pytest.raises(WaitTimeoutError):
        status.wait(0.5)
    outbox.put("item", {"ispyb": spell([Step("group", {"proposal": "mx4321"}), Step("end", {})])})
    outbox.done(outbox.claim("ispyb", 1.0), {"group": "1234"})
    status.wait(SOON_S)


def test_the_outbox_may_come_later(path):
    lims = device(path)
    status = lims.set("item")
    with pytest.raises(WaitTimeoutError):
        status.wait(0.3)
    with Outbox(path) as outbox:
        outbox.put("item", {"ispyb": spell([Step("group", {})])})
        outbox.done(outbox.claim("ispyb", 1.0), {"group": "1234"})
        status.wait(SOON_S)


def test_it_says_why_nothing_came_in_time(path, outbox):
    outbox.unreachable(outbox.claim("ispyb", 1.0), "no answer from host db", 1.0)
    told = failure(device(path, timeout_s=0.3).set("item"))
    assert "gave no group to item within 0.3 s: it is away: no answer from host db" in told
    assert "the exporter has not made an outbox yet" in failure(
        device(path.with_name("none"), timeout_s=0.3).set("item")
    )


def test_it_does_not_wait_for_what_was_given_up(path, outbox):
    outbox.refused(outbox.claim("ispyb", 1.0), "no proposal mx9; make it")
    assert "group was given up: no proposal mx9; make it" in failure(device(path).set("item"))


def test_it_does_not_wait_for_a_target_that_cannot_be_used(path, outbox):
    outbox.set_target("ispyb", "misconfigured", "its type 'ispby' is not installed")
    assert "misconfigured: its type 'ispby' is not installed" in failure(device(path).set("item"))


def test_stop_ends_the_wait(path, outbox):
    lims = device(path)
    status = lims.set("item")
    with pytest.raises(DeviceFault, match="waits for identifiers already"):
        lims.set("item")
    lims.stop()
    assert "was stopped" in failure(status)
    outbox.done(outbox.claim("ispyb", 1.0), {"group": "1234"})
    lims.set("item").wait(SOON_S)  # it can be asked again


def test_in_a_plan_its_reading_is_a_document(path, outbox, run_engine):
    lims = device(path)

    def give():
        outbox.done(outbox.claim("ispyb", 1.0), {"group": "1234"})

    timer = threading.Timer(0.3, give)
    timer.start()
    found = []

    def plan():
        yield from bps.abs_set(lims, "item", wait=True)
        found.append((yield from bps.read(lims.ids)))

    run_engine(plan())
    timer.join()
    assert found[0]["lims_ids_ids"]["value"] == {"group": "1234"}


@pytest.fixture
def run_engine():
    from bluesky import RunEngine

    engine = RunEngine({})
    yield engine
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join()
    engine.loop.close()
