import numpy as np
import pytest
from pydantic import ValidationError

from mxplans_sim.settings.samples import PlateSettings, SampleTruth
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.plate import Plate, Well
from mxplans_sim.world.sample_class import truth_class
from mxplans_sim.world.shadow import masks

COARSE = ON_AXIS.zooms[0]
FULL = PlateSettings(filled_frac=1.0)


def test_wells_have_addresses():
    assert Well.parse("A1.1") == Well(1, 1, 1)
    assert Well.parse("H12.3") == Well(8, 12, 3)
    plate = Plate("p", PlateSettings(rows=2, columns=3, drops=2), 1)
    assert [str(well) for well in plate.wells()[:7]] == ["A1.1", "A1.2", "A2.1", "A2.2", "A3.1", "A3.2", "B1.1"]
    assert all(Well.parse(str(well)) == well for well in Plate("p", PlateSettings(), 1).wells())


@pytest.mark.parametrize("text", ["", "A", "A0.1", "12A.1", "AA1.1", "A1.0", "A1.1 ", "a1.1", "A100.1", "A1"])
def test_other_texts_are_no_addresses(text):
    with pytest.raises(ValueError, match="write row, column and drop like B12.3"):
        Well.parse(text)


def test_wells_are_9_mm_apart_about_the_middle_of_the_plate():
    plate = Plate("p", PlateSettings(), 1)
    first, right, below = (plate.centre_mm(Well.parse(text)) for text in ("A1.2", "A2.2", "B1.2"))
    assert right - first == pytest.approx([9.0, 0.0, 0.0])
    assert below - first == pytest.approx([0.0, 9.0, 0.0])
    assert first == pytest.approx([-49.5, -31.5, 0.0])  # 11 and 7 pitches to the other side, halved
    assert np.mean([plate.centre_mm(well) for well in plate.wells()], axis=0) == pytest.approx(np.zeros(3), abs=1e-9)
    with pytest.raises(ValueError, match="plate p has no drop I1.1; it has 8 rows, 12 columns and 3 drops"):
        plate.centre_mm(Well(9, 1, 1))


def test_a_drop_can_be_looked_at_and_has_its_crystals_in_it():
    viewer = Viewer(1)
    for well in Plate("p", FULL, 5).wells()[:6]:
        sample = Plate("p", FULL, 5).specimen(well)
        assert sample.name == f"p {well}"
        assert truth_class(sample) in ("good", "multiple")
        drop = min(sample.drops, key=lambda drop: np.hypot(*drop.centre_mm[:2]))
        assert drop.centre_mm == pytest.approx((0.0, 0.0, 0.0))
        found = masks(viewer.shadow(sample, Placement(), COARSE, 0.0))
        assert found["foreground"].sum() * COARSE.um_per_px**2 > 0.8e6 * np.pi * drop.half_axes_mm[0] ** 2 * 0.8
        inside = [c for c in sample.crystals if np.hypot(*c.centre_mm[:2]) < drop.half_axes_mm[0]]
        assert len(inside) == 1 and found["crystal"].any()
        empty = viewer.take(None, Placement(), COARSE, 0.0, Exposure(), 1).astype(float)
        seen = viewer.take(sample, Placement(), COARSE, 0.0, Exposure(), 1).astype(float)
        assert (seen - empty)[found["crystal"]].mean() < -5


def test_a_neighbour_in_the_same_well_is_where_its_own_specimen_has_it():
    plate = Plate("p", FULL, 2)
    here, there = plate.specimen(Well(3, 4, 1)), plate.specimen(Well(3, 4, 2))
    shift = plate.centre_mm(Well(3, 4, 2)) - plate.centre_mm(Well(3, 4, 1))
    for ours, theirs in zip(here.crystals, there.crystals, strict=True):
        assert np.array(ours.centre_mm) - theirs.centre_mm == pytest.approx(shift)
        assert ours.orientation == theirs.orientation


def test_contents_are_by_seed_and_by_what_the_world_file_says():
    plate = Plate("p", FULL, 2)
    assert plate.specimen(Well(1, 1)) == Plate("p", FULL, 2).specimen(Well(1, 1))
    assert plate.specimen(Well(1, 1)) != Plate("p", FULL, 3).specimen(Well(1, 1))
    wells = {"B2.1": SampleTruth(no_diffraction=True), "B2.2": SampleTruth(no_crystal=True)}
    told = Plate("p", PlateSettings(filled_frac=0.0, wells=wells), 2)
    assert [crystal.strength for crystal in told.specimen(Well(2, 2)).crystals] == [0.0]
    assert told.specimen(Well(1, 1)).crystals == ()
    salty = Plate("p", PlateSettings(filled_frac=1.0, truth=SampleTruth.of("salt")), 2).specimen(Well(1, 1))
    assert truth_class(salty) == "salt"
    some = Plate("p", PlateSettings(drops=1, filled_frac=0.25), 2)
    filled = sum(bool(some.specimen(well).crystals) for well in some.wells())
    assert filled == pytest.approx(24, abs=13)  # of 96; three standard deviations


@pytest.mark.parametrize("address", ["A1", "I1.1", "A13.1", "A1.4", "B02.1"])
def test_truth_of_wells_that_are_not_there_is_refused(address):
    with pytest.raises(ValidationError, match="of 8 rows, 12 columns and 3 drops"):
        PlateSettings(wells={address: SampleTruth()})
