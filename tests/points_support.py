"""A virtual site with its world open: an oracle clicks on places of the sample, the truth says what scans exposed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from bluesky import plan_stubs as bps
from virtual_session import PROFILES, VirtualSession, virtual_session

from mxplans.geometry import AxisLimits, Camera
from mxplans.model.acquisition import Pose
from mxplans.profile import load_profile


class Site:
    """A virtual session, what its profile says, and the documents that came."""

    def __init__(self, session: VirtualSession, site: str) -> None:
        self.session, self.bl, self.run = session, session.bl, session.run
        self.profile = load_profile(PROFILES / site / "beamline.yaml")
        self.limits = AxisLimits.of(self.profile.limits)
        self.geometry = self.profile.goniometer
        self.documents: list[Any] = []
        session.engine.subscribe(lambda name, document: self.documents.append((name, document)))

    @property
    def world(self) -> Any:
        return self.session.world

    def events(self, stream: str) -> list[dict[str, Any]]:
        """Data of a stream's events."""
        streams = {doc["uid"] for name, doc in self.documents if name == "descriptor" and doc["name"] == stream}
        return [doc["data"] for name, doc in self.documents if name == "event" and doc["descriptor"] in streams]

    def rotations(self) -> list[dict[str, Any]]:
        """What rotations exposed."""
        scans = [event for event in self.world.truth.events if event["kind"] == "scan"]
        return [scan for scan in scans if scan["scan"] == "rotation"]

    def crystal_mm(self) -> Any:
        """Centre of the sample's first crystal, in the sample's frame (3,)."""
        return np.array(self.world.specimen.crystals[0].centre_mm)

    def off_beam_um(self, place_mm: Any) -> Any:
        """Where a place of the sample stands from the beam: right, down, behind (3,)."""
        lab = self.world.placement.lab(place_mm)[0]
        return (lab - [0.0, self.world.beam.axis_offset_mm, 0.0]) * 1000


class Oracle:
    """Clicks on a place of the sample, with errors; `extra_px` are added to single clicks by their number."""

    def __init__(self, site: Site, place_mm: Any, sigma_px: float = 1.0, extra_px: Any = None, seed: int = 1) -> None:
        self._site, self._place, self._sigma = site, place_mm, sigma_px
        self._extra, self._rng = extra_px or {}, np.random.default_rng(seed)
        self.clicks = 0

    def __call__(self, image: Any, camera: Camera, pose: Pose) -> tuple[float, float]:
        right_um, down_um, _ = self._site.off_beam_um(self._place)
        pixel = np.array(camera.pixel(right_um / 1000, down_um / 1000)) + self._rng.normal(0, self._sigma, 2)
        pixel += self._extra.get(self.clicks, 0.0)
        self.clicks += 1
        return float(pixel[0]), float(pixel[1])


@contextmanager
def open_site(site: str, folder: Path, **world: Any) -> Iterator[Site]:
    """A site of `profiles/` in virtual time; `world` are changes of its world file."""
    with virtual_session(site, folder, **world) as session:
        yield Site(session, site)


def in_run(plan: Any) -> Any:
    """A plan within an open run, and what it returns."""
    yield from bps.open_run()
    found = yield from plan
    yield from bps.close_run()
    return found


def worst_um(scan: dict[str, Any]) -> float:
    """How far the crystal was off the beam."""
    return float(np.abs(scan["crystal_offset_um"]).max())
