"""Records for the tests of all targets: one of each kind of experiment and of each end, the same in every run.

Build one with `RECORDS["mad"]()`, `rotation(out)` or `delivery(rotation())`; change it by naming fields or with
`model_copy(update=...)`. Frames are named below `<out>/data/<sample>/<prefix>`, snapshots relative to `out`; no file is there
unless `write_files` made it.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lims_record_parts import (
    OUT,
    WAVELENGTHS_EV,
    asked,
    at,
    crystal,
    frame_files,
    grid,
    measured,
    objects,
    sample_record,
    scan,
)

from mxplans_lims.delivery import Delivery
from mxplans_lims.records import (
    EnergyScanRecord,
    FluorescenceRecord,
    LineOfSight,
    RobotAction,
    SampleRecord,
    StrategyRecord,
    StrategyWedge,
)
from mxplans_lims.targets.mxlims import to_message


def rotation(out: Path = OUT, sample: str = "Lyso-1", **changes: Any) -> SampleRecord:
    """Two grids that find two crystals and a line of sight, then one turn: an experiment with all there can be."""
    sweep = asked(f"{sample}_osc")
    found = (crystal(1, 0.11, 80), crystal(2, 0.16, 80))
    seen = {"xrc_line_number": 1, "xrc_line_x_mm": 0.05, "xrc_line_omega_deg": 12.0}
    return sample_record(
        sample,
        "rotation",
        (sweep,),
        **{
            "xray": found[0],
            "crystals": found,
            "lines": (LineOfSight(values=seen, time=at(80)),),
            "grids": (grid(sample, 1, 12.0, 60, out), grid(sample, 2, 102.0, 70, out)),
            "sweeps": (scan(sample, sweep, 100, out, ordinal=3),),
            **changes,
        },
    )


def mad(out: Path = OUT, sample: str = "Se-1", wedges: int = 4, wedge_images: int = 30, **changes: Any) -> SampleRecord:
    """Three wavelengths in wedges that take turns."""
    energies = list(enumerate(WAVELENGTHS_EV, start=1))
    sweeps = tuple(
        asked(f"{sample}_e{number}", energy_ev=energy, number_images=wedges * wedge_images)
        for number, energy in energies
    )
    scans = []
    for wedge in range(wedges):
        for place, (sweep, energy) in enumerate(zip(sweeps, WAVELENGTHS_EV, strict=True)):
            ordinal = wedge * len(sweeps) + place + 1
            each = {"images": wedge_images, "ordinal": ordinal, "measured": measured(energy_ev=energy + 0.2)}
            scans.append(scan(sample, sweep, 100 + 5 * ordinal, out, first=wedge * wedge_images + 1, **each))
    ours = {"order": "gsb", "wedgeImages": wedge_images}
    given = {"strategy": "MAD", "extension": ours, "sweeps": tuple(scans)}
    return sample_record(sample, "multi_energy", sweeps, **(given | changes))


def characterisation(out: Path = OUT, sample: str = "Thau-1", **changes: Any) -> SampleRecord:
    """Three wedges of 10 images, 45 deg apart in one series of numbers, and the strategy that they gave."""
    sweep = asked(f"{sample}_char", role="Characterisation", number_images=190, image_width_deg=0.5)
    scans = tuple(
        scan(sample, sweep, 100 + 10 * number, out, first=90 * number + 1, images=10, ordinal=number + 1)
        for number in range(3)
    )
    wedges = tuple(
        StrategyWedge(
            omega_start_deg=start,
            omega_end_deg=start + 90.0,
            image_width_deg=0.1,
            number_images=900,
            exposure_s=0.02,
            transmission_frac=0.3,
            distance_mm=180.0,
            energy_ev=12700.0,
            dose_mgy=2.5,
            completeness_frac=0.98,
            multiplicity=3.6,
            resolution_angstrom=1.8,
        )
        for start in (20.0, 200.0)
    )
    strategy = StrategyRecord(
        program="mxplans",
        indexed=True,
        time=at(150),
        sweep_uuid=sweep.uuid,
        space_group="P41212",
        cell=(57.8, 57.8, 150.1, 90.0, 90.0, 90.0),
        mosaicity_deg=0.12,
        resolution_angstrom=1.8,
        wedges=wedges,
        message="180 deg in two wedges",
    )
    given = {"strategy": "Characterisation", "sweeps": scans, "strategies": (strategy,)}
    return sample_record(sample, "characterisation", (sweep,), **(given | changes))


def stills(out: Path = OUT, sample: str = "Chip-1", **changes: Any) -> SampleRecord:
    """Images of a crystal that does not turn."""
    sweep = asked(f"{sample}_still", sweep_type="still", image_width_deg=0.0, number_images=50)
    given = {"sweeps": (scan(sample, sweep, 100, out, role="still"),)}
    return sample_record(sample, "stills", (sweep,), **(given | changes))


def empty_mount(out: Path = OUT, sample: str = "Empty-1", **changes: Any) -> SampleRecord:
    """Nothing in the loop: no scan at all."""
    given = {
        "verdict": "EMPTY_MOUNT",
        "reason": "nothing <there> & so on",
        "evidence": {"area_um2": 12.5},
        "optical": {},
    }
    return sample_record(sample, "rotation", (asked(f"{sample}_osc"),), **(given | changes))


def aborted(out: Path = OUT, sample: str = "Stop-1", **changes: Any) -> SampleRecord:
    """Stopped by hand within its turn, with a third of the frames on disk."""
    sweep = asked(f"{sample}_osc")
    folder = out / "data" / sample / f"{sample}_osc"
    broken = scan(sample, sweep, 100, out, exit_status="abort", files=frame_files(folder, f"{sweep.prefix}_1", 1200))
    given = {"verdict": "FAILED", "reason": "abort: operator", "evidence": {}, "exit_status": "abort"}
    return sample_record(sample, "rotation", (sweep,), **(given | {"sweeps": (broken,)} | changes))


def failed(out: Path = OUT, sample: str = "Gone-1", **changes: Any) -> SampleRecord:
    """The robot stopped with an error before anything was looked at."""
    robot = RobotAction(action="LOAD", puck=2, pin=3, code=42, message="gripper did not close", start=at(1), time=at(9))
    given = {"verdict": "FAILED", "reason": "fail: gripper did not close", "evidence": {}, "exit_status": "fail"}
    bare = {"robot": (robot,), "optical": {}, "snapshots": (), "phases": (), "ends_s": 10.0}
    return sample_record(sample, "rotation", (asked(f"{sample}_osc"),), **(given | bare | changes))


def unfinished(out: Path = OUT, sample: str = "Dead-1", **changes: Any) -> SampleRecord:
    """The process that wrote the documents died: no stop document, neither of the scan nor of the sample."""
    given = {"verdict": "FAILED", "reason": "the run has no stop document", "exit_status": "unfinished", "end": None}
    half = rotation(out, sample).sweeps[0].model_copy(update={"exit_status": "unfinished", "end": None})
    return rotation(out, sample, **(given | {"sweeps": (half,)} | changes))


def running(out: Path = OUT, sample: str = "Now-1", **changes: Any) -> SampleRecord:
    """Still being collected: the grids are done, the turn is being taken."""
    whole = rotation(out, sample)
    turn = whole.sweeps[0].model_copy(update={"exit_status": "running", "end": None, "files": ()})
    given = {"verdict": "RUNNING", "reason": "", "evidence": {}, "exit_status": "running", "end": None, "last": at(101)}
    return rotation(out, sample, **(given | {"sweeps": (turn,), "robot": whole.robot[:1]} | changes))


def energy_scan(out: Path = OUT, sample: str = "Se-2", **changes: Any) -> SampleRecord:
    """Over the K edge of selenium."""
    told = EnergyScanRecord(
        element="Se",
        edge="K",
        start=at(100),
        end=at(160),
        start_energy_ev=12600.0,
        end_energy_ev=12720.0,
        exposure_s=1.0,
        transmission_frac=0.01,
        flux_ph_s=2.0e10,
        beam_size_um=(50.0, 20.0),
        peak_energy_ev=12660.5,
        peak_f_prime=-7.8,
        peak_f_double_prime=5.9,
        inflection_energy_ev=12657.5,
        inflection_f_prime=-10.2,
        inflection_f_double_prime=3.1,
        remote_energy_ev=12760.5,
        scan_file=str(out / "data" / sample / "se_k.dat"),
        picture_file=str(out / "data" / sample / "se_k.png"),
    )
    given = {"verdict": "DONE", "strategy": "EnergyScan", "extension": {"element": "Se", "edge": "K"}}
    return sample_record(sample, "energy_scan", **(given | {"energy_scans": (told,)} | changes))


def fluorescence(out: Path = OUT, sample: str = "Metal-1", **changes: Any) -> SampleRecord:
    """A spectrum that shows two metals."""
    told = FluorescenceRecord(
        start=at(100),
        end=at(112),
        energy_ev=13500.0,
        count_time_s=10.0,
        transmission_frac=0.02,
        flux_ph_s=4.0e10,
        beam_size_um=(50.0, 20.0),
        scan_file=str(out / "data" / sample / "xrf.dat"),
        picture_file=str(out / "data" / sample / "xrf.png"),
        elements=("Fe", "Zn"),
    )
    given = {"verdict": "DONE", "strategy": "XrfSpectrum", "extension": {"countTimeS": 10.0}}
    return sample_record(sample, "xrf_spectrum", **(given | {"fluorescence": (told,)} | changes))


def multi_pin(out: Path = OUT, sample: str = "Many-2", **changes: Any) -> SampleRecord:
    """A turn on the second position of a pin with eight."""
    return rotation(out, sample, **({"objects": objects(sample, multi=True)} | changes))


def unattended(out: Path = OUT, sample: str = "Lyso-1", **changes: Any) -> SampleRecord:
    """A turn whose shipment names no session; it began on 2026-11-25 at 20:00:00 UTC."""
    whole = rotation(out, sample)
    shipment = {name: value for name, value in whole.objects["Shipment"].items() if name != "sessionNumber"}
    given = {"objects": {**whole.objects, "Shipment": shipment}, "lims": {**whole.lims, "session": None}}
    return rotation(out, sample, **(given | changes))


def wedges_one_by_one(out: Path = OUT, sample: str = "Thau-1") -> SampleRecord:
    """A characterisation as items ask for it: a sweep of 10 images for each wedge, at 0, 45 and 135 deg, all of one prefix."""
    kind = {"role": "Characterisation", "number_images": 10, "image_width_deg": 0.5, "prefix": "ref"}
    sweeps = tuple(asked(f"wedge at {omega}", omega_start_deg=omega, **kind) for omega in (0.0, 45.0, 135.0))
    scans = tuple(scan(sample, sweep, 100 + 10 * n, out, ordinal=n + 1) for n, sweep in enumerate(sweeps))
    return characterisation(out, sample, sweeps=scans, templates=tuple(sweep.to_json() for sweep in sweeps))


RECORDS: dict[str, Callable[..., SampleRecord]] = {
    made.__name__: made
    for made in (
        rotation,
        mad,
        characterisation,
        stills,
        empty_mount,
        aborted,
        failed,
        unfinished,
        running,
        energy_scan,
        fluorescence,
        multi_pin,
    )
}
"""One of each, by name; all take the folder of the night first, and fields to change by name."""


def delivery(record: SampleRecord, out: Path = OUT) -> Delivery:
    """What a target is given of a record."""
    return Delivery(record, json.loads(json.dumps(to_message(record))), out)


def write_files(record: SampleRecord, out: Path) -> None:
    """Put something into each file that a record names, snapshots included."""
    frames = [Path(file.path) for each in (*record.grids, *record.sweeps) for file in each.files]
    masters = [Path(each.detector.master) for each in (*record.grids, *record.sweeps) if each.detector.master]
    told = [
        Path(path)
        for each in (*record.energy_scans, *record.fluorescence)
        for path in (each.scan_file, each.picture_file)
        if path
    ]
    for path in (*frames, *masters, *told, *(out / picture.path for picture in record.snapshots)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"of a test\n")
