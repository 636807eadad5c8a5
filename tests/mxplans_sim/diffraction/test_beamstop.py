"""The direct beam and the beamstop's shadow on frames."""

from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst

from mxplans_sim.diffraction.background import backgrounds
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Shadow
from mxplans_sim.world.specimen import Crystal

PANEL = Panel(DetectorSettings.model_validate({"background": 60.0}))
BEAM_X, BEAM_Y = PANEL.beam_px
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CRYSTAL = Crystal((0.0,) * 3, (0.025,) * 3, EYE, (79.1, 79.1, 37.9, 90.0, 90.0, 90.0), "P 43 21 2", EYE)


def burst(number, flux_hz, strength=1.0):
    return make_burst((replace(CRYSTAL, strength=strength),), number, 0.0, flux_hz, beam_fwhm_um=(20.0, 20.0))


def background(light):
    return backgrounds(light, PANEL)[0]


def shoot(light, index):
    frame = np.zeros((PANEL.ny, PANEL.nx), dtype=np.uint32)
    return frame, Scene.of(light, PANEL, 1).render(index, 1, frame)


def test_a_beamstop_that_is_out_lets_the_direct_beam_saturate_its_pixels():
    light = burst(1, flux_hz=1e13)
    stopped = shoot(light, 0)[0]
    bare = shoot(replace(light, shadow=None), 0)[0]
    rows, columns = np.nonzero(bare == PANEL.top - 1)  # as many as a pixel can count
    assert 4 <= len(rows) <= 25
    assert (columns.mean(), rows.mean()) == pytest.approx((BEAM_X, BEAM_Y))
    assert stopped[int(BEAM_Y), int(BEAM_X)] == 0
    expected = background(replace(light, shadow=None)).expected
    assert expected[256, 256] > background(light).expected[256, 280] > 0


def test_the_direct_beam_is_as_weak_as_the_attenuator_makes_it():
    bare = replace(burst(1, flux_hz=1e6, strength=0.0), shadow=None)
    near = np.s_[int(BEAM_Y) - 8 : int(BEAM_Y) + 9, int(BEAM_X) - 8 : int(BEAM_X) + 9]
    frame = shoot(bare, 0)[0][near].astype(float)
    # 20000 photons in the frame; four standard deviations of them, and what little air scatters there.
    assert frame.sum() == pytest.approx(1e6 * bare.exposure_s, abs=4 * np.sqrt(2e4) + 10)


def test_a_beamstop_aside_casts_its_shadow_elsewhere():
    aside = replace(burst(1, flux_hz=1e13), shadow=Shadow(1.5, 6.0, 0.0))
    dark = background(aside).expected
    assert dark[256, 256 + 40] == 0.0  # 6 mm of 0.15 mm pixels
    assert dark[256, 256 - 40] > 0.0
    assert shoot(aside, 0)[0].max() == PANEL.top - 1
    spots = expected_spots(replace(aside, flux_hz=aside.flux_hz * 10), PANEL)
    distance = np.hypot(spots.x_px - BEAM_X - 40, spots.y_px - BEAM_Y) * 0.15
    assert distance.min() > 1.5
