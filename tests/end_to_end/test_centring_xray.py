"""X-ray centring on the virtual beamline, whose geometry is its own: what is found is moved into the beam and measured."""

import json
from pathlib import Path

import numpy as np
import pytest
from xray_site_support import multi_pin, xray_site

from mxplans.geometry import Orientation
from mxplans.model import Sweep, kinds
from mxplans.model.message import read_message
from mxplans.model.queue import build_queue
from mxplans.plans.optical import OpticalCentre
from mxplans.udc.experiment import Work, experiment
from mxplans.udc.sample import mounted_location
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Verdict
from mxplans_lims.fold import fold
from mxplans_lims.targets.mxlims import to_message

SINGLE_UM = 5.0
TILTED_UM = 10.0
GHOST_UM = 10.0
"""Farther from every crystal than any error of a found one: it was invented."""


@pytest.fixture
def single(tmp_path):
    """The first site with its first pin in the light; one at a time owns the time of this process."""
    with xray_site("sim", tmp_path) as here:
        here.mounted()
        yield here


@pytest.mark.parametrize(
    ("settings", "scans"),
    [({}, 2), ({"strategy": "grid and line"}, 2), ({"coarse_step_um": 40.0}, 4)],
    ids=["two grids", "grid and line", "coarse to fine"],
)
def test_a_single_crystal_is_found_by_every_strategy(single, settings, scans):
    before = len(single.grids())
    found = single.centred(**settings)
    assert len(found.crystals) == 1 and not found.lines, found.reason
    assert single.nearest(found.candidates[0])[1] < SINGLE_UM
    grids = single.grids()[before:]
    assert len(grids) == found.scans == scans
    if "strategy" in settings:
        assert grids[1]["columns"] < grids[0]["columns"] / 2
    if "coarse_step_um" in settings:
        assert [grid["step_um"] for grid in grids] == [40, 40, 20, 20]
        assert sum(grid["rows"] * grid["columns"] for grid in grids) < 380  # of 20 um alone it would be 580


def test_a_crystal_that_an_edge_cuts_makes_the_grid_larger(single):
    optical = single.run_optical()
    # The loop's model is gone, and what is said of it reaches from far beside the crystal to its middle.
    found = single.centred()
    crystal_mm = found.candidates[0].pose.x_mm
    narrow = OpticalCentre(
        optical.pose.model_copy(update={"x_mm": crystal_mm + 0.1}), 120.0, optical.flat_um, optical.edge_um
    )
    before = len(single.grids())
    cut = single.scanned(narrow, extensions_most=0)
    assert cut.crystals and cut.candidates[0].truncated
    grown = single.scanned(narrow)
    assert not grown.candidates[0].truncated
    assert single.nearest(grown.candidates[0])[1] < SINGLE_UM
    assert [grid["columns"] for grid in single.grids()[before:]] == [10, 10, 10, 10, 5, 5]


def test_four_crystals_are_found_and_none_is_invented(tmp_path):
    samples = {"demo-1": {"crystals": 4, "size_um": [25, 20, 15]}}
    with xray_site("sim", tmp_path, samples=samples) as here:
        here.mounted()
        found = here.centred(step_um=10.0)
        nearest = [here.nearest(candidate) for candidate in found.candidates]
        assert max(off_um for _, off_um in nearest) < GHOST_UM
        # Those that no pair of grids can place are lines of sight; here the grids place all.
        assert len({which for which, _ in nearest}) + len(found.lines) >= 4
        peaks = [candidate.peak for candidate in found.candidates]
        assert np.all(np.diff(peaks) <= 0.2 * peaks[0])  # alike within the steps that matter for the rank


@pytest.mark.parametrize(
    ("site", "orientation"),
    [
        ("sim", Orientation(chi_deg=15, phi_deg=70)),
        ("sim-md3", Orientation(kappa_deg=30, phi_deg=50)),
    ],
)
def test_in_any_orientation_the_crystal_comes_into_the_beam(tmp_path, site, orientation):
    with xray_site(site, tmp_path) as here:
        here.mounted()
        found = here.centred(orientation)
        assert len(found.crystals) == 1, found.reason
        assert here.nearest(found.candidates[0])[1] < TILTED_UM


def test_a_grid_that_was_asked_for_lies_in_the_image_at_any_chi(tmp_path):
    with xray_site("sim", tmp_path) as here:
        here.mounted()
        here.centred(Orientation(chi_deg=15, phi_deg=70))
        work = Work(NightSettings.from_profile(here.profile))
        item = kinds.xray_centring(
            sample_name="demo-1", columns=16, flat_rows=14, edge_rows=14, step_um=20, exposure_s=0.01, aperture="Small"
        )
        outcome = here.run(experiment(here.bl, item, work)).outcome
        assert outcome.verdict is Verdict.DONE, outcome.reason
        assert here.nearest(work.sample.candidates[0])[1] < TILTED_UM


def position_items(folder: Path, number: int):
    """An item for each position of a pin, also for those without a crystal."""
    asked = folder / "asked"
    asked.mkdir()
    sweep = Sweep(number_images=4, image_width_deg=0.5, exposure_s=0.02)
    return build_queue(read_message(multi_pin(asked, range(1, number + 1), number)), sweep)


def test_each_position_of_a_pin_gets_its_own_crystal_and_an_empty_one_shifts_none(tmp_path):
    filled, number = (1, 2, 4), 4
    with xray_site("sim", tmp_path, shipment=multi_pin(tmp_path, filled, number)) as here:
        here.mounted()
        settings = NightSettings.from_profile(here.profile)
        # Of so long a loop the grids are longer than others.
        work = Work(settings.model_copy(update={"xray": settings.xray.model_copy(update={"grid_max_um": 1800.0})}))
        items = position_items(tmp_path, number)
        work.sample.location, work.sample.backgrounds = here.run(mounted_location(here.bl)), here.optics.backgrounds
        results = [here.run(experiment(here.bl, item, work)) for item in items]
        verdicts = [result.outcome.verdict for result in results]
        wanted = [Verdict.COLLECTED if k in filled else Verdict.NO_DIFFRACTION for k in range(1, number + 1)]
        assert verdicts == wanted, [result.outcome.reason for result in results]
        on = {crystal.pin_position: here.nearest(crystal.candidate) for crystal in work.sample.crystals}
        assert {position: which for position, (which, _) in on.items()} == {1: 0, 2: 1, 4: 2}
        assert max(off_um for _, off_um in on.values()) < TILTED_UM
        records = fold(here.documents)
    told = [[crystal.values["xrc_pin_position"] for crystal in record.crystals] for record in records]
    assert [sorted(positions) for positions in told] == [[1, 2, 4]] * number
    chosen = [record.xray and record.xray.values["xrc_pin_position"] for record in records]
    assert chosen == [1, 2, None, 4]
    (volume,) = to_message(records[0])["VolumeScan"].values()
    assert volume["resultVolume"]["grouping"] == [1, 2, 3]
    assert np.ptp(np.array(volume["resultVolume"]["coordinates"])[:, 0]) > 0.9  # mm, from position 1 to 4
    json.dumps(volume)
