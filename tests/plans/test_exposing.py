"""Dose of each scan, as its documents tell it: from the beam as it was measured, in an event that is there anyway."""

import pytest
from plan_support import spots

from mxplans.geometry import GridPlan
from mxplans.model import Pose, Sweep
from mxplans.plans.documents import ScanContext
from mxplans.plans.exposing import Exposure
from mxplans.plans.rotation import rotation
from mxplans.plans.xray_grid import grid_scan
from mxplans.profile import Collection, Limits, XrayCentring
from mxplans.schedule.dose import part_dose_mgy, sweep_dose_mgy

COLLECTION = Collection(aperture="Medium", distance_mm=100)
LIMITS = Limits.model_validate(
    {"apertures": {"Medium": {"horizontal_um": 50, "vertical_um": 50}}, "aperture": "Medium"}
)
BEFORE = {"beam_energy": 12_658.0, "beam_flux": 4e11, "attenuator": 0.25, "aperture_beam_size": 50.0}
TURN = Sweep(number_images=100, image_width_deg=0.1, exposure_s=0.02, transmission_frac=0.25, energy_ev=12_658.0)


def test_the_dose_of_a_scan_is_that_of_its_images_in_the_mean_of_the_flux(bl):
    nominal = sweep_dose_mgy(TURN, 1.0, 3e11, (50, 50))
    assert Exposure(TURN, 100).dose_mgy(bl, BEFORE, {"beam_flux": 2e11}) == pytest.approx(nominal)
    assert Exposure(TURN, 25).dose_mgy(bl, BEFORE, {"beam_flux": 2e11}) == pytest.approx(nominal / 4)
    wide = BEFORE | {"aperture_beam_size": [100.0, 50.0]}
    assert Exposure(TURN, 100).dose_mgy(bl, wide, {"beam_flux": 2e11}) == pytest.approx(nominal / 2)


@pytest.mark.parametrize("missing", [*BEFORE, "after", "table", "size"])
def test_a_dose_that_nobody_can_know_is_left_out(bl, missing):
    before = {key: value for key, value in BEFORE.items() if key != missing}
    before |= {"beam_energy": 3000.0} if missing == "table" else {}
    before |= {"aperture_beam_size": 0.0} if missing == "size" else {}
    assert Exposure(TURN, 100).dose_mgy(bl, before, {} if missing == "after" else {"beam_flux": 2e11}) is None


def test_parts_of_a_helical_sweep_share_its_way():
    ends = {"start": {"x_mm": 0, "y_mm": 0, "z_mm": 0}, "end": {"x_mm": 0.4, "y_mm": 0, "z_mm": 0}}
    sweep = Sweep.model_validate(TURN.model_dump() | {"sweep_type": "helical"} | ends)
    half = Sweep.model_validate(sweep.model_dump() | {"number_images": 50, "end": {"x_mm": 0.2, "y_mm": 0, "z_mm": 0}})
    assert part_dose_mgy(sweep, 50, 12_658.0, 1e11, (50, 50)) == pytest.approx(
        part_dose_mgy(half, 50, 12_658.0, 1e11, (50, 50))
    )


@pytest.fixture
def told(bl, simulator):
    """A simulator whose devices say what the dose follows from."""
    readings = {key: {"value": value, "timestamp": 0.0} for key, value in BEFORE.items()}
    for device, keys in ((bl.beam, ("beam_energy", "beam_flux")), (bl.attenuator, ("attenuator",)),
                         (bl.aperture, ("aperture_beam_size",))):  # fmt: skip
        said = {key: readings[key] for key in keys}
        simulator.add_handler("read", lambda _, said=said: said, lambda message, device=device: message.obj is device)
    return simulator


def doses(messages):
    said = [message.obj.read() for message in messages if message.command == "read" and hasattr(message.obj, "read")]
    return [reading["dose_mgy"]["value"] for reading in said if "dose_mgy" in reading]


def test_the_dose_stands_in_the_event_that_the_beam_is_read_into_after_the_scan(bl, told):
    messages = told.simulate_plan(rotation(bl, TURN, COLLECTION, LIMITS, wedge_images=50))
    half = sweep_dose_mgy(TURN, 1.0, 4e11, (50, 50)) / 2
    assert doses(messages) == pytest.approx([half, half])
    streams = [message.kwargs["name"] for message in messages if message.command == "create"]
    assert streams == ["mx_pre", "mx_post"] * 2  # and no event more than that


def test_a_grid_of_centring_has_the_dose_of_a_mesh(bl, told):
    grid = GridPlan(Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=30.0), 4, 3, 20.0, 30.0)
    bl.spot_finder.frames = spots(12, lit={6})
    context = ScanContext(beam_profile="top-hat")
    messages = told.simulate_plan(grid_scan(bl, grid, XrayCentring(aperture="Small"), COLLECTION, context))
    mesh = Sweep(
        sweep_type="mesh", number_images=12, number_lines=3, step_um=20.0, line_step_um=30.0, exposure_s=0.01,
        transmission_frac=0.25, energy_ev=12_658.0,
    )  # fmt: skip
    assert doses(messages) == pytest.approx([sweep_dose_mgy(mesh, 1.0, 4e11, (50, 50), "top-hat")])
