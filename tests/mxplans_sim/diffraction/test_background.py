"""Background of frames: light, ice and solvent."""

from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst

from mxplans_sim.diffraction.background import ICE_RINGS, SOLVENT_D_A, _table, backgrounds, ice_mm
from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.specimen import Ice

PANEL = Panel(DetectorSettings.model_validate({"background": 100.0}))


def icy(radius_mm=0.05, x_mm=0.0, number=1):
    burst = make_burst((), number, x_mm)
    return replace(burst, specimen=replace(burst.specimen, ice=(Ice((0.0, 0.0, 0.0), radius_mm),)))


def radial(dark, d_a):
    """Mean expected counts in the ring of a spacing, within two pixels."""
    wavelength_a = HC_EV_A / 12658.0
    radius_px = 100.0 * np.tan(2 * np.arcsin(wavelength_a / (2 * d_a))) / 0.15
    y, x = np.mgrid[: PANEL.ny, : PANEL.nx]
    beam_x, beam_y = PANEL.beam_px
    return dark.expected[abs(np.hypot(x - beam_x, y - beam_y) - radius_px) < 1.0].mean()


def test_ice_in_the_beam_shows_its_rings_and_nothing_between_them():
    clean, ice = backgrounds(make_burst((), 1), PANEL)[0], backgrounds(icy(), PANEL)[0]
    for d_a, strength in ICE_RINGS[:5]:
        assert radial(ice, d_a) > (1 + strength) * radial(clean, d_a)
    for between in (3.2, 3.05, 2.45):
        assert radial(ice, between) == pytest.approx(radial(clean, between), rel=0.1)
    # The stronger ring of two has more.
    assert radial(ice, 3.669) > radial(ice, 3.897) > radial(ice, 2.671)


def test_only_ice_in_the_beam_counts_and_by_its_chord():
    # A ball of 50 um: a chord of 100 um through its centre, 60 um at 40 um off, none beyond its edge.
    x_mm = np.array([0.0, 0.04, 0.06])
    np.testing.assert_allclose(ice_mm(icy(0.05, x_mm, 3)), [0.1, 0.06, 0.0], atol=1e-12)
    frames = backgrounds(icy(0.05, x_mm, 3), PANEL)
    heights = [radial(frame, 3.669) for frame in frames]
    assert (
        heights[0] > heights[1] > heights[2] == pytest.approx(radial(backgrounds(make_burst((), 1), PANEL)[0], 3.669))
    )


def test_solvent_has_a_ring():
    dark = backgrounds(make_burst((), 1), PANEL)[0]
    assert radial(dark, SOLVENT_D_A) > 1.3 * max(radial(dark, 5.5), radial(dark, 2.6))


def test_a_dump_in_the_middle_of_a_burst_leaves_nothing_from_then_on():
    flux_hz = np.where(np.arange(10) < 6, 1e12, 0.0)
    scene = Scene.of(make_burst((), 10, flux_hz=flux_hz), PANEL, 1)
    frame = np.empty((PANEL.ny, PANEL.nx), np.uint32)
    totals = []
    for index in range(10):
        assert not len(scene.render(index, index + 1, frame))
        totals.append(int(frame.sum()))
    assert min(totals[:6]) > 100_000
    assert totals[6:] == [0, 0, 0, 0]


def test_flux_by_frame_needs_few_tables_and_is_right_within_a_percent():
    flux_hz = 1e12 * np.exp(np.random.default_rng(1).normal(0.0, 0.01, 300))
    misses = _table.cache_info().misses
    frames = backgrounds(make_burst((), 300, flux_hz=flux_hz), PANEL)
    assert len({frame.light_s for frame in frames}) <= 5
    np.testing.assert_allclose([frame.light_s for frame in frames], 0.02 * flux_hz / 1e12, rtol=0.0101)
    frame = np.empty((PANEL.ny, PANEL.nx), np.uint32)
    for dark in frames[:20]:
        dark.draw(np.random.Generator(np.random.SFC64(1)), frame)
        assert frame.mean() == pytest.approx(dark.expected.mean(), rel=0.01)
    assert _table.cache_info().misses - misses <= 5
