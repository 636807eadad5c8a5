"""One crystal at several energies: MAD, or any other set of energies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from mxplans.errors import InvalidInput
from mxplans.model.extensions import Kind
from mxplans.model.item import QueueItem
from mxplans.model.kinds._item import Exposed, build, check_some, named, place
from mxplans.model.kinds._orientations import check_different
from mxplans.model.sweeps import Position


def multi_energy(
    *,
    energies_ev: Sequence[float],
    number_images: int,
    image_width_deg: float,
    exposure_s: float,
    transmissions_frac: Sequence[float] | None = None,
    omega_start_deg: float = 0.0,
    kappa_deg: float | None = None,
    phi_deg: float | None = None,
    chi_deg: float | None = None,
    position: Position | None = None,
    wedge_images: int | None = None,
    order: str = "gsb",
    **asked: Unpack[Exposed],
) -> QueueItem:
    """The same rotation at several energies: a sweep each.

    Equal dose at each energy is a matter of `transmissions_frac` alone: the caller, who knows the flux, gives one for each.

    Args:
        energies_ev: Two or more of 1000 to 100 000 eV, in the order in which they are taken.
        number_images: Of each sweep.
        image_width_deg: More than 0 to 10 deg.
        exposure_s: Per image, more than 0 to 3600 s.
        transmissions_frac: One per energy; None takes `transmission_frac` for all.
        omega_start_deg: Where every sweep begins.
        kappa_deg: None stays as it is, as with phi and chi.
        phi_deg: See kappa.
        chi_deg: See kappa.
        position: Where the crystal is (mm); None is where centring puts it.
        wedge_images: Images of a scan; None takes each sweep in one.
        order: 'gsb' takes each wedge at every energy before the next wedge, 'gbs' finishes an energy first.
        asked: See `Exposed`.

    Raises:
        InvalidInput: If two energies are the same, the lists differ in length, or a value is out of bounds.

    >>> item = multi_energy(
    ...     energies_ev=[12658.0, 12660.0, 13000.0], transmissions_frac=[0.1, 0.1, 0.12],
    ...     number_images=1800, image_width_deg=0.1, exposure_s=0.01, wedge_images=150, sample_name="semet",
    ... )
    >>> [sweep.energy for sweep in item.sweeps], item.extension.order
    ([12658.0, 12660.0, 13000.0], 'gsb')
    """
    check_some(Kind.MULTI_ENERGY, "energies_ev", energies_ev, least=2)
    check_different("multi_energy", energies_ev)
    if asked.get("energy_ev") is not None:
        raise InvalidInput(
            f"multi_energy: energy_ev is {asked['energy_ev']:g} eV beside energies_ev; allowed is energies_ev alone: leave it out"
        )
    transmissions = transmissions_frac or [asked.get("transmission_frac", 1.0)] * len(energies_ev)
    if len(transmissions) != len(energies_ev):
        raise InvalidInput(
            f"multi_energy: {len(transmissions)} transmissions_frac for {len(energies_ev)} energies_ev; "
            "allowed is one for each: give as many"
        )
    sweeps = [
        {
            "number_images": number_images,
            "image_width_deg": image_width_deg,
            "exposure_s": exposure_s,
            "omega_start_deg": omega_start_deg,
            "kappa_deg": kappa_deg,
            "phi_deg": phi_deg,
            "chi_deg": chi_deg,
            "energy_ev": energy_ev,
            "transmission_frac": transmission_frac,
            "prefix": named(asked, "sweep", "e", number),
            **place(position),
        }
        for number, (energy_ev, transmission_frac) in enumerate(zip(energies_ev, transmissions, strict=True), start=1)
    ]
    return build(Kind.MULTI_ENERGY, asked, sweeps, order=order, wedge_images=wedge_images)
