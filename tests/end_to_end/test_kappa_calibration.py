"""Axes of the virtual mini-kappa, from clicks on one thing in its loop: found as they are, with honest uncertainties."""

import numpy as np
import pytest
import yaml
from points_support import Oracle, in_run, open_site

from mxplans.errors import InvalidInput
from mxplans.geometry import GoniometerGeometry, Orientation
from mxplans.model import SampleLocation
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.exchange import mount
from mxplans.plans.kappa_calibration import CalibratedAxes, NotCalibrated, calibrate_axes, tip_by_clicks
from mxplans.plans.orienting import move_orientation
from mxplans.plans.points import Marking
from mxplans.plans.points_clicking import three_click_centring

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with open_site("sim-md3", tmp_path_factory.mktemp("md3")) as here:
        here.run(mount(here.bl, SampleLocation(puck=1, pin=1)))
        yield here


@pytest.fixture(scope="module")
def shifted(site):
    """The true axes, badly remembered: 0.15 mm and 1 deg off."""
    tilted = np.array(site.geometry.kappa_axis) + [0.0, 0.015, -0.01]
    return site.geometry.model_copy(
        update={
            "kappa_axis": tuple(tilted / np.linalg.norm(tilted)),
            "kappa_point_mm": tuple(np.array(site.geometry.kappa_point_mm) + [0.0, 0.12, -0.1]),
            "phi_point_mm": (0.0, 0.05, 0.0),
        }
    )


def test_axes_are_found_as_they_are_and_what_is_told_goes_into_a_profile(site, shifted):
    place = site.crystal_mm()
    site.run(three_click_centring(site.bl, Oracle(site, place), Marking(shifted), site.limits))
    see = tip_by_clicks(site.bl, Oracle(site, place), sigma_px=1.0)
    zoom, context = site.profile.optical.zoom, ScanContext("needle")
    done = site.run(in_run(calibrate_axes(site.bl, shifted, site.limits, see, zoom, context=context)))
    assert isinstance(done, CalibratedAxes), done
    (event,) = site.events(documents.KAPPA)
    assert event["kappa_point_x_mm"] == done.calibration.geometry.kappa_point_mm[0]
    truth, found = site.geometry, done.calibration
    for name in ("kappa", "phi"):
        error = found.uncertainty[name]
        true_axis, axis = (np.array(getattr(one, f"{name}_axis")) for one in (truth, found.geometry))
        apart_deg = np.degrees(np.arccos(min(1.0, true_axis @ axis)))
        assert apart_deg < 4 * error.direction_deg + 0.05, name
        between = np.array(getattr(found.geometry, f"{name}_point_mm")) - getattr(truth, f"{name}_point_mm")
        across_um = np.linalg.norm(np.cross(between, true_axis)) * 1000
        assert across_um < 4 * error.point_um + 5, name
        assert error.point_um < 50
    assert found.rms_um < 10
    section = GoniometerGeometry.model_validate(yaml.safe_load(done.section)["goniometer"])
    assert section.kappa_point_mm == pytest.approx(found.geometry.kappa_point_mm, abs=1e-4)
    assert section.kappa_axis == pytest.approx(found.geometry.kappa_axis, abs=1e-6)
    # With what was found, what is in the beam stays there; with what was remembered it does not.
    off_um = {}
    for name, geometry in (("remembered", shifted), ("found", section)):
        site.run(move_orientation(site.bl, truth, Orientation(), site.limits))
        site.run(three_click_centring(site.bl, Oracle(site, place), Marking(truth), site.limits))
        site.run(move_orientation(site.bl, geometry, Orientation(kappa_deg=100, phi_deg=45), site.limits))
        off_um[name] = np.abs(site.off_beam_um(place)[:2]).max()
    assert off_um["found"] < 15, off_um
    assert off_um["remembered"] > 50, off_um


def test_a_tip_that_is_not_seen_or_not_one_tip_calibrates_nothing(site):
    zoom = site.profile.optical.zoom
    seen_twice = Oracle(site, site.crystal_mm())
    answers = iter([True] * 4 + [False])

    def gives_up(image, camera, pose):
        return seen_twice(image, camera, pose) if next(answers) else None

    done = site.run(calibrate_axes(site.bl, site.geometry, site.limits, tip_by_clicks(site.bl, gives_up), zoom))
    assert isinstance(done, NotCalibrated)
    assert "not seen at kappa 30 deg" in done.reason
    wrong = Oracle(site, site.crystal_mm(), extra_px={2: 60.0})
    with pytest.raises(InvalidInput, match="the tip was seen elsewhere"):
        site.run(calibrate_axes(site.bl, site.geometry, site.limits, tip_by_clicks(site.bl, wrong, 1.0), zoom))


def test_a_smargon_has_no_kappa_to_calibrate(site):
    smargon = GoniometerGeometry(kind="smargon")
    with pytest.raises(InvalidInput, match="its maker calibrates it"):
        site.run(calibrate_axes(site.bl, smargon, site.limits, lambda: iter(()), "1"))
