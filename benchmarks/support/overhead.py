"""What orchestration costs: a collection of one frame with devices that take no time, against a bare run as long."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import Msg, MsgGenerator
from event_model import compose_stream_resource
from ophyd import Device, Signal
from ophyd.status import Status

from mxplans.app.session import running_engine
from mxplans.model import Position, kinds, parse_item
from mxplans.plans.ledger import MemoryLedger
from mxplans.profile import Collection, Limits, OpticalCentring, XrayCentring
from mxplans.roles import Beamline
from mxplans.udc import NightSettings, Work, experiment
from support.meter import Meter

RUNS = 2000
WINDOW = 20
"""Collections whose median stands for the 20th and for the 2000th."""
AT_MOST = 1.5
SAME = 0.2
SETTINGS = NightSettings(
    beamline="instant",
    optical=OpticalCentring(zoom="1"),
    xray=XrayCentring(aperture="Small"),
    collection=Collection(aperture="Medium", distance_mm=100),
    limits=Limits.model_validate(
        {"apertures": {"Medium": {"horizontal_um": 50, "vertical_um": 50}}, "aperture": "Medium"}
    ),
)


class Instant(Signal):
    """Is where it is set to, at once."""

    def set(self, value: Any, **_: Any) -> Status:
        """Be there."""
        self.put(value)
        return _done(self)

    def trigger(self) -> Status:
        """Be done."""
        return _done(self)


class Group(Device):
    """A device of instant signals."""

    def __init__(self, name: str, **parts: Any) -> None:
        super().__init__(name=name)
        for part, value in parts.items():
            setattr(self, part, Instant(name=f"{name}_{part}", value=value))
        self._parts = [getattr(self, part) for part in parts]

    def read(self) -> dict[str, Any]:
        """Values of its parts."""
        return {key: value for part in self._parts for key, value in part.read().items()}

    def describe(self) -> dict[str, Any]:
        """What they are."""
        return {key: value for part in self._parts for key, value in part.describe().items()}

    def set(self, value: Any) -> Status:
        """Be there."""
        return _done(self)


class Motion(Instant):
    """The motion program: has run as soon as it is set."""

    def read(self) -> dict[str, Any]:
        """Nothing to be recorded."""
        return {}

    def describe(self) -> dict[str, Any]:
        """Nothing to be recorded."""
        return {}


class Gonio(Group):
    """A goniometer."""

    def __init__(self) -> None:
        super().__init__("goniometer", omega=0.0, x=0.0, y=0.0, z=0.0)
        self.scan = Motion(name="goniometer_scan", value=0)


class Frames(Device):
    """A detector whose one frame is there already."""

    def __init__(self) -> None:
        super().__init__(name="detector")
        self.sequence_id = Instant(name="detector_sequence_id", value=1)

    def prepare(self, value: Any) -> Status:
        """Be armed."""
        return _done(self)

    def kickoff(self) -> Status:
        """Be ready."""
        return _done(self)

    def complete(self) -> Status:
        """Have the frame."""
        return _done(self)

    def get_index(self) -> int:
        """Frames."""
        return 1

    def describe_collect(self) -> dict[str, Any]:
        """The key of the frame."""
        return {
            "detector_image": {"source": "instant", "dtype": "array", "shape": [8, 8], "external": "STREAM:"},
        }

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        """Where the frame is."""
        resource, datum = compose_stream_resource(
            mimetype="application/x-hdf5", uri="file://localhost/frame.h5", data_key="detector_image", parameters={}
        )
        yield "stream_resource", resource
        yield "stream_datum", datum({"start": 0, "stop": 1})


def _done(device: Any) -> Status:
    status = Status(device)
    status.set_finished()
    return status


def beamline() -> Beamline:
    """Devices that take no time."""
    shutter, backlight = (Instant(name=name, value="") for name in ("fast_shutter", "backlight"))
    return Beamline(
        goniometer=Gonio(),  # type: ignore[arg-type]  # its parts are made at run time
        viewer=Group("viewer"),  # type: ignore[arg-type]  # is not used
        detector=Frames(),
        detector_distance=Instant(name="detector_distance", value=100.0),
        spot_finder=Group("spot_finder"),  # type: ignore[arg-type]  # is not used
        sample_changer=Group("sample_changer", pin_mounted=1),  # type: ignore[arg-type]  # is not used
        fast_shutter=shutter,
        attenuator=Instant(name="attenuator", value=1.0),
        backlight=backlight,
        aperture=Group("aperture", beam_size=50.0),  # type: ignore[arg-type]  # its parts are made at run time
        beam=Group("beam", energy=12658.0, flux=1e12, ring_current=300.0),  # type: ignore[arg-type]  # as above
        sample_detector=Group("sample_detector"),  # type: ignore[arg-type]  # is not used
    )


def collection(bl: Beamline, number: int) -> Callable[[], MsgGenerator[Any]]:
    """The n-th experiment of one frame."""
    here = Position(x_mm=0, y_mm=0, z_mm=0)
    item = parse_item(
        kinds.rotation(
            sample_name=f"one-{number}", number_images=1, image_width_deg=0.1, exposure_s=0.01, position=here
        ).to_json()
    )
    work = Work(SETTINGS, ledger=MemoryLedger())
    return lambda: experiment(bl, item, work)


def bare(bl: Beamline, events: int) -> MsgGenerator[None]:
    """A run within a run with as many events of the same devices, and the same frame, and nothing else."""
    outer = events - 1
    yield from bps.open_run({"plan_name": "bare"})
    for _ in range(outer):
        yield from bps.create(name="mx_phase")
        yield from bps.read(bl.attenuator)
        yield from bps.save()
    yield from bpp.set_run_key_wrapper(_bare_inner(bl), "scan")
    yield from bps.close_run()


def _bare_inner(bl: Beamline) -> MsgGenerator[None]:
    yield from bps.open_run({"plan_name": "bare"})
    yield from bps.create(name="mx_pre")
    for device in (bl.goniometer, bl.beam, bl.attenuator, bl.aperture, bl.detector_distance, bl.fast_shutter):
        yield from bps.read(device)
    yield from bps.save()
    yield from bps.declare_stream(bl.detector, name="primary", collect=True)
    yield Msg("kickoff", bl.detector, group="kickoff")
    yield from bps.wait("kickoff", timeout=10)
    yield Msg("complete", bl.detector, group="complete")
    yield from bps.wait("complete", timeout=10)
    yield from bps.collect(bl.detector, name="primary")
    yield from bps.close_run()


def overhead(meter: Meter) -> None:
    """CPU of a collection of one frame against that of a bare run, at the beginning and after two thousand."""
    bl = beamline()
    with running_engine(asyncio.new_event_loop()) as engine:
        counted: list[str] = []
        token = engine.subscribe(lambda name, document: counted.append(name))
        engine(collection(bl, 0)())
        engine.unsubscribe(token)
        events = counted.count("event")
        taken_s, bare_s = [], []
        for number in range(1, RUNS + 1):
            plan = collection(bl, number)
            taken_s.append(_cpu_s(lambda plan=plan: engine(plan())))  # type: ignore[misc]
            if number % 4 == 0:
                bare_s.append(_cpu_s(lambda: engine(bare(bl, events))))
    early, late = (
        statistics.median(part) * 1e3 for part in (taken_s[20 - WINDOW // 2 : 20 + WINDOW // 2], taken_s[-WINDOW:])
    )
    whole, plain = statistics.median(taken_s) * 1e3, statistics.median(bare_s) * 1e3
    meter.figure("collection_events", events, "events", "", True)
    meter.figure("bare_run_cpu", plain, "ms (median)")
    meter.figure("collection_cpu", whole, "ms (median)")
    meter.figure("collection_over_bare_run", whole / plain, "times", f"<= {AT_MOST}", whole / plain <= AT_MOST)
    meter.figure("collection_cpu_at_20", early, "ms (median of 20)")
    meter.figure("collection_cpu_at_2000", late, "ms (median of 20)")
    meter.figure("growth_to_2000", late / early, "times", f"1 +- {SAME}", abs(late / early - 1) <= SAME)


def _cpu_s(work: Callable[[], Any]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
