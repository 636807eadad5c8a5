"""A virtual site whose samples are centred with X-rays: what is true of them beside what was found."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from documents_contract import ContractValidator
from fault_support import THIN
from virtual_session import PROFILES, VirtualSession

from mxplans.app.session import build_beamline, disconnect, known_places, running_engine
from mxplans.app.virtual_time import PLAN_PACKAGES, device_packages
from mxplans.centring.detection import Backgrounds
from mxplans.plans.backgrounds import take_backgrounds, wanting
from mxplans.plans.looking import Optics
from mxplans.plans.optical import OpticalCentre, optical_centring
from mxplans.plans.orienting import turn_axes
from mxplans.plans.xray import move_to_candidate, xray_centring
from mxplans.profile import Profile, load_profile
from mxplans_sim.virtual_time import VirtualBeamline


class XraySite(VirtualSession):
    """Centres what hangs on the goniometer, with documents as they come."""

    profile: Profile
    documents: list[Any]

    @property
    def optics(self) -> Optics:
        return Optics(
            self.profile.optical, self.__dict__.setdefault("backgrounds", Backgrounds()), self.profile.goniometer
        )

    def mounted(self, pin: int = 1) -> None:
        """A pin in the light; the backgrounds were taken before it."""
        zooms = wanting(self.bl, self.profile.optical, self.optics.backgrounds)
        self.run(take_backgrounds(self.bl, self.profile.optical, self.optics.backgrounds, zooms))
        self.mount(pin)

    def centred(self, orientation: Any = None, **settings: Any) -> Any:
        """Optical and X-ray centring in an orientation; `settings` change the profile's."""
        if orientation is not None:
            self.run(turn_axes(self.bl, orientation))
        return self.scanned(self.run_optical(), **settings)

    def run_optical(self) -> OpticalCentre:
        """Optical centring alone."""
        optical = self.run(optical_centring(self.bl, self.optics))
        assert isinstance(optical, OpticalCentre), optical
        return optical

    def scanned(self, optical: OpticalCentre, **settings: Any) -> Any:
        """X-ray centring alone."""
        xray = self.profile.xray.model_copy(update=settings)
        geometry = self.profile.goniometer
        return self.run(xray_centring(self.bl, optical, xray, self.profile.collection, geometry=geometry))

    def nearest(self, candidate: Any) -> tuple[int, float]:
        """Which true crystal stands nearest to the beam once a found one was moved there, and how far off (um)."""
        self.run(move_to_candidate(self.bl, candidate, self.profile.limits))
        beam = [0.0, self.world.beam.axis_offset_mm, 0.0]
        off = [
            float(np.linalg.norm(self.world.placement.lab(np.array(crystal.centre_mm))[0] - beam)) * 1000
            for crystal in self.world.specimen.crystals
        ]
        return int(np.argmin(off)), min(off)

    def events(self, stream: str) -> list[dict[str, Any]]:
        """Data of a stream's events."""
        streams = {doc["uid"] for name, doc in self.documents if name == "descriptor" and doc["name"] == stream}
        return [doc["data"] for name, doc in self.documents if name == "event" and doc["descriptor"] in streams]

    def grids(self) -> list[dict[str, Any]]:
        """What the start documents of grids say."""
        starts = [doc["mxplans"] for name, doc in self.documents if name == "start"]
        return [start["grid"] for start in starts if start["role"] == "grid"]


def multi_pin(folder: Path, positions: Sequence[int], number: int) -> Path:
    """A shipment of one pin with several positions, some of them filled."""

    def thing(kind: str, identity: int, **fields: Any) -> dict[str, Any]:
        return {"mxlimsType": kind, "uuid": f"00000000-0000-4000-8000-{identity:012d}", **fields}

    def ref(kind: str, place: int = 1) -> dict[str, str]:
        return {"$ref": f"#/{kind}/{kind}{place}"}

    content = {
        "version": "0.6.13",
        "Shipment": {"Shipment1": thing("Shipment", 1, proposalCode="mx1")},
        "Dewar": {"Dewar1": thing("Dewar", 2, containerRef=ref("Shipment"))},
        "Puck": {"Puck1": thing("Puck", 3, numberPositions=16, positionInDewar=1, containerRef=ref("Dewar"))},
        "MultiPin": {
            "MultiPin1": thing("MultiPin", 4, numberPositions=number, positionInPuck=1, containerRef=ref("Puck"))
        },
        "Macromolecule": {"Macromolecule1": thing("Macromolecule", 5, acronym="Lyso")},
        "MacromoleculeSample": {
            f"MacromoleculeSample{n}": thing(
                "MacromoleculeSample", 10 + n, name=f"multi-{n}", parentSampleRef=ref("Macromolecule")
            )
            for n in positions
        },
        "PinPosition": {
            f"PinPosition{n}": thing(
                "PinPosition",
                20 + n,
                positionInPin=n,
                containerRef=ref("MultiPin"),
                sampleRef=ref("MacromoleculeSample", n),
            )
            for n in positions
        },
    }
    path = folder / "shipment.json"
    path.write_text(json.dumps(content))
    return path


@contextmanager
def xray_site(site: str, folder: Path, shipment: Path | None = None, **world: Any) -> Iterator[XraySite]:
    """A site of `profiles/` in virtual time with small frames of spots; `world` are changes of its world file."""
    place = PROFILES / site
    profile = load_profile(place / "beamline.yaml")
    truth = yaml.safe_load((place / "world.yaml").read_text())
    truth["detector"] |= THIN
    path = folder / "world.yaml"
    path.write_text(json.dumps(truth | world))
    dewar = shipment or place / "shipment.json"
    virtual = VirtualBeamline(path, dewar, folder / "data")
    packages = device_packages(profile)
    with virtual, running_engine(virtual.loop) as engine:
        virtual.take_over(packages, PLAN_PACKAGES)
        virtual.attend(engine)
        known = known_places(profile, place / "beamline.yaml", folder, dewar)
        known |= {f"virtual_beamline.{key}": str(value) for key, value in virtual.start().items()}
        bl = build_beamline(profile, known)
        opened = XraySite(bl, engine, virtual)
        opened.profile, opened.documents = profile, []
        engine.subscribe(lambda name, document: opened.documents.append((name, document)))
        contract = ContractValidator()
        engine.subscribe(contract)
        try:
            yield opened
            contract.check()
        finally:
            disconnect(bl)
            virtual.stop()
