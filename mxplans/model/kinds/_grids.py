"""Images in rows while omega stands: line, mesh, the two grids of X-ray centring, a chip."""

from __future__ import annotations

from typing import Any, Unpack

from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import IMAGES_OF_A_SWEEP, Exposed, build, check_count, named, place
from mxplans.model.sweeps import Position

ROWS_MOST = 10_000


def line(
    *,
    number_images: int,
    step_um: float,
    exposure_s: float,
    omega_deg: float = 0.0,
    vertical: bool = False,
    centre: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """One row of boxes, an image each: one sweep.

    Args:
        number_images: Boxes of the row, 1 to 1 000 000.
        step_um: From box to box, more than 0 to 10 000 um.
        exposure_s: Per image, more than 0 to 3600 s.
        omega_deg: Where omega stands.
        vertical: Across omega instead of along it.
        centre: Of the row (mm); None is where the sample stands.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = line(number_images=40, step_um=5, exposure_s=0.01, vertical=True, sample_name="lyso")
    >>> item.sweeps[0].scan_axis, item.sweeps[0].mesh_range
    ('vertical', (0.005, 0.2))
    """
    sweep = {
        "sweep_type": "line",
        "number_images": number_images,
        "step_um": step_um,
        "exposure_s": exposure_s,
        "omega_start_deg": omega_deg,
        "vertical": vertical,
        "prefix": asked.get("prefix", "line"),
        **place(centre),
    }
    return build(Kind.LINE, asked, [sweep])


def mesh(
    *,
    columns: int,
    rows: int,
    step_um: float,
    exposure_s: float,
    row_step_um: float | None = None,
    omega_deg: float = 0.0,
    vertical: bool = False,
    snake: bool = True,
    centre: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """A grid of boxes, an image each: one sweep.

    Args:
        columns: Boxes of a row, along which the sample moves without a stop.
        rows: 1 to 10 000.
        step_um: From box to box along a row, more than 0 to 10 000 um.
        exposure_s: Per image, more than 0 to 3600 s.
        row_step_um: From row to row; None is `step_um`.
        omega_deg: Where omega stands.
        vertical: Rows run across omega instead of along it.
        snake: Every second row runs backwards.
        centre: Of the grid (mm); None is where the sample stands.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = mesh(columns=20, rows=10, step_um=10, exposure_s=0.005, sample_name="lyso")
    >>> item.number_images, item.sweeps[0].number_lines, item.sweeps[0].mesh_range
    (200, 10, (0.2, 0.1))
    """
    sweep = _grid(Kind.MESH, columns, rows, step_um, row_step_um, exposure_s, omega_deg, centre)
    return build(
        Kind.MESH, asked, [sweep | {"vertical": vertical, "snake": snake, "prefix": asked.get("prefix", "grid")}]
    )


def xray_centring(
    *,
    columns: int,
    flat_rows: int,
    edge_rows: int,
    step_um: float,
    exposure_s: float,
    flat_omega_deg: float = 0.0,
    centre: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """A grid over the flat face of a loop and one over its edge, 90 deg on, which place crystals in space: two sweeps.

    Args:
        columns: Boxes along omega, of both.
        flat_rows: Of the grid over the flat face.
        edge_rows: Of the grid over the edge.
        step_um: From box to box, and from row to row, more than 0 to 10 000 um.
        exposure_s: Per image, more than 0 to 3600 s.
        flat_omega_deg: Where omega stands when the beam meets the flat face.
        centre: Of both grids (mm); None is where the sample stands.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = xray_centring(columns=20, flat_rows=15, edge_rows=6, step_um=10, exposure_s=0.005, sample_name="lyso")
    >>> [(sweep.role, sweep.omega_start_deg, sweep.number_images) for sweep in item.asked]
    [('Centring', 0.0, 300), ('Centring', 90.0, 120)]
    """
    sweeps = [
        _grid(Kind.XRAY_CENTRING, columns, rows, step_um, None, exposure_s, flat_omega_deg + turn_deg, centre)
        | {"role": "Centring", "prefix": named(asked, "grid", "c", number)}
        for number, (turn_deg, rows) in enumerate(((0.0, flat_rows), (90.0, edge_rows)), start=1)
    ]
    return build(Kind.XRAY_CENTRING, asked, sweeps)


def raster(
    *,
    columns: int,
    rows: int,
    pitch_um: float,
    exposure_s: float,
    row_pitch_um: float | None = None,
    omega_deg: float = 0.0,
    snake: bool = True,
    centre: Position | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """A still at every position of a chip (serial crystallography on a fixed target): one sweep.

    Args:
        columns: Positions of a row of the chip.
        rows: Rows of the chip, 1 to 10 000.
        pitch_um: From position to position, more than 0 to 10 000 um.
        exposure_s: Per image, more than 0 to 3600 s.
        row_pitch_um: From row to row; None is `pitch_um`.
        omega_deg: Where omega stands, with the chip's face to the beam.
        snake: Every second row runs backwards.
        centre: Of the chip (mm); None is where the sample stands.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds.

    >>> item = raster(columns=100, rows=100, pitch_um=125, exposure_s=0.01, sample_name="chip7")
    >>> item.number_images, item.asked[0].image_width_deg
    (10000, 0.0)
    """
    sweep = _grid(Kind.RASTER, columns, rows, pitch_um, row_pitch_um, exposure_s, omega_deg, centre)
    return build(Kind.RASTER, asked, [sweep | {"snake": snake, "prefix": asked.get("prefix", "chip")}])


def _grid(
    kind: Kind,
    columns: int,
    rows: int,
    step_um: float,
    row_step_um: float | None,
    exposure_s: float,
    omega_deg: float,
    centre: Position | None,
) -> dict[str, Any]:
    check_count(kind, "columns", columns, IMAGES_OF_A_SWEEP)
    check_count(kind, "rows", rows, ROWS_MOST)
    return {
        "sweep_type": "mesh",
        "number_images": columns * rows,
        "number_lines": rows,
        "step_um": step_um,
        "line_step_um": step_um if row_step_um is None else row_step_um,
        "exposure_s": exposure_s,
        "omega_start_deg": omega_deg,
        **place(centre),
    }
