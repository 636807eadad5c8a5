"""A virtual site in this process and in virtual time, with its world open to the test."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from documents_contract import ContractValidator

from mxplans.app.session import build_beamline, disconnect, known_places, running_engine
from mxplans.app.virtual_time import PLAN_PACKAGES, device_packages
from mxplans.model.acquisition import SampleLocation
from mxplans.plans.waiting import set_and_wait
from mxplans.profile import load_profile
from mxplans.roles import BacklightState, Beamline
from mxplans_sim.virtual_time import VirtualBeamline

PROFILES = Path(__file__).parents[1] / "profiles"


@dataclass
class VirtualSession:
    """Beamline and RunEngine, and what stands behind them."""

    bl: Beamline
    engine: Any
    virtual: VirtualBeamline

    @property
    def world(self) -> Any:
        return self.virtual._site.world

    def run(self, plan: Any) -> Any:
        """What a plan returns."""
        found: list[Any] = []

        def keep() -> Any:
            found.append((yield from plan))

        self.engine(keep())
        return found[0]

    def mount(self, pin: int = 1) -> None:
        """A pin of the demo in the light."""

        def plan() -> Any:
            yield from set_and_wait(400.0, self.bl.sample_changer.load, SampleLocation(puck=1, pin=pin))
            yield from set_and_wait(60.0, self.bl.backlight, BacklightState.IN)

        self.engine(plan())


@contextmanager
def virtual_session(site: str, folder: Path, **world: Any) -> Iterator[VirtualSession]:
    """A site of `profiles/`; `world` are changes of its world file."""
    place = PROFILES / site
    profile = load_profile(place / "beamline.yaml")
    path = folder / "world.yaml"
    path.write_text(json.dumps(yaml.safe_load((place / "world.yaml").read_text()) | world))
    virtual = VirtualBeamline(path, place / "shipment.json", folder / "data")
    packages = device_packages(profile)
    with virtual, running_engine(virtual.loop) as engine:
        virtual.take_over(packages, PLAN_PACKAGES)
        virtual.attend(engine)
        known = known_places(profile, place / "beamline.yaml", folder, place / "shipment.json")
        known |= {f"virtual_beamline.{key}": str(value) for key, value in virtual.start().items()}
        bl = build_beamline(profile, known)
        contract = ContractValidator(others=True)
        engine.subscribe(contract)
        try:
            yield VirtualSession(bl, engine, virtual)
            contract.check()
        finally:
            disconnect(bl)
            virtual.stop()
