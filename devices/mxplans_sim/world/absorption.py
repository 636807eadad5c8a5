"""How much X-rays are absorbed in the materials of filters and diodes.

Source of the coefficients: NIST, Tables of X-Ray Mass Attenuation Coefficients (Hubbell and Seltzer); none of these
materials has an edge in this range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

_ENERGIES_EV = np.array([4000.0, 5000.0, 6000.0, 8000.0, 10000.0, 15000.0, 20000.0, 30000.0, 40000.0])


@dataclass(frozen=True)
class _Material:
    density_g_cm3: float
    mass_cm2_g: tuple[float, ...]


_MATERIALS: Mapping[str, _Material] = {
    "Al": _Material(2.699, (360.5, 193.4, 115.3, 50.33, 26.23, 7.955, 3.441, 1.128, 0.5685)),
    "Si": _Material(2.33, (452.9, 245.0, 147.0, 64.68, 33.89, 10.34, 4.464, 1.436, 0.7012)),
}


def mu_per_mm(material: str, energy_ev: float) -> float:
    """Linear attenuation coefficient, interpolated in the logarithms.

    Raises:
        ValueError: If the material or the energy is not tabulated.

    >>> round(mu_per_mm("Al", 10000.0), 3)
    7.079
    """
    known = _MATERIALS.get(material)
    if known is None:
        raise ValueError(f"the absorption of {material} is not tabulated, that of {', '.join(_MATERIALS)} is")
    if not _ENERGIES_EV[0] <= energy_ev <= _ENERGIES_EV[-1]:
        raise ValueError(
            f"absorption at {energy_ev:g} eV is not tabulated, from {_ENERGIES_EV[0]:g} to {_ENERGIES_EV[-1]:g} eV it is"
        )
    mass = np.interp(np.log(energy_ev), np.log(_ENERGIES_EV), np.log(known.mass_cm2_g))
    return float(np.exp(mass)) * known.density_g_cm3 / 10.0
