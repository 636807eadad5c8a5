"""Each conversion against pint, over all that can be measured."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_lims.sources import units as asked
from mxplans_lims.targets.ispyb import units

UREG = pint.UnitRegistry()
lengths = st.floats(1e-3, 1e6)
fractions = st.floats(0, 1)


@given(st.floats(1000, 100_000))
def test_wavelength(energy_ev):
    expected = (energy_ev * UREG.eV).to("angstrom", "spectroscopy").magnitude
    # pint writes the constants of 2019 with ten digits or more.
    assert units.ev_to_angstrom(energy_ev) == pytest.approx(expected, rel=1e-9)


@given(lengths)
def test_lengths(length):
    expected = (length * UREG.um).to("mm").magnitude
    assert units.um_to_mm(length) == pytest.approx(expected, rel=1e-12)
    assert asked.um_to_mm(length) == pytest.approx(expected, rel=1e-12)
    assert units.mm_to_um(length) == pytest.approx((length * UREG.mm).to("um").magnitude, rel=1e-12)


@given(fractions)
def test_percent(frac):
    expected = (frac * UREG.dimensionless).to("percent").magnitude
    assert units.frac_to_percent(frac) == pytest.approx(expected, rel=1e-12)
    assert asked.frac_to_percent(frac) == pytest.approx(expected, rel=1e-12)


@given(st.floats(0, 5000), st.floats(10, 200))
def test_places_on_the_detector(place_px, pixel_um):
    expected = (place_px * pixel_um * UREG.um).to("mm").magnitude
    assert units.px_to_mm(place_px, pixel_um) == pytest.approx(expected, rel=1e-12)


@given(st.floats(1e6, 1e15), fractions)
def test_flux_at_the_sample(flux, frac):
    percent = units.frac_to_percent(frac) * UREG.percent
    assert units.at_sample(flux, frac) == pytest.approx((flux * percent).to("dimensionless").magnitude, rel=1e-12)


@given(st.floats(1, 400), st.floats(50, 1500), st.floats(0.3, 3))
def test_resolution_obeys_bragg(radius_mm, distance_mm, wavelength):
    d = units.resolution_angstrom(radius_mm, distance_mm, wavelength)
    theta = math.asin(wavelength / (2 * d))
    assert math.tan(2 * theta) * distance_mm == pytest.approx(radius_mm, rel=1e-9)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)))
def test_local_time_is_the_zones_own(when):
    for name in ("Europe/Paris", "Europe/London", "America/Chicago", "Asia/Taipei", "Etc/UTC"):
        zone = ZoneInfo(name)
        text = units.local_text(when, zone)
        naive = datetime.fromisoformat(text)
        assert naive.tzinfo is None and "." not in text
        back = {naive.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
        assert when.replace(microsecond=0) in back


def test_night_of_the_clocks():
    """In Paris 02:30 comes twice on 2026-10-25, and never on 2026-03-29."""
    paris = ZoneInfo("Europe/Paris")
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    told = [units.local_text(first + timedelta(hours=hours), paris) for hours in (-1, 0, 1, 2)]
    assert [text[11:16] for text in told] == ["01:30", "02:30", "02:30", "03:30"]
    spring = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    told = [units.local_text(spring + timedelta(hours=hours), paris) for hours in (0, 1)]
    assert [text[11:16] for text in told] == ["01:30", "03:30"]
