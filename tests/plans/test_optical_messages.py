"""Optical centring by its messages: light first, one turn, looks from new sides; each way to fail with its class."""

import json

import numpy as np
import pytest
from looking_support import SeeingBench
from plan_support import order
from scipy.spatial.transform import Rotation
from viewer_support import specimen as on_pin

from mxplans.centring import OpticalFailure
from mxplans.centring.hull_record import read_hull
from mxplans.errors import TurnUntold
from mxplans.geometry import GoniometerGeometry
from mxplans.plans import looking
from mxplans.plans.documents import ScanContext
from mxplans.plans.looking import Optics
from mxplans.plans.optical import NoOpticalCentre, OpticalCentre, optical_centring
from mxplans.profile import OpticalCentring
from mxplans.roles import BacklightState
from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.optics import Exposure
from mxplans_sim.world.seeding import make_specimen
from mxplans_sim.world.shadow import FIBRE_RADIUS_MM
from mxplans_sim.world.specimen import Loop, Specimen

SETTINGS = OpticalCentring(zoom="Coarse", fine_zoom="Fine")
OPTICS = Optics(SETTINGS)
CONTEXT = ScanContext("s", "item", "run")


def loop(neck_mm, length_mm=0.34, bend_deg=0.0):
    turned = Rotation.from_euler("zx", [bend_deg, 30.0], degrees=True).as_matrix()
    return Specimen("loop", Loop(neck_mm, length_mm, 0.7 * length_mm, tuple(map(tuple, turned.tolist())), 0.02))


def middle_mm(specimen):
    """Half way between the neck and the outer end of the fibre."""
    found = specimen.loop
    reach = (found.length_mm + FIBRE_RADIUS_MM) / 2
    return np.array(found.neck_mm) - reach * np.array(found.rotation)[:, 0]


def centred(bl, simulator, specimen, context=None, optics=OPTICS, **bench):
    """What comes of it, the messages, and the bench."""
    seeing = SeeingBench(bl, simulator, specimen, **bench)
    messages = simulator.simulate_plan(optical_centring(bl, optics, context))
    return simulator.return_value, messages, seeing


def recorded(messages, key):
    """Values that were recorded under a key."""
    read = [message.obj.read() for message in messages if message.command == "read" and hasattr(message.obj, "read")]
    return [reading[key]["value"] for reading in read if key in reading]


def test_the_backlight_is_in_before_the_first_image_and_one_turn_shows_all_sides(bl, simulator):
    _, messages, seeing = centred(bl, simulator, loop((0.0, 0.05, 0.03)))
    order(
        messages,
        ("set", "backlight"),
        ("wait", None),
        ("trigger", "viewer"),
        ("prepare", "goniometer_spin"),
        ("set", "viewer_recorder"),
        ("set", "goniometer_spin"),
        ("wait", None),
        ("set", "viewer_recorder"),
        ("set", "viewer_zoom"),
        ("trigger", "viewer"),
    )
    lights = [message.args[0] for message in messages if message.command == "set" and message.obj.name == "backlight"]
    assert lights == [BacklightState.IN]
    (spin,) = seeing.spins
    assert (spin.sweep_deg, spin.speed_deg_s) == (SETTINGS.spin_deg, SETTINGS.spin_speed_deg_s)
    # One to see that the end is in view, then at high zoom from the edge and from the flat face.
    assert sum(message.command == "trigger" and message.obj.name == "viewer" for message in messages) == 3


@pytest.mark.parametrize(
    "specimen",
    [
        loop((0.0, 0.05, 0.03)),
        loop((0.2, -0.2, 0.25), bend_deg=8.0),
        on_pin(seed=7, bend_deg=18.0),  # 1.26 mm off, beside the image from most sides
        on_pin(seed=9, bend_deg=18.0),  # needs a second turn
        loop((-0.4, 0.1, 0.0), 0.5),  # its end is at the border
    ],
)
def test_the_centre_comes_into_the_beam(bl, simulator, specimen):
    found, _, seeing = centred(bl, simulator, specimen)
    assert isinstance(found, OpticalCentre)
    at_mm = np.array([seeing.at[f"goniometer_{axis}"] for axis in "xyz"])
    assert np.linalg.norm(at_mm + middle_mm(specimen)) < 0.010
    assert found.flat_um > 1.5 * found.edge_um


@pytest.mark.parametrize("neck_mm", [(0.0, 0.05, 0.03), (0.2, -0.2, 0.25)])
def test_the_flat_face_is_turned_to_the_camera(bl, simulator, neck_mm):
    found, _, seeing = centred(bl, simulator, loop(neck_mm))
    # The loop's width lies along y at phi 0, and it stands at phi 30.
    assert (seeing.at["goniometer_omega"] + 30.0 + 90.0) % 180.0 - 90.0 == pytest.approx(0.0, abs=5.0)
    assert found.flat_um > 2 * found.edge_um


def test_the_hull_goes_into_the_documents_and_can_be_read_again(bl, simulator):
    specimen = loop((0.0, 0.05, 0.03))
    found, messages, _ = centred(bl, simulator, specimen, CONTEXT)
    (content,) = recorded(messages, "hull_record")
    hull = read_hull(json.loads(content))
    assert hull.centroid_mm == pytest.approx(found.hull.centroid_mm)
    assert np.linalg.norm(hull.centroid_mm - middle_mm(specimen)) < 0.020  # a teardrop is heavier at its tip
    flat = hull.extent(GoniometerGeometry(), found.pose.omega_deg)
    assert flat.height_um == pytest.approx(found.flat_um, abs=25)
    assert recorded(messages, "optical_x_mm") == [pytest.approx(found.pose.x_mm)]


BARE = Specimen("bare pin", None)


@pytest.mark.parametrize(
    ("specimen", "bench", "failure"),
    [
        (None, {}, OpticalFailure.EMPTY),
        (BARE, {}, OpticalFailure.EMPTY),
        (on_pin(seed=3, iced=True), {}, OpticalFailure.ICED),
        (on_pin(seed=3, too_long=True), {}, OpticalFailure.TOO_LONG),
        (on_pin(seed=3, too_short=True), {}, OpticalFailure.TOO_SHORT),
        (on_pin(seed=8, bend_deg=30.0), {}, OpticalFailure.BENT),
        (loop((0.0, 0.0, 0.0)), {"exposure": Exposure().dimmed(0.0)}, OpticalFailure.DARK),
        (loop((0.0, 0.0, 0.0)), {"exposure": Exposure(gain=0.2)}, OpticalFailure.SATURATED),
        (loop((0.0, 0.0, 0.0)), {"frozen": True}, OpticalFailure.FROZEN),
    ],
)
def test_each_failure_has_its_class_and_pictures_from_two_sides(bl, simulator, specimen, bench, failure):
    found, messages, _ = centred(bl, simulator, specimen, CONTEXT, **bench)
    assert isinstance(found, NoOpticalCentre)
    assert found.failure is failure
    assert recorded(messages, "optical_failure") == [failure.value]
    label = failure.value.replace(" ", "-")
    assert recorded(messages, "snapshot_label") == [f"optical-{label}-1", f"optical-{label}-2"]
    omegas = recorded(messages, "snapshot_omega_deg")
    assert omegas[1] - omegas[0] == pytest.approx(90.0)


def test_nothing_to_be_seen_moves_no_further_than_the_search(bl, simulator):
    _, _, seeing = centred(bl, simulator, None)
    assert seeing.at["goniometer_x"] == pytest.approx(-SETTINGS.search_steps * SETTINGS.search_step_mm)


def test_an_image_that_is_dark_stops_before_anything_turns(bl, simulator):
    _, messages, seeing = centred(bl, simulator, loop((0.0, 0.0, 0.0)), exposure=Exposure().dimmed(0.0))
    assert not seeing.spins
    assert not [message for message in messages if message.command == "set" and message.obj.name == "goniometer_x"]


def test_a_turn_whose_stamps_tell_nothing_is_made_in_steps(bl, simulator, monkeypatch):
    def untold(*_):
        raise TurnUntold("goniometer_spin: 1 positions with stamps")
        yield

    monkeypatch.setattr(looking, "spin_and_see", untold)
    specimen = loop((0.0, 0.05, 0.03))
    found, messages, _ = centred(bl, simulator, specimen)
    assert isinstance(found, OpticalCentre)
    assert np.linalg.norm(np.array(found.pose.xyz_mm) + middle_mm(specimen)) < 0.010
    # One to see that the end is in view, the steps, two at high zoom.
    assert sum(message.command == "trigger" and message.obj.name == "viewer" for message in messages) == 15


@pytest.mark.parametrize("places", [2, 3, 4])
def test_the_long_loop_of_a_pin_with_several_places_is_seen_whole(bl, simulator, places):
    """The longest reaches from border to border, and is longer than the view at high zoom."""
    samples = tuple(Sample(f"s{place}", "Lyso", place) for place in range(1, places + 1))
    specimen = make_specimen(1, PinInDewar(1, 1, "", samples, multi=True), SampleTruth())
    found, _, seeing = centred(bl, simulator, specimen)
    assert isinstance(found, OpticalCentre)
    at_mm = np.array([seeing.at[f"goniometer_{axis}"] for axis in "xyz"])
    # Half of what the neck, where such a loop has little width, may be off.
    assert np.linalg.norm(at_mm + middle_mm(specimen)) < 0.015
