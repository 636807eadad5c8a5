"""The calibrated axes of the shipped profiles are those that their virtual beamlines have."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from mxplans.geometry import AxisLimits, Orientation
from mxplans.model import Pose
from mxplans.profile import load_profile
from mxplans_sim.settings import WorldSettings
from mxplans_sim.world.goniometer import Goniometer

PROFILES = Path(__file__).parents[2] / "profiles"


@pytest.mark.parametrize("site", ["sim", "sim-md3"])
def test_the_profile_knows_the_axes_of_its_world(site):
    world = WorldSettings.model_validate(yaml.safe_load((PROFILES / site / "world.yaml").read_text())).goniometer
    geometry = load_profile(PROFILES / site / "beamline.yaml").goniometer
    pose, at = Pose(x_mm=0.1, y_mm=0.2, z_mm=-0.3, omega_deg=35), Orientation(kappa_deg=50, chi_deg=20, phi_deg=70)
    motors = {axis: getattr(world, f"{axis}_sign") * getattr(pose, f"{axis}_mm") for axis in "xyz"}
    motors["omega"] = world.omega_sign * pose.omega_deg
    chain = Goniometer(world.model_copy(update={"confusion_um": 0.0}), seed=1)
    stands = chain.placement(motors | {"kappa": 50, "chi": 20, "phi": 70}).lab(np.array([0.05, -0.1, 0.2]))[0]
    np.testing.assert_allclose(geometry.lab_mm([0.05, -0.1, 0.2], pose, at), stands, atol=1e-9)


def test_the_travel_of_its_axes_is_that_of_the_profile_s_limits():
    limits = AxisLimits.of(load_profile(PROFILES / "sim-md3" / "beamline.yaml").limits)
    assert (limits.x_range_mm, limits.kappa_range_deg, limits.phi_range_deg) == ((-3, 3), (-8, 256), (-360, 360))
    assert (limits.chi_range_deg, limits.omega_range_deg) == (None, None)
