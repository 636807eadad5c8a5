"""Events of X-ray centring from a real RunEngine: one for each crystal and each line, with units, once."""

import numpy as np
import pytest
from bluesky import preprocessors as bpp
from xray_support import lit, turned

from mxplans.centring import PinLayout, locate_crystals
from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation
from mxplans.model import Pose
from mxplans.plans.xray import crystal_for, kept_of
from mxplans.plans.xray_told import Crystal, crystals_told, in_motors, tell_crystals, tell_lines

SMARGON = GoniometerGeometry(kind="smargon")
TILTED = Orientation(chi_deg=20, phi_deg=50)
POSE = Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=0.0)


@pytest.fixture(scope="module")
def found():
    """Two crystals and one line of sight."""
    first = lit(GridPlan(POSE, 20, 10, 20.0), (3, 4), (6, 15), (5, 10), photons=300.0)
    second = lit(GridPlan(turned(90, POSE), 20, 10, 20.0), (4, 4), (5, 15), photons=310.0)
    views = [first, second]
    return locate_crystals(views, 20.0), views


def documents(run_engine, plan):
    seen = []
    run_engine(bpp.run_wrapper(plan), lambda name, document: seen.append((name, document)))
    return seen


def test_every_crystal_is_an_event_in_the_order_of_rank_with_units(run_engine, found):
    crystals = crystals_told(*found, GoniometerGeometry(), Orientation(), PinLayout(-0.1, 0.2, 2))
    assert len(crystals) == 2
    seen = documents(run_engine, tell_crystals(crystals, crystals[1]))
    (descriptor,) = [document for name, document in seen if name == "descriptor"]
    events = [document["data"] for name, document in seen if name == "event"]
    assert descriptor["name"] == "mx_xrc_result"
    keys = descriptor["data_keys"]
    assert (keys["xrc_x_mm"]["units"], keys["xrc_d_est_angstrom"]["units"]) == ("mm", "angstrom")
    assert keys["xrc_covariance_um2"]["shape"] == [9]
    assert [event["xrc_rank"] for event in events] == [1, 2]
    assert [event["xrc_chosen"] for event in events] == [0, 1]
    assert sorted(event["xrc_pin_position"] for event in events) == [1, 2]
    assert all(event["xrc_n_spots"] >= 30 and event["xrc_d_est_angstrom"] == 0.0 for event in events)


def test_a_line_of_sight_tells_its_place_its_direction_and_its_errors(run_engine, found):
    lines = found[0].unpaired
    seen = documents(run_engine, tell_lines(lines, SMARGON, TILTED))
    (event,) = [document["data"] for name, document in seen if name == "event"]
    there = Pose(
        **{f"{axis}_mm": event[f"xrc_line_{axis}_mm"] for axis in "xyz"}, omega_deg=event["xrc_line_omega_deg"]
    )
    direction = np.array([event[f"xrc_line_direction_{axis}"] for axis in "xyz"])
    assert np.linalg.norm(direction) == pytest.approx(1)
    # Along it the sample goes along the beam, and stays where it is in the image.
    moved = there.model_copy(
        update={f"{axis}_mm": value for axis, value in zip("xyz", there.xyz_mm + 0.3 * direction, strict=True)}
    )
    shift = SMARGON.lab_mm([0, 0, 0], moved, TILTED) - SMARGON.lab_mm([0, 0, 0], there, TILTED)
    np.testing.assert_allclose(shift, [0, 0, 0.3], atol=1e-9)
    assert event["xrc_line_sigma_depth_um"] > event["xrc_line_sigma_across_um"] > 0
    assert (event["xrc_line_number"], event["xrc_line_view"]) == (1, 0)


def test_a_smargons_motors_have_the_crystal_in_the_same_place_and_its_errors_turn_along(found):
    candidate = found[0].candidates[0]
    motors = in_motors(candidate, SMARGON, TILTED)
    single = GoniometerGeometry()
    # What the frame of omega alone brings to the beam, the smargon's motors bring there as well.
    np.testing.assert_allclose(
        SMARGON.stand(motors.pose, TILTED).shift_mm, single.stand(candidate.pose).shift_mm, atol=1e-12
    )
    before, after = np.array(candidate.covariance_um2), np.array(motors.covariance_um2)
    np.testing.assert_allclose(np.linalg.eigvalsh(after), np.linalg.eigvalsh(before), atol=1e-9)
    np.testing.assert_allclose(np.square(motors.sigma_um), np.diag(after))
    assert in_motors(candidate, single, TILTED) is candidate


def test_a_position_without_a_crystal_takes_none_from_another(found):
    candidate = found[0].candidates[0]
    crystals = [Crystal(candidate, rank, position) for rank, position in enumerate((3, 1, 3, None), start=1)]
    assert [crystal_for(position, crystals) for position in (1, 2, 3)] == [crystals[1], None, crystals[0]]
    assert crystal_for(None, crystals) is crystals[0] and crystal_for(None, []) is None
    assert kept_of(crystals, 1) == (crystals[0], crystals[1], crystals[3])
