"""Each conversion of the target against pint."""

import math

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_lims.nxmx import units

UNITS = pint.UnitRegistry()
LENGTHS = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
CLOSE = 1e-12
"""Relative: a few roundings of a double."""


@given(st.floats(min_value=1.0, max_value=1e6))
def test_energy_to_wavelength(energy_ev):
    expected = UNITS.Quantity(energy_ev, "eV").to("angstrom", "spectroscopy").magnitude
    # pint has constants of its own, CODATA as here.
    assert units.ev_to_angstrom(energy_ev) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("energy_ev", [0.0, -12.0, math.nan])
def test_no_wavelength_without_energy(energy_ev):
    with pytest.raises(ValueError, match="above 0 eV"):
        units.ev_to_angstrom(energy_ev)


@pytest.mark.parametrize(
    ("convert", "ours", "theirs"),
    [(units.mm_to_m, "mm", "m"), (units.um_to_m, "um", "m"), (units.um_to_mm, "um", "mm")],
)
@given(length=LENGTHS)
def test_lengths(convert, ours, theirs, length):
    expected = UNITS.Quantity(length, ours).to(theirs).magnitude
    assert convert(length) == pytest.approx(expected, rel=CLOSE, abs=0.0)
