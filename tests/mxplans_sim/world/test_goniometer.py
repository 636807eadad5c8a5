"""The chain of axes against cases worked out by hand, and against a published correction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.clock import RealClock
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.world.goniometer import Goniometer, turn
from mxplans_sim.world.kinematics import Axis

angles = st.floats(-180, 180)
kappas = st.floats(0, 240)
lengths = st.floats(-1, 1)


def gonio(**settings):
    return Goniometer(GoniometerSettings.model_validate(settings), seed=1)


def at(x=0.0, y=0.0, z=0.0, omega=0.0, **above):
    return {"x": x, "y": y, "z": z, "omega": omega, **above}


@pytest.mark.parametrize(
    ("settings", "positions", "point", "expected"),
    [
        # A quarter turn about +x takes what hangs below (y down) to behind (z along the beam).
        ({}, at(omega=90), (0, 1, 0), (0, 0, 1)),
        ({}, at(omega=90), (0, 0, 1), (0, -1, 0)),
        ({"omega_sign": -1}, at(omega=90), (0, 1, 0), (0, 0, -1)),
        # y and z turn with omega, x does not feel it.
        ({}, at(x=0.5, y=0.2, omega=90), (0, 0, 0), (0.5, 0, 0.2)),
        ({}, at(z=0.2, omega=180), (0, 0, 0), (0, 0, -0.2)),
        ({"y_sign": -1}, at(y=0.2), (0, 0, 0), (0, -0.2, 0)),
        # chi about the beam at omega 0: x goes to y.
        ({"kind": "smargon"}, at(chi=90, phi=0), (1, 0, 0), (0, 1, 0)),
        # phi first, about the pin: z goes to -y; then chi takes that to +x.
        ({"kind": "smargon"}, at(chi=90, phi=90), (0, 0, 1), (1, 0, 0)),
        # 24 deg between kappa and omega: half a turn of kappa takes the pin's direction 48 deg away.
        (
            {"kind": "mini-kappa", "kappa_point_mm": (0, 0, 0), "phi_point_mm": (0, 0, 0)},
            at(kappa=180, phi=0),
            (1, 0, 0),
            (np.cos(np.radians(48)), -0.51623, -0.53457),
        ),
    ],
)
def test_points_stand_where_geometry_says(settings, positions, point, expected):
    stands = gonio(**settings).placement(positions).lab(np.array(point, dtype=float))[0]
    assert stands == pytest.approx(expected, abs=1e-5)


@given(angles, st.floats(0, 48), angles, lengths, lengths, lengths)
def test_a_smargon_keeps_the_point_in_the_beam(omega, chi, phi, x, y, z):
    placement = gonio(kind="smargon").placement(at(x, y, z, omega, chi=chi, phi=phi))
    assert placement.lab(-np.array([x, y, z]))[0] == pytest.approx((0, 0, 0), abs=1e-12)


@given(kappas, angles, kappas, angles, lengths, lengths, lengths)
def test_a_mini_kappa_follows_the_published_translation_correction(k1, p1, k2, p2, x, y, z):
    """The stage below kappa must move by the correction that ESRF's and other mini-kappas use to keep a point."""
    chain = gonio(kind="mini-kappa")
    tk, tp = np.array(chain.settings.kappa_point_mm), np.array(chain.settings.phi_point_mm)
    kappa_axis, phi_axis = np.array(chain.settings.kappa_axis), np.array(chain.settings.phi_axis)
    point = np.array([x, y, z])
    stage = -chain.placement(at(kappa=k1, phi=p1)).lab(point)[0]
    assert chain.placement(at(*stage, kappa=k1, phi=p1)).lab(point)[0] == pytest.approx((0, 0, 0), abs=1e-9)

    centred = -stage
    a = tk - turn(kappa_axis, -k1) @ (tk - centred)
    b = tp - turn(phi_axis, p2 - p1) @ (tp - a)
    corrected = -(tk - turn(kappa_axis, k2) @ (tk - b))
    assert chain.placement(at(*corrected, kappa=k2, phi=p2)).lab(point)[0] == pytest.approx((0, 0, 0), abs=1e-9)


def test_a_point_on_the_kappa_axis_stays_when_kappa_turns():
    chain = gonio(kind="mini-kappa")
    on_axis = np.array(chain.settings.kappa_point_mm) + 0.3 * np.array(chain.settings.kappa_axis)
    stands = [chain.placement(at(kappa=kappa, phi=0)).lab(on_axis)[0] for kappa in (0, 77, 200)]
    assert np.ptp(stands, axis=0).max() < 1e-6  # the vector is given to six digits


def test_the_axis_runs_out_within_the_sphere_of_confusion_and_alike_at_every_turn():
    chain = gonio(confusion_um=2.0)
    omega = np.linspace(0, 720, 721)
    shifts = chain.stand(np.column_stack([np.zeros((721, 3)), omega]), {}).lab_mm
    assert 0.2e-3 < np.linalg.norm(shifts, axis=1).max() <= 2.0e-3
    assert shifts[:361] == pytest.approx(shifts[360:])
    assert not gonio().stand(np.zeros((1, 4)), {}).lab_mm.any()


def test_backlash_shows_when_a_motor_turns_back():
    class Stepping(RealClock):
        time_s = 0.0

        def now_s(self):
            return self.time_s

    clock = Stepping()
    axis = Axis("x", clock, 0.0, speed=2.0, ramp_s=0.1, limits=(-3, 3), backlash=0.004)
    reached = []
    for target in (0.5, 0.2, 0.5):
        axis.move_to(target)
        clock.time_s += 10
        reached.append((axis.position, axis.driven))
    assert reached == [(0.5, 0.498), (0.2, pytest.approx(0.202)), (0.5, 0.498)]
