"""What a well-made mount is, at any kappa, chi and phi: bent and short are said of the pin, not of the omega axis."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mxplans.centring.failures import OpticalFailure
from mxplans.centring.loop import locate_loop
from mxplans.centring.loop_limits import LoopLimits, pin_axis, refused
from mxplans.centring.outline import LoopView
from mxplans.geometry import REST, Camera, GoniometerGeometry, Orientation, motors_pose
from mxplans.model.acquisition import Pose
from mxplans.model.detection import Detection, Notion

LIMITS = LoopLimits(neck_range_mm=(-0.3, 0.3), bend_max_deg=15.0, opaque_max_frac=0.6)
CAMERA = Camera(um_per_px=4.0, beam_x_px=150.0, beam_y_px=150.0)
SMARGON = GoniometerGeometry(kind="smargon")
KAPPA = GoniometerGeometry(kind="mini-kappa", kappa_point_mm=(1.0, 0.4, -0.3))
Y, X = np.mgrid[0:300, 0:300]
LOOP_MM, STEM_MM = 0.06, 0.012


def seen(geometry, orientation, neck_mm, bend_deg, omega_deg):
    """A loop like a ball on a stem that goes on to the pin, in one image, brought to the beam as far as it must be."""
    along = Rotation.from_euler("z", bend_deg, degrees=True).as_matrix()[:, 0]
    steps = np.concatenate([np.linspace(0.0, 1.2, 100), np.full(1, -LOOP_MM)])
    places = np.array([neck_mm, 0.0, 0.0]) + steps[:, None] * along
    middle = geometry.spindle_mm(places[-1], orientation)
    spindle = Pose(x_mm=-middle[0], y_mm=-middle[1], z_mm=-middle[2], omega_deg=omega_deg)
    lab = geometry.lab_mm(places, motors_pose(geometry, spindle, orientation), orientation)
    mask = np.zeros(X.shape, bool)
    for place, radius_mm in zip(lab, [STEM_MM] * 100 + [LOOP_MM], strict=True):
        column, row = CAMERA.pixel(place[0], place[1])
        if 0 <= column < 300:
            mask |= np.hypot(X - column, Y - row) <= radius_mm * 1000 / CAMERA.um_per_px
    return LoopView(spindle, CAMERA, Detection("drawn", {Notion.FOREGROUND: mask}))


def verdict(geometry, orientation, neck_mm=0.0, bend_deg=0.0):
    views = [seen(geometry, orientation, neck_mm, bend_deg, omega) for omega in range(0, 360, 45)]
    found = locate_loop(views, pin_axis(geometry, orientation))
    return found, refused(found, LIMITS, geometry, orientation)


TURNED = [
    (GoniometerGeometry(), REST),
    (SMARGON, Orientation(chi_deg=25.0, phi_deg=70.0)),
    (KAPPA, Orientation(kappa_deg=60.0, phi_deg=-30.0)),
]


@pytest.mark.parametrize(("geometry", "orientation"), TURNED)
def test_a_straight_pin_is_straight_in_any_orientation(geometry, orientation):
    found, why = verdict(geometry, orientation)
    assert why is None
    assert found.bend_deg == pytest.approx(0.0, abs=2.0)


@pytest.mark.parametrize(("geometry", "orientation"), TURNED)
def test_a_bent_one_is_bent_in_any(geometry, orientation):
    found, why = verdict(geometry, orientation, bend_deg=20.0)
    assert found.bend_deg == pytest.approx(20.0, abs=3.0)
    assert why.failure is OpticalFailure.BENT


@pytest.mark.parametrize(("geometry", "orientation"), TURNED)
@pytest.mark.parametrize(
    ("neck_mm", "failure"), [(-0.45, OpticalFailure.TOO_LONG), (0.45, OpticalFailure.TOO_SHORT), (0.0, None)]
)
def test_how_long_a_pin_is_does_not_depend_on_how_it_is_turned(geometry, orientation, neck_mm, failure):
    _, why = verdict(geometry, orientation, neck_mm=neck_mm)
    assert (why and why.failure) == failure
    if why is not None:
        assert why.evidence["neck_mm"] == pytest.approx(neck_mm, abs=0.08)
