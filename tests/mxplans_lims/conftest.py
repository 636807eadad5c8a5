"""A small night: documents of a real RunEngine that follow the contract, with frames in real files."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest
from bluesky import RunEngine
from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from event_model import compose_stream_resource
from jsonschema import Draft202012Validator
from mxlims_support import SCHEMAS
from mxlims_support import validator as message_validator
from ophyd import Component as Cpt
from ophyd import Device, Signal
from ophyd.status import Status

from mxplans.model.experiments import CollectionSweep, Scan
from mxplans.model.item import QueueItem
from mxplans.model.message import parse_message
from mxplans.model.queue import build_queue
from mxplans.model.sweeps import Position, Sweep
from mxplans.plans import documents as contract
from mxplans.plans.collecting import role_of
from mxplans.plans.motion import grid_of
from mxplans.plans.record import Record
from mxplans_lims.journal import Journal

NY, NX = 48, 40
ROWS, COLUMNS = 3, 4
IMAGES, IMAGES_PER_FILE = 10, 6
ROBOT_START_S = 1.75e9
SWEEP = Sweep(number_images=IMAGES, image_width_deg=0.2, exposure_s=0.01, transmission_frac=0.5, prefix="osc")


class SameRecord(Record):
    """The RunEngine wants the same object in every event of a stream: records with the same keys are the same."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameRecord) and hash(self) == hash(other)

    def __hash__(self) -> int:
        return hash((self.name, frozenset(self.describe())))


def record(stream: str, values: dict[str, Any], *readables: Any) -> Any:
    yield from bps.create(name=stream)
    for readable in ([SameRecord(values, stream)] if values else []) + list(readables):
        yield from bps.read(readable)
    yield from bps.save()


class FlyDetector(Device):
    """Writes bitshuffle-LZ4 HDF5 files, several for one series, and leads to them by stream documents."""

    exposure_s = Cpt(Signal, value=0.0101, kind="config")
    energy_ev = Cpt(Signal, value=12700.0, kind="config")
    distance_mm = Cpt(Signal, value=150.2, kind="config")
    omega_start_deg = Cpt(Signal, value=0.0, kind="config")
    omega_increment_deg = Cpt(Signal, value=0.2, kind="config")
    beam_centre_x_px = Cpt(Signal, value=20.25, kind="config")
    beam_centre_y_px = Cpt(Signal, value=24.5, kind="config")
    pixel_x_um = Cpt(Signal, value=75.0, kind="config")
    pixel_y_um = Cpt(Signal, value=75.0, kind="config")
    model = Cpt(Signal, value="Small EIGER", kind="config")
    serial_number = Cpt(Signal, value="E-00-0001", kind="config")
    file_base = Cpt(Signal, value="", kind="config")

    def __init__(self, folder: Path, name: str = "detector") -> None:
        super().__init__(name=name)
        self.folder = folder
        self.frames = np.zeros((0, NY, NX), "<u4")
        self._files: list[tuple[Path, int]] = []
        self._emitted = 0

    def series(self, sample: str, prefix: str, number: int, seed: int) -> None:
        """Make the frames of the next series."""
        self.frames = np.random.default_rng(seed).poisson(3, (number, NY, NX)).astype("<u4")
        self.frames[:, 20:23, 15:18] += 500
        self._files, self._emitted = [], 0
        self.file_base.put(f"{sample}/{prefix}")
        folder = self.folder / sample
        folder.mkdir(parents=True, exist_ok=True)
        for first in range(0, number, IMAGES_PER_FILE):
            path = folder / f"{prefix}_data_{first // IMAGES_PER_FILE + 1:06d}.h5"
            part = self.frames[first : first + IMAGES_PER_FILE]
            with h5py.File(path, "w") as file:
                file.create_dataset(
                    "/entry/data/data", data=part, chunks=(1, NY, NX), **hdf5plugin.Bitshuffle(cname="lz4")
                )
            self._files.append((path, len(part)))

    def kickoff(self) -> Status:
        status = Status(self)
        status.set_finished()
        return status

    complete = kickoff

    def describe_collect(self) -> dict[str, Any]:
        key = {"source": "sim", "dtype": "array", "dtype_numpy": "<u4", "shape": [NY, NX], "external": "STREAM:"}
        return {"detector_image": key | {"dims": ["y", "x"]}}

    def get_index(self) -> int:
        return sum(count for _, count in self._files)

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        if self._emitted == len(self._files):
            return
        path, count = self._files[self._emitted]
        self._emitted += 1
        resource, compose_datum = compose_stream_resource(
            mimetype="application/x-hdf5",
            uri=f"file://localhost{path.resolve()}",
            data_key="detector_image",
            parameters={"dataset": "/entry/data/data", "swmr": False, "chunk_shape": [1, NY, NX]},
        )
        yield "stream_resource", resource
        yield "stream_datum", compose_datum({"start": 0, "stop": count})

    def collect(self) -> Iterator[Any]:
        return iter(())


class Goniometer(Device):
    """Readbacks only."""

    x = Cpt(Signal, value=0.11, kind="hinted")
    y = Cpt(Signal, value=-0.05, kind="hinted")
    z = Cpt(Signal, value=0.02, kind="hinted")
    omega = Cpt(Signal, value=12.0, kind="hinted")
    kappa = Cpt(Signal, value=5.0, kind="hinted")
    phi = Cpt(Signal, value=30.0, kind="hinted")


class Beam(Device):
    """Readbacks only."""

    energy = Cpt(Signal, value=12700.0, kind="hinted")
    flux = Cpt(Signal, value=2.0e12, kind="hinted")
    ring_current = Cpt(Signal, value=299.5, kind="hinted")


class Aperture(Device):
    """Readbacks only."""

    beam_size = Cpt(Signal, value=50.0, kind="hinted")


class Viewer(Device):
    """Readbacks only."""

    um_per_px = Cpt(Signal, value=1.2, kind="hinted")
    beam_x_px = Cpt(Signal, value=340.0, kind="hinted")
    beam_y_px = Cpt(Signal, value=256.0, kind="hinted")
    snapshot_file = Cpt(Signal, value="snapshots/none.png", kind="hinted")


@dataclass
class SmallBeamline:
    """Devices with the names of the contract."""

    detector: FlyDetector
    readables: tuple[Any, ...]
    viewer: Viewer
    written: dict[str, np.ndarray[Any, Any]]


def small_beamline(data: Path) -> SmallBeamline:
    return SmallBeamline(
        FlyDetector(data),
        (
            Goniometer(name="goniometer"),
            Beam(name="beam"),
            Signal(name="attenuator", value=0.49),
            Aperture(name="aperture"),
            Signal(name="detector_distance", value=150.25),
        ),
        Viewer(name="viewer"),
        {},
    )


def shipment_items(names: tuple[str, ...], multi: bool = False) -> tuple[QueueItem, ...]:
    def thing(kind: str, name: str, /, **fields: Any) -> dict[str, Any]:
        return {"mxlimsType": kind, "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind}{name}")), **fields}

    def ref(kind: str, number: int) -> dict[str, str]:
        return {"$ref": f"#/{kind}/{kind}{number}"}

    numbered = list(enumerate(names, start=1))
    sample = "MacromoleculeSample"
    content: dict[str, Any] = {
        "version": "0.6.13",
        "Shipment": {"Shipment1": thing("Shipment", "1", proposalCode="mx1")},
        "Dewar": {"Dewar1": thing("Dewar", "1", containerRef=ref("Shipment", 1))},
        "Puck": {"Puck1": thing("Puck", "1", numberPositions=16, containerRef=ref("Dewar", 1))},
        "Macromolecule": {"Macromolecule1": thing("Macromolecule", "1", acronym="Lyso")},
        sample: {
            f"{sample}{n}": thing(sample, m, name=m, parentSampleRef=ref("Macromolecule", 1)) for n, m in numbered
        },
    }
    if multi:
        content["MultiPin"] = {
            "MultiPin1": thing("MultiPin", "1", numberPositions=8, positionInPuck=2, containerRef=ref("Puck", 1))
        }
        content["PinPosition"] = {
            f"PinPosition{n}": thing(
                "PinPosition", m, positionInPin=n, containerRef=ref("MultiPin", 1), sampleRef=ref(sample, n)
            )
            for n, m in numbered
        }
    else:
        content["Pin"] = {
            f"Pin{n}": thing("Pin", m, positionInPuck=n, containerRef=ref("Puck", 1), sampleRef=ref(sample, n))
            for n, m in numbered
        }
    return build_queue(parse_message(content, "test"), SWEEP)


def scan_plan(bl: SmallBeamline, metadata: dict[str, Any], sample: str, prefix: str, number: int) -> Any:
    bl.detector.series(sample, prefix, number, seed=len(bl.written))
    yield from bps.stage(bl.detector)
    uid = yield from bps.open_run(metadata)
    bl.written[uid] = bl.detector.frames
    yield from record(contract.PRE, {}, *bl.readables)
    yield from bps.declare_stream(bl.detector, name="primary", collect=True)
    yield from bps.kickoff(bl.detector, wait=True)
    yield from bps.complete(bl.detector, wait=True)
    for _ in range(-(-number // IMAGES_PER_FILE)):
        yield from bps.collect(bl.detector, name="primary")
    yield from record(contract.POST, {"dose_mgy": 0.25}, bl.readables[1])
    yield from bps.close_run()
    yield from bps.unstage(bl.detector)
    return uid


def _grids(bl: SmallBeamline, context: contract.ScanContext) -> Any:
    volume = str(uuid.uuid4())
    for ordinal, omega in ((1, 12.0), (2, 102.0)):
        pose = {"x_mm": 0.1, "y_mm": 0.0, "z_mm": 0.0, "omega_deg": omega}
        sweep = CollectionSweep(
            uuid=str(uuid.uuid4()),
            role="Centring",
            sweep_type="mesh",
            scan_axis="horizontal",
            exposure_time=0.01,
            image_width=0.02,
            number_images=ROWS * COLUMNS,
            number_lines=ROWS,
            mesh_range=(COLUMNS * 0.02, ROWS * 0.02),
            prefix=f"grid{ordinal}",
        )
        part = Scan(scan_position_start=0.0, first_image_number=1, number_images=ROWS * COLUMNS, ordinal=ordinal)
        grid = {"rows": ROWS, "columns": COLUMNS, "step_um": 20.0, "omega_deg": omega, "snake": True, "centre": pose}
        metadata = contract.scan_metadata("grid", context, sweep, part, grid=grid, volume_scan_uuid=volume)
        plan = scan_plan(bl, metadata, context.sample_name, f"grid{ordinal}", ROWS * COLUMNS)
        yield from bpp.set_run_key_wrapper(plan, "scan")
        score = np.zeros((ROWS, COLUMNS))
        score[1, 2] = 7.5
        values = {"grid_score": score, "grid_n_spots": np.ones((ROWS, COLUMNS)), "grid_ordinal": ordinal}
        yield from record(contract.GRID, values)
    yield from record(
        contract.XRC_RESULT,
        {"xrc_x_mm": 0.11, "xrc_y_mm": -0.05, "xrc_z_mm": 0.02, "xrc_sigma_x_um": 1.5, "xrc_significance": 30.0},
    )


def _phase(name: str, state: str) -> Any:
    yield from record(contract.PHASE, {"phase": name, "state": state})


def _robot(action: str, item: QueueItem) -> Any:
    values = {"robot_action": action, "robot_puck": item.location.puck, "robot_pin": item.location.pin}
    values |= {"robot_code": 0, "robot_message": "done", "robot_start_s": ROBOT_START_S, "robot_barcode": "PIN-1"}
    yield from record(contract.ROBOT, values)


def sample_plan(bl: SmallBeamline, item: QueueItem, verdict: str, fail: bool = False) -> Any:
    uid = yield from bps.open_run(contract.sample_metadata(item, "sim"))
    context = contract.ScanContext(item.sample_name, item.uuid, uid)
    yield from _phase("mount", "begin")
    yield from _robot("LOAD", item)
    yield from _phase("mount", "end")
    if verdict == "COLLECTED":
        bl.viewer.snapshot_file.put(f"snapshots/{item.sample_name}_optical.png")
        point = {"snapshot_point_x_px": 340.0, "snapshot_point_y_px": 256.0}
        yield from record(contract.OPTICAL, {"optical_tip_x_mm": 0.3, "optical_omega_flat_deg": 12.0})
        yield from record(
            contract.SNAPSHOT, {"snapshot_label": "optical", "snapshot_omega_deg": 12.0} | point, bl.viewer
        )
        yield from _phase("xray", "begin")
        yield from _grids(bl, context)
        yield from _phase("xray", "end")
        yield from _phase("collect", "begin")
        if fail:
            raise RuntimeError("the beam is gone")
        part = Scan(scan_position_start=0.0, first_image_number=1, number_images=IMAGES, ordinal=1)
        (sweep,) = item.sweeps
        metadata = contract.scan_metadata("rotation", context, sweep, part)
        yield from bpp.set_run_key_wrapper(scan_plan(bl, metadata, item.sample_name, "osc", IMAGES), "scan")
        yield from _phase("collect", "end")
    reason = {
        "verdict": verdict,
        "verdict_reason": "10 images" if verdict == "COLLECTED" else "nothing <there> & so on",
    }
    yield from record(contract.VERDICT, reason | {"evidence_area_um2": 12.5})
    yield from _robot("UNLOAD", item)
    yield from bps.close_run(exit_status="success")


@dataclass
class Night:
    """A night's folder, what the RunEngine said, and the frames that were written, by run."""

    out: Path
    documents: list[tuple[str, dict[str, Any]]]
    frames: dict[str, np.ndarray[Any, Any]]
    items: tuple[QueueItem, ...]


def run_night(out: Path, verdicts: dict[str, str], broken: str | None = None, multi: bool = False) -> Night:
    items = shipment_items(tuple(verdicts), multi)

    def plans(bl: SmallBeamline) -> Iterator[tuple[Any, bool]]:
        for item, verdict in zip(items, verdicts.values(), strict=True):
            fails = item.sample_name == broken
            yield sample_plan(bl, item, verdict, fails), fails

    return run_plans(out, items, plans)


def run_plans(
    out: Path, items: tuple[QueueItem, ...], plans: Callable[[SmallBeamline], Iterator[tuple[Any, bool]]]
) -> Night:
    """Run plans, each given with whether it fails."""
    (out / "snapshots").mkdir(parents=True)
    bl = small_beamline(out / "data")
    journal = Journal(out / "documents.jsonl")
    engine = RunEngine({})
    documents: list[tuple[str, dict[str, Any]]] = []
    engine.subscribe(lambda name, document: documents.append((name, document)))
    engine.subscribe(journal)
    for plan, fails in plans(bl):
        try:
            engine(plan)
        except RuntimeError:
            if not fails:
                raise
    journal.close()
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join()
    engine.loop.close()
    return Night(out, documents, bl.written, items)


@dataclass(frozen=True)
class Attempt:
    """One attempt at an item.

    Attributes:
        takes: Sweeps that it brings to their end, by their place from 0.
        looks: Whether it finds the loop optically; None does not look.
        centred: Whether it brings the sample in first, with two grids.
        pictures: Labels of those it keeps.
        breaks_in: The sweep within which it ends, None when it comes to a verdict.
    """

    takes: tuple[int, ...] = ()
    looks: bool | None = None
    centred: bool = False
    pictures: tuple[str, ...] = ()
    breaks_in: int | None = None


def _asked_scan(bl: SmallBeamline, context: contract.ScanContext, sweep: Sweep, ordinal: int, breaks: bool) -> Any:
    """All images of a sweep; the first box of a grid scores the number of scans so far, which tells its runs apart."""
    part = Scan(scan_position_start=0.0, first_image_number=1, number_images=sweep.number_images, ordinal=ordinal)
    home = Position(x_mm=0.1, y_mm=0.0, z_mm=0.0)
    more = {} if role_of(sweep) == "rotation" else {"grid": contract.grid_metadata(grid_of(sweep, home))}
    metadata = contract.scan_metadata(role_of(sweep), context, sweep.to_mxlims(), part, **more)
    if breaks:
        yield from bpp.set_run_key_wrapper(bps.open_run(metadata), "scan")
        raise RuntimeError("the worker is gone")
    plan = scan_plan(bl, metadata, context.sample_name, sweep.prefix, sweep.number_images)
    yield from bpp.set_run_key_wrapper(plan, "scan")
    if more:
        score = np.zeros((sweep.number_lines, sweep.images_per_line))
        score[0, 0] = len(bl.written)
        yield from record(contract.GRID, {"grid_score": score, "grid_n_spots": score, "grid_ordinal": ordinal})


def attempt_plan(bl: SmallBeamline, item: QueueItem, number: int, attempt: Attempt) -> Any:
    uid = yield from bps.open_run(contract.sample_metadata(item, "sim", number))
    context = contract.ScanContext(item.sample_name, item.uuid, uid)
    if attempt.looks is not None:
        yield from _phase("optical", "begin")
        if attempt.looks:
            yield from record(contract.OPTICAL, {"optical_tip_x_mm": 0.1 * number})
        yield from _phase("optical", "end")
    if attempt.centred:
        yield from _grids(bl, context)
    for label in attempt.pictures:
        bl.viewer.snapshot_file.put(f"snapshots/{item.sample_name}_{label}.png")
        yield from record(contract.SNAPSHOT, {"snapshot_label": label, "snapshot_omega_deg": 12.0}, bl.viewer)
    yield from _phase("collect", "begin")
    cut_off = () if attempt.breaks_in is None else ((attempt.breaks_in, True),)
    for place, breaks in (*((place, False) for place in attempt.takes), *cut_off):
        yield from _asked_scan(bl, context, item.asked[place], place + 1 + 2 * attempt.centred, breaks)
    yield from _phase("collect", "end")
    yield from record(contract.VERDICT, {"verdict": "COLLECTED", "verdict_reason": f"{item.number_images} images"})
    yield from bps.close_run(exit_status="success")


@pytest.fixture(scope="session")
def small_night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Collected, empty, and one that the beamline failed."""
    out = tmp_path_factory.mktemp("night") / "night"
    verdicts = {"Good": "COLLECTED", "Empty": "EMPTY_MOUNT", "Broken": "COLLECTED"}
    return run_night(out, verdicts, broken="Broken")


@pytest.fixture(scope="session")
def make_night(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Night]:
    """Runs a night of one's own."""
    return lambda verdicts, **options: run_night(tmp_path_factory.mktemp("own") / "night", verdicts, **options)


@pytest.fixture(scope="session")
def make_attempts(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Night]:
    """Runs one item in several attempts, each given by the fields of `Attempt`."""

    def make(item: QueueItem, *attempts: dict[str, Any]) -> Night:
        tries = [Attempt(**fields) for fields in attempts]

        def plans(bl: SmallBeamline) -> Iterator[tuple[Any, bool]]:
            for number, attempt in enumerate(tries, start=1):
                yield attempt_plan(bl, item, number, attempt), attempt.breaks_in is not None

        return run_plans(tmp_path_factory.mktemp("attempts") / "night", (item,), plans)

    return make


@pytest.fixture(scope="session")
def validator() -> Draft202012Validator:
    """Of messages; not the strict one, which is the looser of the two. The schemas are not part of the project."""
    if not (SCHEMAS / "messages").is_dir():
        pytest.skip(f"no MXLIMS schemas at {SCHEMAS}; set MXLIMS_SCHEMAS to their folder")
    return message_validator("messages/MxlimsMessage.json")


@pytest.fixture
def told_crystals(small_night: Night) -> Callable[..., list[tuple[str, dict[str, Any]]]]:
    """Documents of the small night in which its good sample has these crystals and lines instead of one."""

    def documents(crystals: list[dict[str, Any]], lines: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
        found: list[tuple[str, dict[str, Any]]] = []
        result = None
        for name, document in small_night.documents:
            if name == "descriptor" and document["name"] == contract.XRC_RESULT and result is None:
                result = document["uid"]
                found.append((name, document))
                found.append((name, document | {"uid": "lines", "name": contract.XRC_LINE}))
            elif name == "event" and document["descriptor"] == result:
                told = [document | {"data": document["data"] | crystal} for crystal in crystals]
                told += [document | {"descriptor": "lines", "data": line} for line in lines]
                found += [(name, each | {"uid": str(uuid.uuid4())}) for each in told]
            else:
                found.append((name, document))
        return found

    return documents
