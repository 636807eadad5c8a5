"""A pause and an abort in the middle of a scan, on the virtual beamline in accelerated time: each image counts once."""

import threading

import pytest
from bluesky.utils import RunEngineInterrupted
from night_support import short_profile, short_shipment

from mxplans.app.session import open_session
from mxplans.model import Position, kinds, parse_item
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import load_profile
from mxplans.schedule import schedule_item
from mxplans.udc import MountedSample, NightSettings, Verdict, Work, experiment

ITEM = parse_item(
    kinds.rotation(
        sample_name="demo-1",
        number_images=120,
        image_width_deg=0.5,
        exposure_s=0.2,  # 40 images take 8 s, a scan 0.8 s of real time at a speed-up of 10
        wedge_images=40,
        position=Position(x_mm=0.05, y_mm=0.02, z_mm=-0.03),
    ).to_json()
)


@pytest.fixture
def session(tmp_path):
    path = short_profile(tmp_path, speed_up=10)
    with open_session(load_profile(path), path, tmp_path / "out", short_shipment(tmp_path, 1)) as session:
        yield session


class AtSecondScan:
    """Asks the RunEngine for a pause while the second scan is being exposed."""

    def __init__(self, session):
        self.documents = []
        self._engine = session.run_engine
        self._kickoffs = 0
        self._timer = None
        session.run_engine.msg_hook = self._see
        session.run_engine.subscribe(lambda name, document: self.documents.append((name, document)))

    def _see(self, message):
        if message.command == "set" and message.obj.name == "goniometer_scan":
            self._kickoffs += 1
            if self._kickoffs == 2:
                self._timer = threading.Timer(0.5, lambda: self._engine.request_pause(defer=False))
                self._timer.start()

    def runs(self):
        """First image and exit status of each scan's run."""
        starts = {doc["uid"]: doc["mxplans"] for name, doc in self.documents if name == "start"}
        stops = [doc for name, doc in self.documents if name == "stop"]
        return [
            (starts[doc["run_start"]]["scan"]["firstImageNumber"], doc["exit_status"])
            for doc in stops
            if starts[doc["run_start"]]["role"] == "rotation"
        ]

    def frames(self):
        """Frames on disk by first image, of the runs that ended well."""
        good = {doc["run_start"] for name, doc in self.documents if name == "stop" and doc["exit_status"] == "success"}
        starts = {doc["uid"]: doc["mxplans"] for name, doc in self.documents if name == "start" and doc["uid"] in good}
        streams = {doc["uid"]: doc["run_start"] for name, doc in self.documents if name == "descriptor"}
        found = {}
        for name, doc in self.documents:
            if name == "stream_datum" and streams[doc["descriptor"]] in starts:
                first = starts[streams[doc["descriptor"]]]["scan"]["firstImageNumber"]
                found[first] = found.get(first, 0) + doc["indices"]["stop"] - doc["indices"]["start"]
        return found


def run(session, work, results):
    def plan():
        results.append((yield from experiment(session.beamline, ITEM, work)))

    session.run_engine(plan())


@pytest.mark.timeout(180)
def test_after_a_pause_the_scan_is_taken_again_and_after_an_abort_the_rest(session):
    work = Work(NightSettings.from_profile(session.profile), MountedSample(), MemoryLedger())
    paused, results = AtSecondScan(session), []
    with pytest.raises(RunEngineInterrupted):
        run(session, work, results)
    assert session.run_engine.state == "paused"
    session.run_engine.resume()
    assert results[0].outcome.verdict is Verdict.COLLECTED
    assert paused.runs() == [(1, "success"), (41, "abort"), (41, "success"), (81, "success")]
    assert paused.frames() == {1: 40, 41: 40, 81: 40}

    work = Work(NightSettings.from_profile(session.profile), work.sample, MemoryLedger())
    aborted = AtSecondScan(session)
    with pytest.raises(RunEngineInterrupted):
        run(session, work, results)
    session.run_engine.abort("enough")
    assert aborted.runs() == [(1, "success"), (41, "abort")]
    assert work.ledger.committed(ITEM.uuid) == {schedule_item(ITEM)[0].key}
    run(session, work, results)
    assert aborted.runs()[2:] == [(41, "success"), (81, "success")]
    assert aborted.frames() == {1: 40, 41: 40, 81: 40}
