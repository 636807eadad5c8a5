"""Orientations by their messages: checked first, then all axes at once, and sweeps with the crystal where it was."""

import numpy as np
import pytest
from bluesky.simulators import RunEngineSimulator
from names_support import beamline_of_names, named

from mxplans.errors import LimitExceeded
from mxplans.geometry import AxisLimits, GoniometerGeometry, Orientation
from mxplans.model import Pose, Position, Sweep
from mxplans.plans.collecting import Collecting, collect
from mxplans.plans.kappa_places import FoundAt, place_at
from mxplans.plans.orienting import align_to_spindle, move_orientation
from mxplans.profile import Collection
from mxplans.schedule import schedule

MINI_KAPPA = GoniometerGeometry(kind="mini-kappa", kappa_point_mm=(0.4, 0.2, -0.1), phi_point_mm=(0.0, 0.05, 0.03))
SMARGON = GoniometerGeometry(kind="smargon")
AT = {"x": 0.1, "y": 0.2, "z": 0.3, "omega": 30.0}
LIMITS = AxisLimits(x_range_mm=(-3, 3), y_range_mm=(-3, 3), z_range_mm=(-3, 3), kappa_range_deg=(-8, 256))


def bench(*above):
    """A beamline whose goniometer has these axes above omega, at 0; they go where they are set."""
    bl, simulator = beamline_of_names(), RunEngineSimulator()
    object.__setattr__(bl, "goniometer", named("goniometer", "omega", "x", "y", "z", "scan", "spin", *above))
    at = {f"goniometer_{name}": value for name, value in (AT | dict.fromkeys(above, 0.0)).items()}
    at |= {"beam_energy": 12658.0, "detector_distance": 100.0, "detector_sequence_id": 7}
    for name in at:
        simulator.add_handler("read", lambda message, name=name: {name: {"value": at[name], "timestamp": 0.0}}, name)
    simulator.add_handler(
        "set", lambda message: at.__setitem__(message.obj.name, message.args[0]), lambda message: message.obj.name in at
    )
    return bl, simulator


def moves(messages):
    """What was set to what, in one step where there was no waiting between."""
    return {message.obj.name: message.args[0] for message in messages if message.command == "set"}


def test_a_mini_kappa_takes_the_translations_along_in_one_step():
    bl, simulator = bench("kappa", "phi")
    target = Orientation(kappa_deg=50, phi_deg=-20)
    messages = simulator.simulate_plan(move_orientation(bl, MINI_KAPPA, target, LIMITS))
    pose = Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=30.0)
    before = MINI_KAPPA.sample_mm(np.zeros(3), pose, Orientation())
    assert np.allclose(MINI_KAPPA.sample_mm(np.zeros(3), simulator.return_value, target), before, atol=1e-9)
    set_to = moves(messages)
    assert (set_to["goniometer_kappa"], set_to["goniometer_phi"], set_to["goniometer_omega"]) == (50, -20, 30.0)
    assert set_to["goniometer_x"] == simulator.return_value.x_mm != 0.1
    assert len({message.kwargs["group"] for message in messages if message.command == "set"}) == 1


def test_a_smargon_moves_its_translations_itself():
    bl, simulator = bench("chi", "phi")
    messages = simulator.simulate_plan(move_orientation(bl, SMARGON, Orientation(chi_deg=30, phi_deg=10), LIMITS))
    assert moves(messages) == {"goniometer_chi": 30, "goniometer_phi": 10}


@pytest.mark.parametrize(
    ("above", "geometry", "target", "said"),
    [
        (("kappa", "phi"), MINI_KAPPA, {"kappa_deg": 300}, "kappa = 300.0000 deg; allowed is -8 to 256"),
        (("kappa", "phi"), MINI_KAPPA, {"chi_deg": 5}, "omega and kappa, phi: leave chi out"),
        (("chi", "phi"), SMARGON, {"kappa_deg": 5}, "omega and chi, phi: leave kappa out"),
        ((), GoniometerGeometry(), {"phi_deg": 5}, "omega and nothing else: leave phi out"),
        (("kappa", "phi"), GoniometerGeometry(), {"kappa_deg": 5}, "describe its axes in the profile"),
    ],
)
def test_what_cannot_be_had_is_told_before_anything_moves(above, geometry, target, said):
    bl, simulator = bench(*above)
    moved = []
    simulator.add_handler("set", moved.append)
    with pytest.raises(LimitExceeded, match=said):
        simulator.simulate_plan(move_orientation(bl, geometry, Orientation(**target), LIMITS))
    assert not moved


def test_translations_beyond_their_travel_are_told_before_anything_moves():
    bl, simulator = bench("kappa", "phi")
    moved = []
    simulator.add_handler("set", moved.append)
    tight = AxisLimits(x_range_mm=(-0.15, 0.15), y_range_mm=(-0.25, 0.25), z_range_mm=(-0.35, 0.35))
    with pytest.raises(LimitExceeded, match="the orientation needs .* mm; allowed is"):
        simulator.simulate_plan(move_orientation(bl, MINI_KAPPA, Orientation(kappa_deg=170), tight))
    with pytest.raises(LimitExceeded, match="the nearest is .* deg away"):
        simulator.simulate_plan(align_to_spindle(bl, MINI_KAPPA, (0, 1, 0), AxisLimits(kappa_range_deg=(0, 30))))
    assert not moved


def turned_sweep(**more):
    asked = {"number_images": 4, "image_width_deg": 0.1, "exposure_s": 0.1, "kappa_deg": 60.0, "phi_deg": 20.0}
    return Sweep(uuid="11111111-1111-4111-8111-111111111111", **(asked | more))


def motions(bl, simulator, sweep, **how):
    plan = collect(
        bl, (sweep,), schedule((sweep,), None, ""), Collecting(Collection(aperture="M", distance_mm=100), **how)
    )
    messages = simulator.simulate_plan(plan)
    return [message.args[0] for message in messages if message.command == "set" and "scan" in message.obj.name]


def test_a_sweep_at_another_kappa_begins_where_the_crystal_is_then():
    bl, simulator = bench("kappa", "phi")
    (motion,) = motions(bl, simulator, turned_sweep(), geometry=MINI_KAPPA)
    found = FoundAt(Orientation(), 30.0)
    here = Position(x_mm=0.1, y_mm=0.2, z_mm=0.3)
    wanted = place_at(MINI_KAPPA, here, found, Orientation(kappa_deg=60, phi_deg=20))
    assert motion.start.xyz_mm == pytest.approx(wanted.xyz_mm)
    assert wanted.xyz_mm != pytest.approx(here.xyz_mm, abs=0.01)


def test_a_sweep_that_says_where_says_it_of_its_own_orientation():
    bl, simulator = bench("kappa", "phi")
    (motion,) = motions(bl, simulator, turned_sweep(start=Position(x_mm=0.5, y_mm=0, z_mm=0)), geometry=MINI_KAPPA)
    assert motion.start.xyz_mm == (0.5, 0, 0)


def test_places_are_of_the_orientation_in_which_they_were_found():
    bl, simulator = bench("kappa", "phi")
    there = FoundAt(Orientation(kappa_deg=60, phi_deg=20))
    home = Position(x_mm=0.1, y_mm=0.2, z_mm=0.3)
    (motion,) = motions(bl, simulator, turned_sweep(), geometry=MINI_KAPPA, found=there, home=home)
    assert motion.start.xyz_mm == pytest.approx(home.xyz_mm)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"geometry": MINI_KAPPA, "limits": AxisLimits(x_range_mm=(0.09, 0.11))}, "sweep sweep needs x = "),
        ({}, "nobody knows where they take the sample"),
    ],
)
def test_a_sweep_whose_place_cannot_be_had_is_refused_before_anything_moves(how, said):
    bl, simulator = bench("kappa", "phi")
    moved = []
    simulator.add_handler("set", moved.append)
    with pytest.raises(LimitExceeded, match=said):
        motions(bl, simulator, turned_sweep(), **how)
    assert not moved
