"""Parts of the records that `lims_records` puts together, the same in every run."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mxplans.model.experiments import CollectionSweep, MxExperiment
from mxplans.model.extensions import DOMAIN
from mxplans.model.sweeps import Position, Sweep
from mxplans_lims.records import (
    DetectorFacts,
    FrameFile,
    GridRecord,
    Measured,
    Phase,
    RobotAction,
    SampleRecord,
    ScanRecord,
    Snapshot,
    XrayCentre,
)

OUT = Path("/data/night")
BEGAN = datetime(2026, 11, 25, 20, 0, 0, 123456, UTC)
PROPOSAL, SESSION = "mx1234", 5
IMAGES_PER_FILE = 1000
WAVELENGTHS_EV = (12658.0, 12655.5, 13000.0)
"""Of the interleaved MAD: peak, inflection, remote."""


def uid(*parts: object) -> str:
    """A uuid that follows from its name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, parts))))


def at(seconds: float) -> datetime:
    """Seconds after the beginning."""
    return BEGAN + timedelta(seconds=seconds)


def objects(sample: str, multi: bool = False) -> dict[str, dict[str, Any]]:
    """Shipment, dewar, puck and pin of a sample, as a start document has them."""

    def thing(kind: str, name: str, /, **fields: Any) -> dict[str, Any]:
        return {"mxlimsType": kind, "uuid": uid(kind, name), **fields}

    chain = {
        "Shipment": thing("Shipment", "1", proposalCode=PROPOSAL, sessionNumber=SESSION),
        "Dewar": thing("Dewar", "1", barcode="DLS-1", containerRef={"$ref": "#/Shipment/Shipment1"}),
        "Puck": thing(
            "Puck",
            "1",
            barcode="PUCK-7",
            positionInDewar=2,
            numberPositions=16,
            puckType="Unipuck",
            containerRef={"$ref": "#/Dewar/Dewar1"},
        ),
        "Macromolecule": thing("Macromolecule", "1", acronym="Lyso"),
        "MacromoleculeSample": thing(
            "MacromoleculeSample", sample, name=sample, parentSampleRef={"$ref": "#/Macromolecule/Macromolecule1"}
        ),
    }
    on = {"sampleRef": {"$ref": "#/MacromoleculeSample/MacromoleculeSample1"}}
    if multi:
        puck = {"containerRef": {"$ref": "#/Puck/Puck1"}}
        pin = {"containerRef": {"$ref": "#/MultiPin/MultiPin1"}}
        chain["MultiPin"] = thing("MultiPin", "1", numberPositions=8, positionInPuck=3, **puck)
        return chain | {"PinPosition": thing("PinPosition", sample, positionInPin=2, **pin, **on)}
    where = {"containerRef": {"$ref": "#/Puck/Puck1"}}
    return chain | {"Pin": thing("Pin", sample, barcode=f"PIN-{sample}", positionInPuck=3, **where, **on)}


def asked(name: str, **fields: Any) -> CollectionSweep:
    """A requested sweep with an identity that follows from its name."""
    given = {"number_images": 3600, "image_width_deg": 0.1, "exposure_s": 0.01, "transmission_frac": 0.5}
    return Sweep(**(given | {"uuid": uid("sweep", name), "prefix": name} | fields)).to_mxlims()


def measured(**changes: Any) -> Measured:
    """Readbacks: nowhere what was asked for."""
    values: dict[str, Any] = {
        "x_mm": 0.11,
        "y_mm": -0.05,
        "z_mm": 0.02,
        "omega_deg": 0.0004,
        "kappa_deg": 0.0,
        "phi_deg": 30.0,
        "energy_ev": 12700.3,
        "flux_ph_s": 2.1e12,
        "flux_end_ph_s": 2.0e12,
        "ring_current_ma": 299.5,
        "transmission_frac": 0.49,
        "beam_size_um": (50.0, 20.0),
        "distance_mm": 150.25,
    }
    return Measured(**(values | changes))


def detector(sweep: CollectionSweep, master: Path, **changes: Any) -> DetectorFacts:
    """An EIGER2 16M, armed for a series of a sweep."""
    values: dict[str, Any] = {
        "model": "Dectris EIGER2 Si 16M",
        "serial_number": "E-32-0123",
        "width_px": 4148,
        "height_px": 4362,
        "pixel_x_um": 75.0,
        "pixel_y_um": 75.0,
        "beam_centre_x_px": 2063.5,
        "beam_centre_y_px": 2150.25,
        "distance_mm": 150.2,
        "exposure_s": sweep.exposure_time,
        "energy_ev": 12700.0,
        "omega_start_deg": (sweep.axis_positions_start or {}).get("omega", 0.0),
        "omega_increment_deg": sweep.image_width if sweep.scan_axis == "omega" and sweep.image_width else 0.0,
        "master": str(master),
    }
    return DetectorFacts(**(values | changes))


def frame_files(folder: Path, base: str, frames: int) -> tuple[FrameFile, ...]:
    """As the detector's file writer names them."""
    sizes = [min(IMAGES_PER_FILE, frames - first) for first in range(0, frames, IMAGES_PER_FILE)]
    return tuple(
        FrameFile(path=str(folder / f"{base}_data_{number:06d}.h5"), dataset="/entry/data/data", frames=size)
        for number, size in enumerate(sizes, start=1)
    )


def scan(
    sample: str, sweep: CollectionSweep, start_s: float, out: Path = OUT, *, first: int = 1, **changes: Any
) -> ScanRecord:
    """A scan of a sweep: all images that are asked for, or `images` from the `first` on."""
    images = changes.pop("images", sweep.number_images)
    ordinal = changes.pop("ordinal", 1)
    width, exposure = sweep.image_width or 0.0, sweep.exposure_time or 0.0
    start = (sweep.axis_positions_start or {}).get("omega", 0.0) + (first - 1) * width
    folder, base = out / "data" / sample / f"{sweep.prefix}", f"{sweep.prefix}_{ordinal}"
    values: dict[str, Any] = {
        "run_uid": uid("run", sample, sweep.prefix, ordinal, start_s),
        "role": "rotation" if width else "still",
        "sweep": sweep.to_json(),
        "scan": {
            "scanPositionStart": start,
            "firstImageNumber": first,
            "numberImages": images,
            "ordinal": ordinal,
        },
        "measured": measured(),
        "files": frame_files(folder, base, images),
        "exit_status": "success",
        "start": at(start_s),
        "end": at(start_s + 1 + images * exposure),
        "detector": detector(sweep, folder / f"{base}_master.h5", omega_start_deg=start),
        "dose_mgy": 1.25,
    }
    return ScanRecord(**(values | changes))


def grid(sample: str, number: int, omega_deg: float, start_s: float, out: Path = OUT, **changes: Any) -> GridRecord:
    """One of the grids of an X-ray centring: 6 rows of 8 boxes of 20 um x 10 um, the best in the third row."""
    rows, columns = 6, 8
    home = Position(x_mm=0.1, y_mm=0.0, z_mm=0.0)
    boxes = {"number_images": rows * columns, "number_lines": rows, "step_um": 20.0, "line_step_um": 10.0}
    mesh = {"sweep_type": "mesh", "image_width_deg": 0.0, "omega_start_deg": omega_deg, "start": home}
    sweep = asked(f"{sample}_grid{number}", role="Centring", **mesh, **boxes)
    score = tuple(tuple(40.0 if (y, x) == (2, 5) else float((x + y) % 3) for x in range(columns)) for y in range(rows))
    values: dict[str, Any] = {
        **dict(scan(sample, sweep, start_s, out, ordinal=number)),
        "role": "grid",
        "scan": {"scanPositionStart": 0.0, "firstImageNumber": 1, "numberImages": rows * columns, "ordinal": number},
        "measured": measured(omega_deg=omega_deg),
        "rows": rows,
        "columns": columns,
        "step_um": 20.0,
        "row_step_um": 10.0,
        "snake": True,
        "centre": {"x_mm": 0.1, "y_mm": 0.0, "z_mm": 0.0, "omega_deg": omega_deg},
        "volume_scan_uuid": uid("volume", sample),
        "score": score,
        "n_spots": score,
        "dose_mgy": 0.01,
    }
    return GridRecord(**(values | changes))


def crystal(rank: int, x_mm: float, seconds: float) -> XrayCentre:
    """A crystal that two grids have placed."""
    values = {
        "xrc_rank": rank,
        "xrc_chosen": int(rank == 1),
        "xrc_x_mm": x_mm,
        "xrc_y_mm": -0.05,
        "xrc_z_mm": 0.02,
        "xrc_total": 900.0 / rank,
        "xrc_peak": 40.0 / rank,
        "xrc_n_spots": 60 // rank,
        "xrc_d_est_angstrom": 1.7 + 0.2 * rank,
        "xrc_significance": 30.0 / rank,
        "xrc_covariance_um2": [4.0, 0.0, 0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 16.0],
        "xrc_pin_position": 0,
    }
    return XrayCentre(x_mm=x_mm, y_mm=-0.05, z_mm=0.02, values=values, time=at(seconds))


def sample_record(
    sample: str, kind: str, requested: tuple[CollectionSweep, ...] = (), /, **changes: Any
) -> SampleRecord:
    """A sample that was mounted, looked at, and taken away again; what else was done comes with `changes`."""
    strategy = changes.pop("strategy", "OSC")
    ends_s = changes.pop("ends_s", 400.0)
    extension = {DOMAIN: {"kind": kind, **changes.pop("extension", {})}}
    item = uid("item", sample, kind)
    experiment = MxExperiment(
        uuid=item, experiment_strategy=strategy, job_status="Ready", dose_budget=20.0, extensions=extension
    )
    values: dict[str, Any] = {
        "run_uid": uid("outer", sample, kind),
        "item_uid": item,
        "attempt": 1,
        "sample_name": sample,
        "locator": "2:3",
        "beamline": "sim",
        "experiment": experiment.to_json(),
        "templates": tuple(sweep.to_json() for sweep in requested),
        "objects": objects(sample),
        "mxlims_version": "0.6.13",
        "verdict": "COLLECTED",
        "reason": "all images",
        "evidence": {"images": 3600.0},
        "exit_status": "success",
        "start": at(0),
        "end": at(ends_s),
        "last": at(ends_s),
        "phases": (
            Phase(name="mount", start=at(0.5), duration_s=20.0),
            Phase(name="collect", start=at(90), duration_s=50.0),
        ),
        "robot": (
            RobotAction(action="LOAD", puck=2, pin=3, code=0, message="done", start=at(1), time=at(20)),
            RobotAction(
                action="UNLOAD", puck=2, pin=3, code=0, message="done", start=at(ends_s - 20), time=at(ends_s - 1)
            ),
        ),
        "optical": {"optical_tip_x_mm": 0.3, "optical_omega_flat_deg": 12.0, "optical_x_mm": 0.1},
        "snapshots": tuple(
            Snapshot(
                path=f"snapshots/{sample}_{label}.png",
                label=label,
                omega_deg=omega,
                um_per_px=1.2,
                point_x_px=340.0,
                point_y_px=256.0,
                time=at(30 + omega / 90),
            )
            for label, omega in (("optical-0", 0.0), ("optical-90", 90.0))
        ),
        "xray": None,
        "grids": (),
        "sweeps": (),
        "lims": {"proposal": PROPOSAL, "session": SESSION, "identifiers": {"lims.example.org": "4711"}},
    }
    return SampleRecord(**(values | changes))
