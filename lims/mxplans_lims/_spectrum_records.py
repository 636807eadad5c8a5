"""What characterisations, energy scans and fluorescence spectra come to; public in `mxplans_lims.records`."""

from __future__ import annotations

from datetime import datetime

from mxplans_lims._record import Record


class StrategyWedge(Record):
    """A sweep that a strategy proposes."""

    omega_start_deg: float
    omega_end_deg: float
    image_width_deg: float
    number_images: int
    exposure_s: float
    transmission_frac: float | None = None
    distance_mm: float | None = None
    energy_ev: float | None = None
    dose_mgy: float | None = None
    completeness_frac: float | None = None
    multiplicity: float | None = None
    resolution_angstrom: float | None = None


class StrategyRecord(Record):
    """What a characterisation has come to; `cell` is a, b, c in angstrom and alpha, beta, gamma in deg."""

    program: str
    indexed: bool
    time: datetime
    sweep_uuid: str | None = None
    space_group: str | None = None
    cell: tuple[float, float, float, float, float, float] | None = None
    mosaicity_deg: float | None = None
    resolution_angstrom: float | None = None
    wedges: tuple[StrategyWedge, ...] = ()
    message: str = ""


class EnergyScanRecord(Record):
    """A scan over an absorption edge, and what was chosen from it."""

    element: str
    edge: str
    start: datetime
    end: datetime | None
    start_energy_ev: float
    end_energy_ev: float
    exposure_s: float
    transmission_frac: float | None = None
    flux_ph_s: float | None = None
    beam_size_um: tuple[float, float] | None = None
    peak_energy_ev: float | None = None
    peak_f_prime: float | None = None
    peak_f_double_prime: float | None = None
    inflection_energy_ev: float | None = None
    inflection_f_prime: float | None = None
    inflection_f_double_prime: float | None = None
    remote_energy_ev: float | None = None
    scan_file: str | None = None
    picture_file: str | None = None


class FluorescenceRecord(Record):
    """A fluorescence spectrum."""

    start: datetime
    end: datetime | None
    energy_ev: float
    count_time_s: float
    transmission_frac: float | None = None
    flux_ph_s: float | None = None
    beam_size_um: tuple[float, float] | None = None
    scan_file: str | None = None
    picture_file: str | None = None
    elements: tuple[str, ...] = ()
