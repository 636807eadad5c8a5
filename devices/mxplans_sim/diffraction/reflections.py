"""All reflections of a crystal form, built once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import gemmi
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Cell = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Reflections:
    """Every reflection to a resolution, symmetry mates and Friedel mates included.

    Attributes:
        hkl: Miller indices (n, 3).
        b_hkl: B h in 1/A, crystal frame (n, 3).
        intensity: Wilson intensities with mean 1 before the B factor (n,).
        d_a: Spacings (n,).
    """

    hkl: npt.NDArray[np.int64]
    b_hkl: Array
    intensity: Array
    d_a: Array


@lru_cache(maxsize=8)
def reflections(
    cell: Cell, space_group: str, d_min_a: float, b_factor_a2: float, seed: int, anomalous_frac: float = 0.0
) -> Reflections:
    """Build the reflections of a form: acentric Wilson statistics, absences left out.

    Mates by symmetry share one intensity, and so do Friedel mates unless there is an anomalous difference, whose mean is
    `anomalous_frac` of the intensity; the B factor enters as exp(-2 B / (4 d^2)).

    Raises:
        ValueError: If the space group is not known.
    """
    unit_cell = gemmi.UnitCell(*cell)
    group = gemmi.find_spacegroup_by_name(space_group)
    if group is None:
        raise ValueError(f"space group {space_group!r} is not known; write it as gemmi does, like 'P 43 21 2'")
    operations = group.operations()
    unique = gemmi.make_miller_array(unit_cell, group, d_min_a, unique=True)
    unique = unique[~operations.systematic_absences(unique)]
    wilson = np.random.default_rng(seed).exponential(1.0, len(unique))
    spacing = unit_cell.calculate_d_array(unique)
    strength = wilson * np.exp(-b_factor_a2 / (2 * spacing**2))
    rotations = [np.array(operation.rot) // operation.DEN for operation in operations.sym_ops]
    # Of a normal distribution the mean of the size is sqrt(2 / pi); each mate takes half of the difference.
    half = np.random.default_rng([seed, 1]).normal(0.0, anomalous_frac * np.sqrt(np.pi / 8), len(unique))
    half = np.where(operations.centric_flag_array(unique), 0.0, half)
    mates = np.concatenate([sign * unique @ rotation for rotation in rotations for sign in (1, -1)])
    each = np.concatenate([strength * np.maximum(1 + sign * half, 0.0) for _ in rotations for sign in (1, -1)])
    hkl, first = np.unique(mates, axis=0, return_index=True)
    fractional = np.array(unit_cell.frac.mat.tolist()).T
    return Reflections(
        hkl=hkl,
        b_hkl=hkl @ fractional.T,
        intensity=each[first],
        d_a=np.tile(spacing, 2 * len(rotations))[first],
    )
