"""Collections at other orientations than that in which the crystal was found: it is in the beam all the same."""

import pytest
from points_support import open_site, worst_um

from mxplans.geometry import Orientation
from mxplans.model import SampleLocation, Sweep, kinds
from mxplans.model.item import parse_item
from mxplans.plans.exchange import mount
from mxplans.plans.looking import Optics
from mxplans.plans.optical import OpticalCentre, optical_centring
from mxplans.plans.orienting import move_orientation
from mxplans.plans.rotation import rotation
from mxplans.plans.xray import move_to_candidate, xray_centring
from mxplans.udc.experiment import Work, experiment
from mxplans.udc.settings import NightSettings
from mxplans.udc.verdicts import Verdict

pytestmark = pytest.mark.timeout(150)
CENTRED_UM = 10.0
ORIENTATIONS = {
    "sim-md3": [
        kinds.Orientation(kappa_deg=0, phi_deg=0),
        kinds.Orientation(kappa_deg=30, phi_deg=60),
        kinds.Orientation(kappa_deg=90, phi_deg=-100),
    ],
    "sim": [kinds.Orientation(chi_deg=0, phi_deg=0), kinds.Orientation(chi_deg=40, phi_deg=120)],
}


def turned(orientations):
    item = kinds.multi_orientation(
        sample_name="demo-1",
        location=SampleLocation(puck=1, pin=1),
        orientations=orientations,
        number_images=6,
        image_width_deg=0.5,
        exposure_s=0.02,
    )
    return parse_item(item.to_json())


@pytest.mark.parametrize("site", ORIENTATIONS)
def test_a_crystal_found_at_one_orientation_is_collected_in_every_other(tmp_path, site):
    items = [turned(ORIENTATIONS[site]), turned(ORIENTATIONS[site][::-1])]
    with open_site(site, tmp_path) as here:
        work = Work(NightSettings.from_profile(here.profile))
        for item in items:
            outcome = here.run(experiment(here.bl, item, work)).outcome
            assert outcome.verdict is Verdict.COLLECTED, outcome.reason
        scans = here.rotations()
    assert len(scans) == 2 * len(ORIENTATIONS[site])
    above = [tuple(round(value) for value in scan["above_deg"].values()) for scan in scans]
    assert len(set(above)) == len(ORIENTATIONS[site])
    offsets_um = [worst_um(scan) for scan in scans]
    assert max(offsets_um) < CENTRED_UM, list(zip(above, offsets_um, strict=True))


def test_a_crystal_centred_with_kappa_turned_is_collected_there_and_at_rest(tmp_path):
    with open_site("sim-md3", tmp_path) as here:
        bl, profile, geometry = here.bl, here.profile, here.geometry
        here.run(mount(bl, SampleLocation(puck=1, pin=1)))
        here.run(move_orientation(bl, geometry, Orientation(kappa_deg=25, phi_deg=50), here.limits))
        loop = here.run(optical_centring(bl, Optics(profile.optical, geometry=geometry)))
        assert isinstance(loop, OpticalCentre), loop
        xray = here.run(xray_centring(bl, loop, profile.xray, profile.collection, geometry=geometry))
        here.run(move_to_candidate(bl, xray.candidates[0], profile.limits))
        level = geometry.model_copy(update={"axis_offset_mm": loop.axis_offset_mm})
        for kappa_deg, phi_deg in ((25, 50), (0, 0), (70, -30)):
            sweep = Sweep(kappa_deg=kappa_deg, phi_deg=phi_deg, number_images=6, image_width_deg=0.5, exposure_s=0.02)
            # Each begins from where the one before has left the sample.
            here.run(rotation(bl, sweep, profile.collection, profile.limits, geometry=level))
        offsets_um = [worst_um(scan) for scan in here.rotations()]
    assert len(offsets_um) == 3
    assert max(offsets_um) < CENTRED_UM, offsets_um


def test_a_place_beyond_the_travel_ends_one_sample_and_not_the_night(tmp_path):
    with open_site("sim-md3", tmp_path) as here:
        settings = NightSettings.from_profile(here.profile)
        # A kappa axis that far away carries the sample out of every stage.
        far = settings.goniometer.model_copy(update={"kappa_point_mm": (1.0, 30.0, -0.3)})
        work = Work(settings.model_copy(update={"goniometer": far}))
        outcome = here.run(experiment(here.bl, turned(ORIENTATIONS["sim-md3"]), work)).outcome
        assert outcome.verdict is Verdict.NOT_CENTRED
        assert "mm; allowed is -3 to 3" in outcome.reason
        assert here.rotations() == []
