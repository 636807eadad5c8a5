"""Experiments as a RunEngine tells them, with small frames in real files: much to export in little time.

Run as a program it is a plan process that can be killed at any moment and started again: it goes on with what its
journal does not hold, and says which documents were taken, one line each.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from bluesky import RunEngine
from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import Msg, MsgGenerator
from event_model import compose_stream_resource
from ophyd import Component as Cpt
from ophyd import Device, Signal
from ophyd.status import Status

from mxplans.model import QueueItem, build_queue, parse_message
from mxplans.model.experiments import CollectionSweep, Scan
from mxplans.model.sweeps import Sweep
from mxplans.plans import documents as contract
from mxplans.plans.record import record
from mxplans_lims.journal import Journal, read_journal

SIDE_PX = 32
WEDGES, WEDGE_IMAGES = 3, 4
ROWS, COLUMNS = 2, 3
ENERGIES_EV = (12658.0, 12720.0)
PROPOSAL, SESSION = "mx1234", 2
PINS_PER_PUCK = 16
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://mxplans.example.org/benchmarks/lims")


class Detector(Device):
    """One HDF5 file a scan, written at kickoff."""

    sequence_id = Cpt(Signal, value=0)
    number_images = Cpt(Signal, value=0, kind="config")
    exposure_s = Cpt(Signal, value=0.01, kind="config")
    energy_ev = Cpt(Signal, value=12658.0, kind="config")
    distance_mm = Cpt(Signal, value=150.0, kind="config")
    omega_start_deg = Cpt(Signal, value=0.0, kind="config")
    omega_increment_deg = Cpt(Signal, value=0.1, kind="config")
    beam_centre_x_px = Cpt(Signal, value=16.2, kind="config")
    beam_centre_y_px = Cpt(Signal, value=15.9, kind="config")
    pixel_x_um = Cpt(Signal, value=150.0, kind="config")
    pixel_y_um = Cpt(Signal, value=150.0, kind="config")
    model = Cpt(Signal, value="Eiger of a benchmark", kind="config")
    serial_number = Cpt(Signal, value="E-01-0001", kind="config")
    file_base = Cpt(Signal, value="", kind="config")

    def __init__(self, data: Path) -> None:
        super().__init__(name="detector")
        self._data = data
        self._path = data
        self._told = True

    def aim(self, base: str, number_images: int) -> None:
        """Say what comes next: the path of its files under the data folder, and how many frames."""
        self.file_base.put(base)
        self.number_images.put(number_images)

    def kickoff(self) -> Status:
        """Write the frames."""
        self._path = self._data / f"{self.file_base.get()}_data_000001.h5"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        number = self.number_images.get()
        seed = uuid.uuid5(_NAMESPACE, self.file_base.get()).int % 2**32
        frames = np.random.default_rng(seed).poisson(3, (number, SIDE_PX, SIDE_PX)).astype("<u4")
        # A file that a killed process has left is written anew: nothing tells of it.
        with h5py.File(self._path, "w") as file:
            file.create_dataset("/entry/data/data", data=frames, chunks=(1, SIDE_PX, SIDE_PX), **hdf5plugin.LZ4())
        self._told = False
        return _finished(self)

    def complete(self) -> Status:
        """It is written already."""
        return _finished(self)

    def describe_collect(self) -> dict[str, Any]:
        """Data key of the frames."""
        key = {"source": "sim", "dtype": "array", "dtype_numpy": "<u4", "shape": [SIDE_PX, SIDE_PX]}
        return {"detector_image": key | {"external": "STREAM:", "dims": ["y", "x"]}}

    def collect(self) -> Iterator[Any]:
        """No events."""
        return iter(())

    def get_index(self) -> int:
        """Frames on disk."""
        return int(self.number_images.get())

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        """Where the frames are."""
        if self._told:
            return
        self._told = True
        resource, compose_datum = compose_stream_resource(
            mimetype="application/x-hdf5",
            uri=f"file://localhost{self._path.resolve()}",
            data_key="detector_image",
            parameters={"dataset": "/entry/data/data", "swmr": False, "chunk_shape": [1, SIDE_PX, SIDE_PX]},
        )
        yield "stream_resource", resource
        yield "stream_datum", compose_datum({"start": 0, "stop": self.get_index()})


class Goniometer(Device):
    """Readbacks."""

    x = Cpt(Signal, value=0.11)
    y = Cpt(Signal, value=-0.05)
    z = Cpt(Signal, value=0.02)
    omega = Cpt(Signal, value=12.0)
    kappa = Cpt(Signal, value=0.0)
    phi = Cpt(Signal, value=0.0)


class Beam(Device):
    """Readbacks."""

    energy = Cpt(Signal, value=12658.0)
    flux = Cpt(Signal, value=2.0e12)
    ring_current = Cpt(Signal, value=299.5)


class Aperture(Device):
    """Readbacks."""

    beam_size = Cpt(Signal, value=50.0)


class Site:
    """Devices with the names of the contract."""

    def __init__(self, data: Path) -> None:
        self.detector = Detector(data)
        self.beam = Beam(name="beam")
        self.goniometer = Goniometer(name="goniometer")
        self.readables = (
            self.goniometer,
            self.beam,
            Signal(name="attenuator", value=0.49),
            Aperture(name="aperture"),
            Signal(name="detector_distance", value=150.25),
        )


def _finished(device: Device) -> Status:
    status = Status(device)
    status.set_finished()
    return status


def items(number: int) -> tuple[QueueItem, ...]:
    """Queue items of one shipment, sixteen pins a puck, each with an interleaved sweep at two energies."""
    content: dict[str, Any] = {
        "version": "0.6.13",
        "Shipment": {"Shipment1": _thing("Shipment", 1, proposalCode=PROPOSAL, sessionNumber=SESSION)},
        "Dewar": {"Dewar1": _thing("Dewar", 1, containerRef=_ref("Shipment", 1))},
        "Macromolecule": {"Macromolecule1": _thing("Macromolecule", 1, acronym="Lyso")},
        "Puck": {},
        "MacromoleculeSample": {},
        "Pin": {},
    }
    for count in range(1, number + 1):
        puck = (count - 1) // PINS_PER_PUCK + 1
        content["Puck"][f"Puck{puck}"] = _thing(
            "Puck", puck, numberPositions=PINS_PER_PUCK, positionInDewar=puck, containerRef=_ref("Dewar", 1)
        )
        content["MacromoleculeSample"][f"MacromoleculeSample{count}"] = _thing(
            "MacromoleculeSample", count, name=f"Lyso-{count}", parentSampleRef=_ref("Macromolecule", 1)
        )
        content["Pin"][f"Pin{count}"] = _thing(
            "Pin",
            count,
            positionInPuck=(count - 1) % PINS_PER_PUCK + 1,
            barcode=f"PIN{count:05d}",
            containerRef=_ref("Puck", puck),
            sampleRef=_ref("MacromoleculeSample", count),
        )
    sweep = Sweep(number_images=WEDGES * WEDGE_IMAGES, image_width_deg=0.1, exposure_s=0.01, transmission_frac=0.5)
    return build_queue(parse_message(content, "benchmark"), sweep)


def _thing(kind: str, number: int, **fields: Any) -> dict[str, Any]:
    return {"mxlimsType": kind, "uuid": str(uuid.uuid5(_NAMESPACE, f"{kind}{number}")), **fields}


def _ref(kind: str, number: int) -> dict[str, str]:
    return {"$ref": f"#/{kind}/{kind}{number}"}


def experiment(
    site: Site, item: QueueItem, attempt: int, done: frozenset[str], pause_s: float = 0.0
) -> MsgGenerator[None]:
    """One experiment: robot, two grids, wedges of two energies in turn; scans that are done are left out.

    Args:
        site: The devices.
        item: Whose experiment.
        attempt: Which one.
        done: Files of scans that are told already.
        pause_s: Before each wedge.
    """
    uid = yield Msg("open_run", None, **contract.sample_metadata(item, "benchmark", attempt))
    context = contract.ScanContext(item.sample_name, item.uuid, uid)
    yield from _robot("LOAD", item)
    if not any(set(_grid_files(context, each)) <= done for each in range(1, attempt)):
        yield from _grids(site, context, attempt)
    for ordinal in range(1, WEDGES * len(ENERGIES_EV) + 1):
        wedge, energy = divmod(ordinal - 1, len(ENERGIES_EV))
        base = f"{context.folder(f'e{energy + 1}')}/e{energy + 1}_{wedge + 1}"
        if base in done:
            continue
        yield from bps.sleep(pause_s)
        site.beam.energy.put(ENERGIES_EV[energy])
        site.detector.energy_ev.put(ENERGIES_EV[energy])
        sweep = CollectionSweep(
            uuid=str(uuid.uuid5(_NAMESPACE, f"{item.uuid}/{energy}")),
            sweep_type="simple",
            scan_axis="omega",
            exposure_time=0.01,
            image_width=0.1,
            number_images=WEDGES * WEDGE_IMAGES,
            energy=ENERGIES_EV[energy],
            prefix=f"e{energy + 1}",
        )
        part = Scan(
            scan_position_start=0.1 * wedge * WEDGE_IMAGES,
            first_image_number=wedge * WEDGE_IMAGES + 1,
            number_images=WEDGE_IMAGES,
            ordinal=ordinal,
        )
        metadata = contract.scan_metadata("rotation", context, sweep, part)
        yield from bpp.set_run_key_wrapper(_scan(site, metadata, base, WEDGE_IMAGES), "scan")
    yield from record(contract.VERDICT, {"verdict": "COLLECTED", "verdict_reason": "all wedges are on disk"})
    yield from _robot("UNLOAD", item)
    yield Msg("close_run", None, exit_status="success", reason=None)


def _robot(action: str, item: QueueItem) -> MsgGenerator[None]:
    if item.location is None:
        raise ValueError(f"{item.sample_name} has no place in the sample changer")
    values = {"robot_action": action, "robot_puck": item.location.puck, "robot_pin": item.location.pin}
    yield from record(contract.ROBOT, {**values, "robot_code": 0, "robot_message": "done"})


def _grid_files(context: contract.ScanContext, attempt: int) -> tuple[str, str]:
    first, second = (f"{context.folder(f'grid{number}')}/grid{number}_{attempt}" for number in (1, 2))
    return first, second


def _grids(site: Site, context: contract.ScanContext, attempt: int) -> MsgGenerator[None]:
    """Both grids: a centring that was broken off is made anew."""
    volume = str(uuid.uuid5(_NAMESPACE, f"{context.item_uid}/volume{attempt}"))
    for number, base in enumerate(_grid_files(context, attempt), start=1):
        sweep = CollectionSweep(
            uuid=str(uuid.uuid5(_NAMESPACE, f"{context.item_uid}/{base}")),
            role="Centring",
            sweep_type="mesh",
            scan_axis="horizontal",
            exposure_time=0.01,
            image_width=0.02,
            number_images=ROWS * COLUMNS,
            number_lines=ROWS,
            mesh_range=(COLUMNS * 0.02, ROWS * 0.02),
            prefix=f"grid{number}",
        )
        part = Scan(scan_position_start=0.0, first_image_number=1, number_images=ROWS * COLUMNS, ordinal=number)
        centre = {"x_mm": 0.1, "y_mm": 0.0, "z_mm": 0.0, "omega_deg": 90.0 * (number - 1)}
        grid = {"rows": ROWS, "columns": COLUMNS, "step_um": 20.0, "omega_deg": centre["omega_deg"], "snake": True}
        metadata = contract.scan_metadata(
            "grid", context, sweep, part, grid={**grid, "centre": centre}, volume_scan_uuid=volume
        )
        score = np.arange(ROWS * COLUMNS, dtype=float).reshape(ROWS, COLUMNS)
        values = {"grid_score": score, "grid_n_spots": score}
        yield from bpp.set_run_key_wrapper(_scan(site, metadata, base, ROWS * COLUMNS, values), "scan")
    place = {"xrc_x_mm": 0.11, "xrc_y_mm": -0.05, "xrc_z_mm": 0.02, "xrc_sigma_x_um": 1.5, "xrc_significance": 30.0}
    yield from record(contract.XRC_RESULT, place)


def _scan(
    site: Site, metadata: Mapping[str, Any], base: str, number: int, scores: Mapping[str, Any] | None = None
) -> MsgGenerator[None]:
    detector = site.detector
    detector.aim(base, number)
    yield from bps.stage(detector)
    yield Msg("open_run", None, **metadata)
    yield from record(contract.PRE, {}, *site.readables)
    yield Msg("declare_stream", None, detector, name=contract.FRAMES, collect=True)
    yield from bps.kickoff(detector, wait=True)
    yield from record(contract.POST, {}, site.beam, site.goniometer)
    yield from bps.complete(detector, wait=True)
    if scores is not None:
        yield from record(contract.GRID, scores)
    yield Msg("collect", detector, stream=False, return_payload=True, name=contract.FRAMES)
    yield Msg("close_run", None, exit_status=None, reason=None)
    yield from bps.unstage(detector)


def left_to_do(journal: Path, wanted: tuple[QueueItem, ...]) -> Iterator[tuple[QueueItem, int, frozenset[str]]]:
    """Items whose outer run has not ended well, with the number of the attempt that comes and the scans that are told."""
    starts: dict[str, Mapping[str, Any]] = {}
    told: dict[str, str] = {}
    ended: dict[str, str] = {}
    for name, document in read_journal(journal):
        if name == "start":
            starts[document["uid"]] = document["mxplans"]
        elif name == "stop":
            ended[document["run_start"]] = document["exit_status"]
        elif name == "stream_resource":
            path = Path(document["uri"].partition("localhost")[2])
            told[document["run_start"]] = f"{'/'.join(path.parts[-3:-1])}/{path.name.partition('_data_')[0]}"
    for item in wanted:
        outer = [uid for uid, start in starts.items() if start["item_uid"] == item.uuid and start["role"] == "sample"]
        if not any(ended.get(uid) == "success" for uid in outer):
            done = {
                told[uid]
                for uid, start in starts.items()
                if start["item_uid"] == item.uuid and uid in told and ended.get(uid) == "success"
            }
            yield item, len(outer) + 1, frozenset(done)


def run(out: Path, number: int, pause_s: float) -> None:
    """Do what is left of so many items; says each document that the journal has taken."""
    path = out / "documents.jsonl"
    journal = Journal(path)
    engine = RunEngine({}, context_managers=[])
    engine.subscribe(journal)

    def say(name: str, document: Mapping[str, Any]) -> None:
        sys.stdout.write(f"{name} {document['uid']}\n" if "uid" in document else f"{name}\n")
        sys.stdout.flush()

    engine.subscribe(say)
    site = Site(out / "data")
    for item, attempt, done in left_to_do(path, items(number)):
        engine(experiment(site, item, attempt, done, pause_s))
    journal.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--pause", type=float, default=0.0, help="s before each wedge")
    options = parser.parse_args()
    run(options.out, options.items, options.pause)
