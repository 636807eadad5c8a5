"""A virtual site with a sample, an oracle that clicks on its crystal, and what its scans exposed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from night_support import ROOT, short_shipment

from mxplans.app.session import Session, open_session
from mxplans.geometry import AxisLimits
from mxplans.profile import load_profile


class Site:
    """An open session in virtual time; `truth` after its end."""

    def __init__(self, session: Session, truth_path: Path, documents: list[Any]) -> None:
        self.session, self.profile, self.bl = session, session.profile, session.beamline
        self.limits = AxisLimits.of(session.profile.limits)
        self.geometry = session.profile.goniometer
        self.truth_path, self.documents = truth_path, documents

    def run(self, plan: Any) -> Any:
        """What a plan returns."""
        found: list[Any] = []

        def keep() -> Any:
            found.append((yield from plan))

        self.session.run_engine(keep())
        return found[0]

    def events(self, stream: str) -> list[dict[str, Any]]:
        """Data of a stream's events."""
        streams = {doc["uid"] for name, doc in self.documents if name == "descriptor" and doc["name"] == stream}
        return [doc["data"] for name, doc in self.documents if name == "event" and doc["descriptor"] in streams]

    def scans(self) -> list[dict[str, Any]]:
        """What was exposed; only once the session is over."""
        events = json.loads(self.truth_path.read_text())["events"]
        return [event for event in events if event["kind"] == "scan"]


@contextmanager
def open_site(site: str, folder: Path, pin: int = 1) -> Iterator[Site]:
    """A site of `profiles/` with one pin in its dewar."""
    place = ROOT / "profiles" / site
    profile = load_profile(place / "beamline.yaml")
    out, shipment = folder / "out", short_shipment(folder, pin)  # type: ignore[no-untyped-call]
    documents: list[Any] = []
    with open_session(profile, place / "beamline.yaml", out, shipment, virtual_time=True) as session:
        session.run_engine.subscribe(lambda name, document: documents.append((name, document)))
        yield Site(session, out / "virtual_beamline/truth.json", documents)


def worst_um(scan: dict[str, Any]) -> float:
    """How far the crystal was off the beam."""
    return float(np.abs(scan["crystal_offset_um"]).max())
