"""Nights that are paused and aborted in the middle of scans, and of what comes before; prints what came of it as JSON.

A program of its own, since the Channel Access library of a process keeps to the servers that it met first.
"""

import contextlib
import json
import sys
import threading
from pathlib import Path

from bluesky.utils import RunEngineInterrupted
from documents_contract import ContractValidator
from night_support import short_profile, short_shipment

from mxplans.app.session import open_session
from mxplans.model import Position, kinds, parse_item
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import load_profile
from mxplans.udc import MountedSample, NightSettings, Work, experiment

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


FROM_THE_ROBOT = parse_item(
    kinds.rotation(
        sample_name="demo-1", location=(1, 1), number_images=20, image_width_deg=0.5, exposure_s=0.02
    ).to_json()
)
BESET = (("set", "sample_changer_load", 1), ("read", "mx_phase", 2), ("set", "goniometer_scan", 2))
"""On the robot's way; when the optical phase has begun, after the end of the mount; in the second grid. Command, device,
and which one of them since the last pause."""


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


class AtEach:
    """Asks the RunEngine for a pause shortly after each of some messages."""

    def __init__(self, session, wanted):
        self.paused_at = []
        self.documents = []
        self._engine = session.run_engine
        self._wanted = list(wanted)
        self._seen = 0
        session.run_engine.msg_hook = self._see
        session.run_engine.subscribe(lambda name, document: self.documents.append((name, document)))

    def _see(self, message):
        if not self._wanted:
            return
        command, device, number = self._wanted[0]
        self._seen += message.command == command and getattr(message.obj, "name", "") == device
        if self._seen == number:
            self._seen = 0
            self.paused_at.append(self._wanted.pop(0)[1])
            threading.Timer(0.1, lambda: self._engine.request_pause(defer=False)).start()

    def grids(self):
        """Ordinal and exit status of each grid's run."""
        ended = {doc["run_start"]: doc["exit_status"] for name, doc in self.documents if name == "stop"}
        starts = [doc for name, doc in self.documents if name == "start" and doc["mxplans"]["role"] == "grid"]
        return [(doc["mxplans"]["scan"]["ordinal"], ended[doc["uid"]]) for doc in starts]


def run(session, work, results, item=ITEM):
    def plan():
        results.append((yield from experiment(session.beamline, item, work)))

    session.run_engine(plan())


def interrupted(session, work, results):
    """Run until the pause; whether there was one."""
    try:
        run(session, work, results)
    except RunEngineInterrupted:
        return session.run_engine.state == "paused"
    return False


def paused_night(session, sample):
    """A pause in the second scan, then on."""
    work, watch, results = (
        Work(NightSettings.from_profile(session.profile), sample, MemoryLedger()),
        AtSecondScan(session),
        [],
    )
    was_paused = interrupted(session, work, results)
    session.run_engine.resume()
    return {"paused": was_paused, "verdict": results[0].outcome.verdict, "runs": watch.runs(), "frames": watch.frames()}


def aborted_night(session, sample):
    """A pause in the second scan, an abort, then the rest."""
    work, watch, results = (
        Work(NightSettings.from_profile(session.profile), sample, MemoryLedger()),
        AtSecondScan(session),
        [],
    )
    was_paused = interrupted(session, work, results)
    session.run_engine.abort("enough")
    runs, committed = watch.runs(), sorted(key[1] for key in work.ledger.committed(ITEM.uuid))
    run(session, work, results)
    return {
        "paused": was_paused,
        "runs": runs,
        "committed": committed,
        "runs_after": watch.runs()[len(runs) :],
        "frames": watch.frames(),
    }


def beset_night(session):
    """A pause on the robot's way, one in optical and one in X-ray centring."""
    work = Work(NightSettings.from_profile(session.profile), MountedSample(), MemoryLedger())
    watch, results = AtEach(session, BESET), []
    try:
        run(session, work, results, FROM_THE_ROBOT)
    except RunEngineInterrupted:
        while session.run_engine.state == "paused":
            with contextlib.suppress(RunEngineInterrupted):
                session.run_engine.resume()
    outcome = results[0].outcome
    return {
        "paused_at": watch.paused_at,
        "verdict": outcome.verdict,
        "reason": outcome.reason,
        "grids": watch.grids(),
    }


def main(folder):
    """The nights, one after the other."""
    path = short_profile(folder, speed_up=10)
    with open_session(load_profile(path), path, folder / "out", short_shipment(folder, 1)) as session:
        contract = ContractValidator()
        session.run_engine.subscribe(contract)
        sample = MountedSample()
        told = {"paused": paused_night(session, sample), "aborted": aborted_night(session, sample)}
        told["beset"] = beset_night(session)
        contract.check()
        print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
