"""One example of each kind: for the reference, and for whoever wants to see an item."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from mxplans.model import kinds
from mxplans.model.extensions import Centring, Kind
from mxplans.model.item import QueueItem
from mxplans.model.sweeps import Position


def examples() -> dict[Kind, QueueItem]:
    """One item of each kind, the same at every call.

    >>> examples()[Kind.HELICAL].number_images
    1800
    """
    return {kind: make(_identity(kind)) for kind, make in _MAKERS.items()}


def _identity(kind: Kind) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"mxplans:example/{kind}"))


def _at(x_mm: float, y_mm: float = 0.0, z_mm: float = 0.0) -> Position:
    return Position(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm)


_MAKERS: Mapping[Kind, Callable[[str], QueueItem]] = {
    Kind.ROTATION: lambda identity: kinds.rotation(
        uuid=identity,
        sample_name="lyso-1",
        location=(1, 1),
        centring=Centring.XRAY,
        number_images=3600,
        image_width_deg=0.1,
        exposure_s=0.01,
        transmission_frac=0.2,
        energy_ev=12_700.0,
        resolution_a=1.8,
    ),
    Kind.MULTI_ORIENTATION: lambda identity: kinds.multi_orientation(
        uuid=identity,
        sample_name="lyso-2",
        location=(1, 2),
        orientations=[
            kinds.Orientation(kappa_deg=0, phi_deg=0),
            kinds.Orientation(kappa_deg=30, phi_deg=90),
        ],
        number_images=3600,
        image_width_deg=0.1,
        exposure_s=0.005,
        transmission_frac=0.1,
    ),
    Kind.INVERSE_BEAM: lambda identity: kinds.inverse_beam(
        uuid=identity,
        sample_name="sad-1",
        location=(1, 3),
        number_images=1800,
        image_width_deg=0.1,
        exposure_s=0.01,
        wedge_images=300,
        energy_ev=7_000.0,
    ),
    Kind.MULTI_ENERGY: lambda identity: kinds.multi_energy(
        uuid=identity,
        sample_name="semet-1",
        location=(1, 4),
        energies_ev=[12_658.0, 12_660.0, 13_000.0],
        transmissions_frac=[0.1, 0.1, 0.11],
        number_images=1800,
        image_width_deg=0.1,
        exposure_s=0.01,
        wedge_images=150,
    ),
    Kind.HELICAL: lambda identity: kinds.helical(
        uuid=identity,
        sample_name="needle-1",
        location=(1, 5),
        start=_at(-0.12, 0.003, -0.01),
        end=_at(0.12, -0.002, 0.01),
        number_images=1800,
        image_width_deg=0.2,
        exposure_s=0.01,
    ),
    Kind.MULTI_POSITION: lambda identity: kinds.multi_position(
        uuid=identity,
        sample_name="many-1",
        location=(1, 6),
        positions=[_at(-0.05), _at(0.0, 0.02), _at(0.06, -0.01, 0.01)],
        number_images=100,
        image_width_deg=0.1,
        exposure_s=0.01,
        omega_step_deg=10.0,
    ),
    Kind.DOSE_SLICED: lambda identity: kinds.dose_sliced(
        uuid=identity,
        sample_name="lyso-3",
        location=(1, 7),
        passes=4,
        number_images=3600,
        image_width_deg=0.1,
        exposure_s=0.005,
        transmission_frac=0.5,
        dose_limit_mgy=20.0,
    ),
    Kind.LINE: lambda identity: kinds.line(
        uuid=identity,
        sample_name="lyso-4",
        location=(1, 8),
        number_images=40,
        step_um=5.0,
        exposure_s=0.01,
        omega_deg=90.0,
        vertical=True,
        transmission_frac=0.05,
    ),
    Kind.MESH: lambda identity: kinds.mesh(
        uuid=identity,
        sample_name="lyso-5",
        location=(1, 9),
        columns=20,
        rows=10,
        step_um=10.0,
        exposure_s=0.005,
        transmission_frac=0.05,
    ),
    Kind.XRAY_CENTRING: lambda identity: kinds.xray_centring(
        uuid=identity,
        sample_name="lyso-6",
        location=(1, 10),
        columns=20,
        flat_rows=15,
        edge_rows=6,
        step_um=10.0,
        exposure_s=0.005,
        transmission_frac=0.05,
    ),
    Kind.CHARACTERISATION: lambda identity: kinds.characterisation(
        uuid=identity,
        sample_name="lyso-7",
        location=(1, 11),
        wedges=4,
        images=10,
        every_images=450,
        image_width_deg=0.1,
        exposure_s=0.02,
        transmission_frac=0.05,
    ),
    Kind.STILLS: lambda identity: kinds.stills(
        uuid=identity,
        sample_name="lyso-8",
        location=(1, 12),
        number_images=100,
        exposure_s=0.01,
        omega_deg=30.0,
    ),
    Kind.RASTER: lambda identity: kinds.raster(
        uuid=identity,
        sample_name="chip-1",
        columns=100,
        rows=100,
        pitch_um=125.0,
        exposure_s=0.01,
        centring=Centring.NONE,
    ),
    Kind.ENERGY_SCAN: lambda identity: kinds.energy_scan(
        uuid=identity, sample_name="semet-2", location=(1, 13), element="Se", edge="K"
    ),
    Kind.XRF_SPECTRUM: lambda identity: kinds.xrf_spectrum(
        uuid=identity, sample_name="metal-1", location=(1, 14), count_time_s=3.0
    ),
    Kind.OPTICAL_CENTRING: lambda identity: kinds.optical_centring(
        uuid=identity, sample_name="lyso-9", location=(1, 15), snapshot_count=2
    ),
    Kind.LOAD: lambda identity: kinds.load(uuid=identity, sample_name="lyso-10", location=(1, 16)),
    Kind.UNLOAD: lambda identity: kinds.unload(uuid=identity, sample_name="lyso-10"),
}
