"""Points of a sample: to be collected at any pose, kept from mount to mount, met by a single click."""

import json

import hull_support
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans.centring.hull_carve import HullView, carve
from mxplans.centring.hull_remount import Remount, RemountUnclear, find_remount
from mxplans.centring.points import CentrePoint, PointSource, centre_point
from mxplans.centring.points_cloud import helical_ends, point_cloud
from mxplans.centring.points_hull import MissesHull, OnHull, meet_hull
from mxplans.centring.points_store import PointStore
from mxplans.centring.registration import LineOnly, Sighting, register
from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.geometry import REST, AxisLimits, Camera, GoniometerGeometry, Orientation, rotation_about, view_of
from mxplans.model import Pose
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.world.goniometer import Goniometer

AT_REST = Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0)
CAMERA = Camera(1.0, 300.0, 200.0)
EYE = ((4.0, 0.0, 0.0), (0.0, 4.0, 0.0), (0.0, 0.0, 9.0))
MINI_KAPPA = GoniometerGeometry.model_validate(hull_support.WORLD)
small = st.floats(-0.3, 0.3)


def point(point_id="a", s_mm=(0.1, -0.05, 0.07), **more):
    fields = {"covariance_um2": EYE, "source": PointSource.CLICKS, "origin": AT_REST, "sample": "lyso"}
    return CentrePoint(id=point_id, s_mm=s_mm, **(fields | more))


def click(geometry, place, omega, orientation=REST):
    pose = AT_REST.model_copy(update={"omega_deg": omega})
    return Sighting(*view_of(geometry, CAMERA, pose, orientation).pixels(place), CAMERA, pose, orientation)


def test_clicks_make_a_point_that_survives_json_and_goes_into_the_beam():
    place = np.array([0.1, -0.05, 0.07])
    found = register([click(MINI_KAPPA, place, omega) for omega in (0, 60, 120)], MINI_KAPPA)
    made = centre_point(found, sample="lyso", source=PointSource.CLICKS, origin=AT_REST)
    assert CentrePoint.model_validate_json(made.model_dump_json()) == made
    assert made.sigma_um == pytest.approx(tuple(found.sigma_um))
    assert made.values()["point_freedom"] == 3
    orientation = Orientation(kappa_deg=50, phi_deg=70)
    pose = made.pose(MINI_KAPPA, 33.0, orientation)
    chain = Goniometer(GoniometerSettings.model_validate(hull_support.WORLD), seed=1)
    motors = {"x": pose.x_mm, "y": pose.y_mm, "z": pose.z_mm, "omega": 33.0, "kappa": 50, "phi": 70}
    assert np.abs(chain.placement(motors).lab(place)).max() < 1e-9
    with pytest.raises(LimitExceeded, match=f"point {made.id} needs x = "):
        made.pose(MINI_KAPPA, 33.0, orientation, AxisLimits(x_range_mm=(5, 6)))


@pytest.mark.parametrize("wrong", [((1, 2, 0), (0, 1, 0), (0, 0, 1)), ((1, 0, 0), (0, -1, 0), (0, 0, 1))])
def test_what_is_no_covariance_is_refused(wrong):
    with pytest.raises(ValueError, match="is no covariance"):
        point(covariance_um2=wrong)


@settings(max_examples=50, deadline=None)
@given(st.tuples(small, small, small), st.tuples(small, small, small), st.floats(0, 240), st.floats(-90, 90))
def test_a_helical_scan_keeps_the_line_between_its_ends_on_the_axis(first, last, kappa, omega):
    if np.linalg.norm(np.subtract(first, last)) < 0.002:
        return
    orientation = Orientation(kappa_deg=kappa, phi_deg=20)
    geometry = MINI_KAPPA.model_copy(update={"axis_offset_mm": 0.03})
    begin, end = helical_ends(point("a", first), point("b", last), geometry, omega, omega + 90, orientation)
    chain = Goniometer(GoniometerSettings.model_validate(hull_support.WORLD), seed=1)
    for part in (0, 0.3, 1):
        x, y, z = (1 - part) * np.array(begin.xyz_mm) + part * np.array(end.xyz_mm)
        motors = {"x": x, "y": y, "z": z, "omega": omega + 90 * part, "kappa": kappa, "phi": 20}
        between = (1 - part) * np.array(first) + part * np.array(last)
        assert np.abs(chain.placement(motors).lab(between)).max() < 1e-9


def test_helical_ends_that_are_none_are_refused():
    with pytest.raises(InvalidInput, match="collect a rotation at one of them"):
        helical_ends(point("a"), point("b"), MINI_KAPPA, 0, 90)
    with pytest.raises(InvalidInput, match="not of one mount of one sample"):
        helical_ends(point("a"), point("b", (0, 0, 0), mount=1), MINI_KAPPA, 0, 90)
    with pytest.raises(LimitExceeded, match="point b needs"):
        helical_ends(point("a"), point("b", (9, 0, 0)), MINI_KAPPA, 0, 90, limits=AxisLimits(x_range_mm=(-3, 3)))


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(0, 48), st.floats(-180, 180), st.sampled_from(["smargon", "mini-kappa"]))
def test_a_cloud_says_how_far_the_motors_travel_to_each_point(omega, above, phi, kind):
    geometry = GoniometerGeometry(kind=kind, kappa_point_mm=(1.0, 0.4, -0.3))
    orientation = Orientation(chi_deg=above, phi_deg=phi) if kind == "smargon" else Orientation(kappa_deg=above)
    places = [(0.1, -0.05, 0.07), (-0.1, 0.15, 0.0)]
    pose = geometry.pose_for(places[0], omega, orientation)
    cloud = point_cloud(
        [point(str(place), place) for place in places], geometry, pose, orientation, grouping=[1, 2], score=0.5
    )
    assert set(cloud.position) == {"omega", "sampleX", "sampleY", "sampleZ", "phi"} | (
        {"chi"} if kind == "smargon" else {"kappa"}
    )
    assert cloud.coordinates[0] == pytest.approx((0, 0, 0), abs=1e-9)
    x, y, z = np.add([cloud.position[f"sample{axis}"] for axis in "XYZ"], cloud.coordinates[1])
    there = Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=omega)
    assert np.abs(geometry.lab_mm(places[1], there, orientation)).max() < 1e-9
    assert cloud.to_json()["grouping"] == [1, 2]


def test_a_cloud_without_points_or_with_other_groups_is_refused():
    for points, grouping in (([], None), ([point()], [1, 2])):
        with pytest.raises(InvalidInput, match="allowed are one point or more"):
            point_cloud(points, MINI_KAPPA, AT_REST, grouping=grouping)


def hull_of(parts, rng, geometry=MINI_KAPPA, number=24):
    """Hull of a sample of convex parts, seen over a full turn."""
    views = []
    for number_of in range(number):
        each = [hull_support.views_of(corners, [(360 / number * number_of, REST)], rng)[0] for corners in parts]
        views.append(HullView(np.any([view.mask for view in each], axis=0), hull_support.CAMERA, each[0].pose))
    return carve(views, geometry)


def test_a_single_click_meets_the_hull_in_the_middle_of_what_it_crosses():
    rng = np.random.default_rng(4)
    corners, middle, _ = hull_support.random_box(rng)
    hull = hull_of([corners], rng)
    line = register([click(MINI_KAPPA, middle / 1000, 70.0)], MINI_KAPPA)
    assert isinstance(line, LineOnly)
    met = meet_hull(line, hull)
    assert isinstance(met, OnHull)
    # A box crossed through its middle is crossed as far before as behind.
    assert np.linalg.norm(met.point_mm * 1000 - middle) < 6
    along = np.sqrt(line.direction @ met.covariance_mm2 @ line.direction) * 1000
    assert along == pytest.approx(met.thickness_um / np.sqrt(12))
    assert centre_point(met, sample="lyso", source=PointSource.HULL, origin=AT_REST).freedom == 0
    beside = meet_hull(register([click(MINI_KAPPA, middle / 1000 + [0.4, 0, 0], 70.0)], MINI_KAPPA), hull)
    assert isinstance(beside, MissesHull)
    assert 250 < beside.distance_um < 400
    assert "beside the sample's hull" in beside.reason


def test_a_store_keeps_points_through_json_and_forgets_none_silently():
    store = PointStore(sample="lyso").added(point("a")).added(point("b", (0.2, 0, 0)))
    again = PointStore.from_state(json.loads(json.dumps(store.state())))
    assert again == store
    assert store.point("b").s_mm == (0.2, 0, 0)
    with pytest.raises(InvalidInput, match="has no point 'c'; known are a, b"):
        store.point("c")
    with pytest.raises(InvalidInput, match="share an id"):
        store.added(point("a"))
    with pytest.raises(InvalidInput, match="is of sample 'other'"):
        store.added(point("d", sample="other"))
    assert [one.id for one in store.removed("a").valid] == ["b"]
    with pytest.raises(InvalidInput, match="nothing to remove"):
        store.removed("z")
    with pytest.raises(InvalidInput, match="no store of points"):
        PointStore.from_state({"sample": "x", "more": 1})


def test_a_remount_expires_points_until_it_is_known_how_the_sample_stands():
    store = PointStore(sample="lyso").added(point("a")).remounted()
    assert (store.valid, [one.id for one in store.expired]) == ((), ["a"])
    with pytest.raises(InvalidInput, match="of mount 0, and the sample is in mount 1: find out how"):
        store.point("a")
    quarter = Remount(np.array([1.0, 0, 0]), 90.0, np.array([0.01, 0, 0]), np.zeros(3), 0.95, 0.2, 0.002)
    found = store.found_again(quarter).point("a")
    assert found.s_mm == pytest.approx((0.11, -0.07, -0.05))  # y to z, z to -y
    # x: 4 + 2^2; y had been z; the lever of the angle adds to both.
    assert found.sigma_um[0] == pytest.approx(np.sqrt(8))
    assert found.sigma_um[1] > np.sqrt(13)
    # Points of two mounts ago stay expired.
    assert store.remounted().found_again(quarter).valid == ()


def loop_with_crystal(rng):
    """Corners of a plate, a crystal on it and a stem to the right, um."""
    cube = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
    crystal, _, _ = hull_support.random_box(rng)
    plate = cube * [130, 80, 12] @ rotation_about([1, 0, 0], rng.uniform(0, 180)).T
    stem = (cube * [120, 10, 10] + [240, 0, 0]) @ rotation_about([0, 0, 1], rng.uniform(-8, 8)).T
    return [0.8 * crystal, plate, stem]


def test_points_are_found_again_after_a_remount():
    errors_sigma, angles_deg = [], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        parts, angle_deg, shift = loop_with_crystal(rng), rng.uniform(-180, 180), rng.uniform(-60, 60, 3)
        turn = rotation_about([1, 0, 0], angle_deg)
        before, now = hull_of(parts, rng), hull_of([corners @ turn.T + shift for corners in parts], rng)
        remount = find_remount(before, now)
        assert isinstance(remount, Remount)
        angles_deg.append((remount.angle_deg - angle_deg + 180) % 360 - 180)
        store = PointStore(sample="lyso").added(point("a", (0.05, 0.03, -0.02))).remounted().found_again(remount)
        found = store.point("a")
        off = np.array(found.s_mm) * 1000 - (turn @ [50, 30, -20] + shift)
        errors_sigma.append(np.sqrt(off @ np.linalg.solve(np.array(found.covariance_um2), off)))
    assert np.abs(angles_deg).max() < 4
    assert np.median(errors_sigma) < 2
    assert max(errors_sigma) < 4


def test_a_rod_looks_alike_from_all_sides():
    rng = np.random.default_rng(1)
    around = np.radians(np.arange(0, 360, 15))
    rod = np.concatenate(
        [np.column_stack([0 * around + x, 40 * np.cos(around), 40 * np.sin(around)]) for x in (0, 200)]
    )
    found = find_remount(hull_of([rod], rng), hull_of([rod], rng))
    assert isinstance(found, RemountUnclear)
    assert "register its points anew" in found.reason
