"""One crystal seen from several sides: orientations of the goniometer, and inverse beam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mxplans.errors import InvalidInput
from mxplans.model.experiments import CollectionSweep
from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem, in_words
from mxplans.model.kinds._item import Exposed, build, check_some, named, place
from mxplans.model.sweeps import Position, Sweep


class Orientation(BaseModel):
    """A pose of the goniometer (deg). What is None stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kappa_deg: float | None = Field(default=None, ge=-360, le=360)
    phi_deg: float | None = Field(default=None, ge=-3600, le=3600)
    chi_deg: float | None = Field(default=None, ge=-180, le=180)
    omega_start_deg: float = Field(default=0.0, ge=-3600, le=3600)
    position: Position | None = Field(default=None, description="Where the crystal is at this pose (mm)")


def multi_orientation(
    *,
    orientations: Sequence[Orientation | Mapping[str, float]],
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    wedge_images: int | None = None,
    order: str = "gs",
    **asked: Unpack[Exposed],
) -> QueueItem:
    """The same rotation in several orientations: a sweep each.

    Args:
        orientations: `Orientation`, or an MXLIMS pose: a mapping of omega, kappa, phi, chi (deg), sampleX, sampleY and
            sampleZ (mm).
        number_images: Of each sweep.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        wedge_images: Images of a scan; None takes each sweep in one.
        order: 'gs' finishes an orientation before the next, 'sg' alternates between them after each wedge.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If there are fewer than two orientations, two are the same, or a value is out of bounds.

    >>> item = multi_orientation(
    ...     orientations=[Orientation(kappa_deg=0, phi_deg=0), {"kappa": 30, "phi": 90, "omega": 45}],
    ...     number_images=3600, image_width_deg=0.1, exposure_s=0.01, sample_name="lyso",
    ... )
    >>> [(sweep.orientation, sweep.omega_start_deg) for sweep in item.asked]
    [((0.0, 0.0, None), 0.0), ((30.0, 90.0, None), 45.0)]
    """
    check_some(Kind.MULTI_ORIENTATION, "orientations", orientations, least=2)
    poses = [_fields(orientation) for orientation in orientations]
    if any(pose in poses[:number] for number, pose in enumerate(poses)):
        raise InvalidInput(
            "multi_orientation: two orientations are the same; allowed is each once: leave one out, or ask for dose_sliced"
        )
    sweeps = [
        {
            "number_images": number_images,
            "image_width_deg": image_width_deg,
            "exposure_s": exposure_s,
            **pose,
            "prefix": named(asked, "sweep", "g", number),
        }
        for number, pose in enumerate(poses, start=1)
    ]
    return build(Kind.MULTI_ORIENTATION, asked, sweeps, order=order, wedge_images=wedge_images)


def inverse_beam(
    *,
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    wedge_images: int,
    omega_start_deg: float = 0.0,
    kappa_deg: float | None = None,
    phi_deg: float | None = None,
    chi_deg: float | None = None,
    position: Position | None = None,
    energies_ev: Sequence[float] = (),
    order: str | None = None,
    **asked: Unpack[Exposed],
) -> QueueItem:
    """Each wedge, then the same wedge 180 deg on, which shows the Bijvoet mates at nearly equal dose: two sweeps.

    Args:
        number_images: Of each sweep.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        wedge_images: Images of a scan; 15 to 30 deg is usual.
        omega_start_deg: Of the sweep that is not inverse.
        kappa_deg: None stays as it is, as with phi and chi.
        phi_deg: See kappa.
        chi_deg: See kappa.
        position: Where the crystal is (mm); None is where centring puts it.
        energies_ev: Two sweeps at each, 1000 to 100 000 eV, in place of `energy_ev`.
        order: None is 'gsi', or 'gsib' with `energies_ev`: each wedge and its mate at every energy. 'gsbi' keeps both
            mates at one energy first.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If a value is missing or out of bounds, or two energies are the same.

    >>> item = inverse_beam(
    ...     number_images=1800, image_width_deg=0.1, exposure_s=0.01, wedge_images=300, sample_name="lyso"
    ... )
    >>> [(sweep.omega_start_deg, sweep.inverse) for sweep in item.asked], item.extension.order
    ([(0.0, 0), (180.0, 1)], 'gsi')
    """
    if energies_ev and asked.get("energy_ev") is not None:
        raise InvalidInput(
            f"inverse_beam: energy_ev {asked['energy_ev']:g} and energies_ev are both given; allowed is one: leave one out"
        )
    check_different("inverse_beam", energies_ev)
    sweeps: list[dict[str, Any]] = []
    for number, energy_ev in enumerate(energies_ev or (None,), start=1):
        for inverse in (0, 1):
            sweeps.append(
                {
                    "number_images": number_images,
                    "image_width_deg": image_width_deg,
                    "exposure_s": exposure_s,
                    "omega_start_deg": omega_start_deg + 180.0 * inverse,
                    "kappa_deg": kappa_deg,
                    "phi_deg": phi_deg,
                    "chi_deg": chi_deg,
                    "inverse": inverse,
                    "prefix": named(asked, "sweep", f"e{number}i" if energies_ev else "i", inverse),
                    **place(position),
                    **({"energy_ev": energy_ev} if energies_ev else {}),
                }
            )
    loops = order if order is not None else "gsib" if energies_ev else "gsi"
    strategy = "MAD - Inverse Beam" if energies_ev else None
    if strategy and asked.get("experiment_strategy") is None:
        asked["experiment_strategy"] = strategy
    return build(Kind.INVERSE_BEAM, asked, sweeps, order=loops, wedge_images=wedge_images)


def check_different(kind: str, energies_ev: Sequence[float]) -> None:
    """Energies that are asked for are asked for once.

    Raises:
        InvalidInput: If two are equal.
    """
    twice = sorted({energy for energy in energies_ev if list(energies_ev).count(energy) > 1})
    if twice:
        raise InvalidInput(f"{kind}: energies_ev has {twice[0]:g} eV twice; allowed is each energy once: leave one out")


def _fields(orientation: Orientation | Mapping[str, float]) -> dict[str, Any]:
    """The fields of a sweep that a pose decides."""
    if isinstance(orientation, Orientation):
        fields = orientation.model_dump(exclude={"position"}, exclude_none=True)
        return fields | place(orientation.position)
    try:
        sweep = Sweep.from_mxlims(CollectionSweep(prefix="pose", axis_positions_start=dict(orientation)), _ANY)
    except ValidationError as error:
        raise InvalidInput(
            f"multi_orientation: {'; '.join(in_words(error))}; give a pose within these bounds"
        ) from error
    fields = sweep.model_dump(include={"omega_start_deg", "kappa_deg", "phi_deg", "chi_deg"}, exclude_none=True)
    return fields | place(sweep.start)


_ANY = Sweep(number_images=1, image_width_deg=1.0, exposure_s=1.0)
"""Stands in for what a pose does not say while it is read."""
