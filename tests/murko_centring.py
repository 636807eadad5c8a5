"""Two pins centred with light on the virtual beamline's servers, Murko among them; prints what came of it as JSON.

A program of its own, since the Channel Access library of a process keeps to the servers that it met first. The service dies
under the second pin.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from fault_support import rule
from night_support import SIM, short_shipment

from mxplans.app.session import Session, open_session
from mxplans.centring.detection import Backgrounds
from mxplans.model import SampleLocation, kinds
from mxplans.model.item import parse_item
from mxplans.profile import load_profile
from mxplans.udc import NightSettings
from mxplans.udc.night import night

SPEED_UP = 5.0
PINS = (1, 2)
DETECTOR = {
    "class": "mxplans.centring.detection:ConsensusDetector",
    "settings": {
        "detectors": [
            {
                "class": "mxplans_devices.murko:MurkoDetector",
                "settings": {"address": "{virtual_beamline.murko_addr}", "timeout_s": 10.0, "tries": 2},
            },
            {"class": "mxplans.centring.detection:ClassicalDetector"},
        ]
    },
}


def prepared(folder: Path) -> Path:
    """A profile whose sample detector is a consensus, and a world in which Murko dies; the profile's path."""
    profile = yaml.safe_load((SIM / "beamline.yaml").read_text())
    profile["speed_up"] = SPEED_UP
    profile["devices"]["sample_detector"] = DETECTOR
    world = yaml.safe_load((SIM / "world.yaml").read_text())
    world["faults"] = [rule("murko_dead", sample="demo-2")]
    (folder / "world.yaml").write_text(yaml.safe_dump(world))
    path = folder / "beamline.yaml"
    path.write_text(yaml.safe_dump(profile, sort_keys=False))
    return path


def centred(session: Session) -> list[dict[str, Any]]:
    """For each pin its verdict, and what its events say."""
    documents: list[Any] = []
    results: list[Any] = []
    session.run_engine.subscribe(lambda name, document: documents.append((name, document)))
    items = [
        parse_item(
            kinds.optical_centring(sample_name=f"demo-{pin}", location=SampleLocation(puck=1, pin=pin)).to_json()
        )
        for pin in PINS
    ]
    settings = NightSettings.from_profile(session.profile)
    kept = Backgrounds.kept_in(session.backgrounds)
    session.run_engine(night(session.beamline, items, settings, report=results.append, backgrounds=kept))
    told = []
    for result in results:
        streams = {doc["uid"] for name, doc in documents if name == "descriptor" and doc["run_start"] == result.run_uid}
        events = [doc["data"] for name, doc in documents if name == "event" and doc["descriptor"] in streams]
        merged = {key: value for data in events for key, value in data.items() if key.startswith("optical_")}
        told.append({"verdict": result.outcome.verdict, "reason": result.outcome.reason, **merged})
    return told


def main(folder: Path) -> None:
    """Centre, and tell with the truth."""
    path = prepared(folder)
    with open_session(load_profile(path), path, folder / "out", short_shipment(folder, *PINS)) as session:
        found = centred(session)
    truth = json.loads((folder / "out/virtual_beamline/truth.json").read_text())["samples"]
    files = len(list((folder / "out/backgrounds").glob("*.png")))
    print(json.dumps({"found": found, "truth": [truth[f"demo-{pin}"] for pin in PINS], "backgrounds": files}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
