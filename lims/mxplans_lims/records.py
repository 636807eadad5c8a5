"""What became of a sample, read off its documents: frozen, in the project's units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from mxplans_lims._record import Record
from mxplans_lims._spectrum_records import EnergyScanRecord, FluorescenceRecord, StrategyRecord, StrategyWedge

__all__ = [
    "DetectorFacts",
    "EnergyScanRecord",
    "ExitStatus",
    "FluorescenceRecord",
    "FrameFile",
    "GridRecord",
    "LineOfSight",
    "Measured",
    "Phase",
    "RobotAction",
    "SampleRecord",
    "ScanRecord",
    "Snapshot",
    "StrategyRecord",
    "StrategyWedge",
    "XrayCentre",
]

ExitStatus = Literal["success", "abort", "fail", "unfinished", "running"]
"""How a run ended. `unfinished`: without a stop document, and nobody writes it any more; `running`: not yet."""


class Phase(Record):
    """One phase of a sample and the seconds it took, None when it never ended."""

    name: str
    start: datetime
    duration_s: float | None


class RobotAction(Record):
    """One thing the robot did; `start` where its beginning is known, `time` when it was over.

    `barcode` is that of the pin which then hung, as the robot read it.
    """

    action: str
    puck: int
    pin: int
    code: int
    message: str
    time: datetime
    start: datetime | None = None
    barcode: str | None = None


class Snapshot(Record):
    """An on-axis image; the path is relative to the night's folder, the point is the centred one."""

    path: str
    label: str
    omega_deg: float
    um_per_px: float
    point_x_px: float
    point_y_px: float
    time: datetime


class XrayCentre(Record):
    """Where the crystal is: motor positions that put it into the beam, and every other value of the event."""

    x_mm: float
    y_mm: float
    z_mm: float
    values: Mapping[str, Any]
    time: datetime


class LineOfSight(Record):
    """Where one grid shows a crystal whose depth nobody knows; every value of the event."""

    values: Mapping[str, Any]
    time: datetime


class FrameFile(Record):
    """Frames of a scan that stand in one file."""

    path: str
    dataset: str
    frames: int


class Measured(Record):
    """Readbacks just before a scan, and of place and flux after it; None where no document says it.

    x, y and z are those of after the scan, which goes to its start by itself; a helical one is nowhere for long.

    The fluxes are behind the aperture, at full transmission.
    """

    x_mm: float | None = None
    y_mm: float | None = None
    z_mm: float | None = None
    omega_deg: float | None = None
    kappa_deg: float | None = None
    phi_deg: float | None = None
    chi_deg: float | None = None
    energy_ev: float | None = None
    flux_ph_s: float | None = None
    flux_end_ph_s: float | None = None
    ring_current_ma: float | None = None
    transmission_frac: float | None = None
    beam_size_um: tuple[float, float] | None = None
    distance_mm: float | None = None


class DetectorFacts(Record):
    """What the armed detector said of itself for a series; None where no document says it.

    The beam centre is as the detector says it, in pixels; whether it counts from the outer corner or from the centre of
    the first one is the detector's habit, half a pixel apart.
    `master` is the path of its master file, where it writes one.
    """

    model: str | None = None
    serial_number: str | None = None
    width_px: int | None = None
    height_px: int | None = None
    pixel_x_um: float | None = None
    pixel_y_um: float | None = None
    beam_centre_x_px: float | None = None
    beam_centre_y_px: float | None = None
    distance_mm: float | None = None
    exposure_s: float | None = None
    energy_ev: float | None = None
    omega_start_deg: float | None = None
    omega_increment_deg: float | None = None
    master: str | None = None


class ScanRecord(Record):
    """One scan, from its own run.

    Attributes:
        run_uid: Its run.
        role: `grid`, `rotation` or `still`.
        sweep: The requested sweep, MXLIMS names and units.
        scan: The requested scan, MXLIMS names and units.
        measured: Readbacks before the first frame.
        files: Where the frames stand, in order.
        exit_status: How its run ended.
        start: Of its run.
        end: Of its run, None when it has no end.
        detector: What the detector was set to.
        dose_mgy: Largest dose it gave to a place of the sample, None where nobody knows.
    """

    run_uid: str
    role: Literal["grid", "rotation", "still"]
    sweep: Mapping[str, Any]
    scan: Mapping[str, Any]
    measured: Measured
    files: tuple[FrameFile, ...]
    exit_status: ExitStatus
    start: datetime
    end: datetime | None
    detector: DetectorFacts = DetectorFacts()
    dose_mgy: float | None = None

    @property
    def frames(self) -> int:
        """Frames on disk, counted from the detector's own documents."""
        return sum(file.frames for file in self.files)


class GridRecord(ScanRecord):
    """A grid scan with the score of each box; `centre` holds x_mm, y_mm, z_mm and omega_deg."""

    rows: int
    columns: int
    step_um: float
    row_step_um: float
    snake: bool
    centre: Mapping[str, float]
    volume_scan_uuid: str | None
    score: tuple[tuple[float, ...], ...] | None = None
    n_spots: tuple[tuple[float, ...], ...] | None = None


class SampleRecord(Record):
    """All that is known of one experiment on one sample.

    Attributes:
        run_uid: The outer run.
        item_uid: The queue item.
        sample_name: For people.
        locator: Where it stood in the sample changer.
        beamline: Where it was measured.
        experiment: The requested MxExperiment, MXLIMS names and units.
        templates: The requested CollectionSweeps, MXLIMS names and units.
        objects: MXLIMS objects it hangs on, by type.
        mxlims_version: Of those objects.
        verdict: `COLLECTED`, `EMPTY_MOUNT`, ... or `FAILED`.
        reason: For people.
        evidence: Numbers behind the verdict.
        exit_status: How the outer run ended.
        optical: Result of optical centring by key, empty when there is none.
        xray: The crystal that the experiment goes on with: the best one, or that of its position on the pin.
        crystals: All that its last X-ray centring told of, best first.
        lines: What that one saw in one grid only, strongest first.
        lims: Proposal, session and identifiers, as the start document says.
        strategies: Of its characterisations, in the order of time.
        energy_scans: Over absorption edges.
        fluorescence: Spectra.
    """

    run_uid: str
    item_uid: str
    attempt: int
    sample_name: str
    locator: str
    beamline: str | None
    experiment: Mapping[str, Any]
    templates: tuple[Mapping[str, Any], ...]
    objects: Mapping[str, Mapping[str, Any]]
    mxlims_version: str
    verdict: str
    reason: str
    evidence: Mapping[str, float]
    exit_status: ExitStatus
    start: datetime
    end: datetime | None
    last: datetime
    phases: tuple[Phase, ...]
    robot: tuple[RobotAction, ...]
    optical: Mapping[str, Any]
    snapshots: tuple[Snapshot, ...]
    xray: XrayCentre | None
    crystals: tuple[XrayCentre, ...] = ()
    lines: tuple[LineOfSight, ...] = ()
    grids: tuple[GridRecord, ...]
    sweeps: tuple[ScanRecord, ...]
    lims: Mapping[str, Any] = {}
    strategies: tuple[StrategyRecord, ...] = ()
    energy_scans: tuple[EnergyScanRecord, ...] = ()
    fluorescence: tuple[FluorescenceRecord, ...] = ()

    @property
    def frames(self) -> int:
        """Frames of its rotations and stills."""
        return sum(scan.frames for scan in self.sweeps)

    @property
    def complete(self) -> bool:
        """Whether nothing comes any more, for good or bad."""
        return self.exit_status != "running"

    @property
    def proposal(self) -> str | None:
        """Code of its proposal, as `mx1234`."""
        return self.lims.get("proposal")

    @property
    def session(self) -> int | None:
        """Number of the session (visit) within its proposal."""
        number = self.lims.get("session")
        return None if number is None else int(number)
