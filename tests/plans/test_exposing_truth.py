"""Doses in documents beside those of the virtual world, which adds up what each voxel of its crystals gets."""

import pytest
from xray_site_support import xray_site

from mxplans.model import Sweep
from mxplans.plans.rotation import rotation
from mxplans.plans.xray import move_to_candidate

SWEEP = Sweep(number_images=60, image_width_deg=0.5, exposure_s=0.1, transmission_frac=0.5)
OFF_CENTRE = 0.9
"""Least that a crystal 10 um beside the middle of a Gaussian beam of 50 um gets of its peak: exp(-(10 / 21.2)^2 / 2)."""


@pytest.mark.timeout(180)
def test_documents_tell_the_dose_that_the_crystal_got(tmp_path):
    with xray_site("sim", tmp_path) as site:
        site.mounted()
        found = site.centred()
        name = site.world.specimen.name
        scanned_mgy = site.world.dose.most_mgy(name)
        grids = [event["dose_mgy"] for event in site.events("mx_post")]
        site.run(move_to_candidate(site.bl, found.candidates[0], site.profile.limits))
        site.run(rotation(site.bl, SWEEP, site.profile.collection, site.profile.limits, wedge_images=30))
        wedges = [event["dose_mgy"] for event in site.events("mx_post")][len(grids) :]
        turned_mgy = site.world.dose.most_mgy(name) - scanned_mgy
    assert len(grids) == len(wedges) == 2
    assert OFF_CENTRE * sum(wedges) < turned_mgy < 1.01 * sum(wedges)
    # Boxes as wide as the beam: a voxel's distance from the middle of its rows counts.
    assert sum(grids) == pytest.approx(scanned_mgy, rel=0.1)
