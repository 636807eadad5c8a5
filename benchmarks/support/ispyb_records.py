"""Records of experiments in numbers, as a fold makes them: two grids that find a crystal, then one turn."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from mxplans.model.experiments import MxExperiment
from mxplans.model.sweeps import Position, Sweep
from mxplans_lims.records import (
    DetectorFacts,
    FrameFile,
    GridRecord,
    Measured,
    RobotAction,
    SampleRecord,
    ScanRecord,
    Snapshot,
    XrayCentre,
)

PROPOSAL, SESSION = "mx1234", 5
_BEGAN = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
_EACH = timedelta(minutes=4)
_ROWS, _COLUMNS, _IMAGES = 6, 8, 3600
_DETECTOR = {
    "model": "EIGER2 16M",
    "width_px": 4148,
    "height_px": 4362,
    "pixel_x_um": 75.0,
    "pixel_y_um": 75.0,
    "beam_centre_x_px": 2063.5,
    "beam_centre_y_px": 2150.2,
    "distance_mm": 150.0,
    "exposure_s": 0.01,
    "energy_ev": 12700.0,
}
_BEFORE = {
    "x_mm": 0.11,
    "y_mm": -0.05,
    "z_mm": 0.02,
    "omega_deg": 0.0,
    "energy_ev": 12700.3,
    "flux_ph_s": 2.1e12,
    "transmission_frac": 0.49,
    "beam_size_um": (50.0, 20.0),
    "distance_mm": 150.2,
}


def record(number: int) -> SampleRecord:
    """The record of the experiment with a number, the same each time."""
    name, began = f"Lyso-{number}", _BEGAN + number * _EACH
    turn = Sweep(uuid=_uid(name, "turn"), number_images=_IMAGES, image_width_deg=0.1, exposure_s=0.01, prefix="osc")
    grids = tuple(_grid(name, view, began + timedelta(seconds=50 + 20 * view)) for view in range(2))
    crystal = _crystal(began + timedelta(seconds=95))
    experiment = MxExperiment(uuid=_uid(name, "experiment"), job_status="Ready", experiment_strategy="OSC")
    return SampleRecord(
        run_uid=_uid(name, "run"),
        item_uid=str(experiment.uuid),
        attempt=1,
        sample_name=name,
        locator="1:1",
        beamline="benchmark",
        experiment=experiment.to_json(),
        templates=(turn.to_mxlims().to_json(),),
        objects={},
        mxlims_version="0.6.13",
        verdict="COLLECTED",
        reason=f"{_IMAGES} images",
        evidence={},
        exit_status="success",
        start=began,
        end=began + _EACH,
        last=began + _EACH,
        phases=(),
        robot=tuple(
            _robot(action, began + timedelta(seconds=at_s)) for action, at_s in (("LOAD", 20), ("UNLOAD", 230))
        ),
        optical={"optical_tip_x_mm": 0.3},
        snapshots=tuple(_snapshot(name, view, began) for view in range(2)),
        xray=crystal,
        crystals=(crystal,),
        grids=grids,
        sweeps=(ScanRecord(**_scan(name, "osc", turn, began + timedelta(seconds=110), _IMAGES)),),
        lims={"proposal": PROPOSAL, "session": SESSION, "identifiers": {}},
    )


def _scan(name: str, base: str, sweep: Sweep, start: datetime, images: int) -> dict[str, Any]:
    folder = f"/data/{name}"
    return {
        "run_uid": _uid(name, base),
        "role": "rotation",
        "sweep": sweep.to_mxlims().to_json(),
        "scan": {"scanPositionStart": 0.0, "firstImageNumber": 1, "numberImages": images, "ordinal": 1},
        "measured": Measured.model_validate(_BEFORE),
        "files": (FrameFile(path=f"{folder}/{base}_data_000001.h5", dataset="/entry/data/data", frames=images),),
        "exit_status": "success",
        "start": start,
        "end": start + timedelta(seconds=images * 0.01),
        "detector": DetectorFacts.model_validate({**_DETECTOR, "master": f"{folder}/{base}_master.h5"}),
        "dose_mgy": 1.25,
    }


def _grid(name: str, view: int, start: datetime) -> GridRecord:
    centre = {"x_mm": 0.1, "y_mm": 0.0, "z_mm": 0.0, "omega_deg": 90.0 * view}
    sweep = Sweep(
        uuid=_uid(name, "grid", view),
        role="Centring",
        sweep_type="mesh",
        number_images=_ROWS * _COLUMNS,
        number_lines=_ROWS,
        step_um=20.0,
        line_step_um=20.0,
        exposure_s=0.01,
        start=Position(x_mm=0.1, y_mm=0.0, z_mm=0.0),
        prefix=f"grid_{view}",
    )
    return GridRecord(
        **{**_scan(name, f"grid_{view}", sweep, start, _ROWS * _COLUMNS), "role": "grid"},
        rows=_ROWS,
        columns=_COLUMNS,
        step_um=20.0,
        row_step_um=20.0,
        snake=True,
        centre=centre,
        volume_scan_uuid=_uid(name, "volume"),
    )


def _crystal(time: datetime) -> XrayCentre:
    return XrayCentre(x_mm=0.11, y_mm=-0.05, z_mm=0.02, values={"xrc_total": 900.0, "xrc_rank": 1}, time=time)


def _robot(action: str, time: datetime) -> RobotAction:
    return RobotAction(action=action, puck=1, pin=1, code=0, message="done", time=time)


def _snapshot(name: str, view: int, began: datetime) -> Snapshot:
    return Snapshot(
        path=f"snapshots/{name}_{view}.png",
        label=str(view),
        omega_deg=90.0 * view,
        um_per_px=1.2,
        point_x_px=340.0,
        point_y_px=256.0,
        time=began + timedelta(seconds=30 + view),
    )


def _uid(*parts: object) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, ("benchmark", *parts)))))
