"""Optical centring on the virtual beamlines: where the loop is, in any orientation; what a bad camera comes to."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fault_support import rule
from points_support import Site, open_site

from mxplans.centring import OpticalFailure
from mxplans.centring.detection import Background, Backgrounds
from mxplans.errors import AnalysisFailed, CameraFault, DeviceFault
from mxplans.geometry import Orientation
from mxplans.model import SampleLocation, kinds
from mxplans.model.item import parse_item
from mxplans.plans.backgrounds import take_backgrounds
from mxplans.plans.looking import Optics
from mxplans.plans.optical import OpticalCentre, optical_centring
from mxplans.plans.orienting import turn_axes
from mxplans.udc import MountedSample, NightSettings
from mxplans.udc.experiment import Work, experiment
from mxplans.udc.night import night
from mxplans.udc.verdicts import Verdict

pytestmark = pytest.mark.timeout(120)
CENTRED_UM = 10.0
FIBRE_MM = 0.010
LIGHT_UM = 15.0
SCRIPT = Path(__file__).parents[1] / "murko_centring.py"
ORIENTED = {
    "sim-md3, flat": ("sim-md3", Orientation()),
    "sim-md3, kappa": ("sim-md3", Orientation(kappa_deg=30.0, phi_deg=50.0)),
    "sim, chi": ("sim", Orientation(chi_deg=20.0, phi_deg=-40.0)),
}


def middle_mm(neck_mm: Any, length_mm: float, rotation: Any) -> Any:
    """Half way between the neck and the outer end of the fibre, in the sample's frame."""
    return np.array(neck_mm) - (length_mm + FIBRE_MM) / 2 * np.array(rotation)[:, 0]


def loop_mm(site: Site) -> Any:
    """The middle of the loop that hangs there."""
    loop = site.world.specimen.loop
    return middle_mm(loop.neck_mm, loop.length_mm, loop.rotation)


@pytest.mark.parametrize(("site", "orientation"), ORIENTED.values(), ids=ORIENTED)
def test_the_loop_stands_on_the_axis_in_the_beam(tmp_path, site, orientation):
    with open_site(site, tmp_path) as here:
        backgrounds = Backgrounds()
        here.run(take_backgrounds(here.bl, here.profile.optical, backgrounds))
        here.session.mount()
        here.run(turn_axes(here.bl, orientation))
        found = here.run(optical_centring(here.bl, Optics(here.profile.optical, backgrounds, here.geometry)))
        off_um = here.world.placement.lab(loop_mm(here))[0] * 1000
    assert isinstance(found, OpticalCentre), found
    assert np.linalg.norm(off_um) < CENTRED_UM, off_um
    assert np.max(found.sigma_um) < CENTRED_UM


def item(name: str = "demo-1", pin: int = 1) -> Any:
    """Only the centring of a pin."""
    asked = kinds.optical_centring(sample_name=name, location=SampleLocation(puck=1, pin=pin))
    return parse_item(asked.to_json())


def is_safe(site: Site) -> bool:
    """Shutter closed, nothing scans, the detector waits for nothing."""
    world = site.world
    return world.shutter.state == "Closed" and not world.scanner.running


def pictures(site: Site, folder: Any) -> list[str]:
    """Labels of the snapshots that are told, each of which is a file."""
    told = site.events("mx_snapshot")
    for event in told:
        content = (folder / event["viewer_snapshot_file"]).read_bytes()
        assert content.startswith(b"\x89PNG")
    return [event["snapshot_label"] for event in told]


def nightly(site: Site, *items: Any) -> Any:
    """A night with these items; what became of each."""
    results = site.run(night(site.bl, list(items), NightSettings.from_profile(site.profile)))
    return [result.outcome for result in results]


@pytest.mark.parametrize("site", ["sim", "sim-md3"])
@pytest.mark.parametrize(
    ("kind", "factor", "failure"),
    [("camera_dim", 0.0, OpticalFailure.DARK), ("camera_saturated", 20.0, OpticalFailure.SATURATED)],
    ids=["dark", "saturated"],
)
def test_a_camera_that_shows_nothing_has_its_class_and_pictures(tmp_path, site, kind, factor, failure):
    with open_site(site, tmp_path, faults=[rule(kind, sample="demo-1", factor=factor)]) as here:
        (outcome,) = nightly(here, item())
        assert is_safe(here)
        (told,) = here.events("mx_optical_failure")
        seen = pictures(here, tmp_path)
    assert outcome.verdict is Verdict.NOT_CENTRED
    assert told["optical_failure"] == failure.value and told["optical_reason"] == outcome.reason
    label = f"optical-{failure}".replace(" ", "-")
    assert seen == [f"{label}-1", f"{label}-2"]


@pytest.mark.parametrize("site", ["sim", "sim-md3"])
def test_a_frozen_camera_stops_the_night_and_its_last_picture_is_kept(tmp_path, site):
    with open_site(site, tmp_path, faults=[rule("camera_frozen", sample="demo-1")]) as here:
        with pytest.raises(CameraFault, match="the camera still shows image"):
            nightly(here, item(), item("demo-2", 2))
        assert is_safe(here)
        (told,) = here.events("mx_optical_failure")
        seen = pictures(here, tmp_path)
        ends = [doc["exit_status"] for name, doc in here.documents if name == "stop"]
    assert told["optical_failure"] == OpticalFailure.FROZEN.value
    assert seen == ["optical-frozen-camera-last"]
    assert ends == ["fail"]


class Odd:
    """A detector that fails, or gives what is none."""

    name = "odd"

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def detect(self, looks: Any) -> Any:
        return self.answer(looks)


@pytest.mark.parametrize(
    ("answer", "error"), [(lambda looks: [], DeviceFault), (lambda looks: 1 / 0, AnalysisFailed)], ids=["none", "fails"]
)
def test_a_detector_that_is_broken_stops_the_night_and_leaves_it_safe(tmp_path, answer, error):
    with open_site("sim", tmp_path) as here:
        object.__setattr__(here.bl, "sample_detector", Odd(answer))
        with pytest.raises(error, match="odd"):
            nightly(here, item())
        assert is_safe(here)
        assert [doc["exit_status"] for name, doc in here.documents if name == "stop"] == ["fail"]


def loads(site: Site) -> int:
    """How often the robot has brought or taken a pin."""
    return sum(event["kind"] in ("mount", "unmount") for event in site.world.truth.events)


def test_who_begins_again_takes_no_pin_off_for_backgrounds(tmp_path):
    folder = tmp_path / "backgrounds"
    with open_site("sim", tmp_path) as here:
        settings = NightSettings.from_profile(here.profile)
        first = Work(settings, MountedSample(Backgrounds.kept_in(folder)))
        assert here.run(experiment(here.bl, item(), first)).outcome.verdict is Verdict.DONE
        told = here.events("mx_background")
        assert {event["background_zoom"] for event in told} == {"Coarse", "Fine"}
        before = loads(here)
        again = Work(settings, MountedSample(Backgrounds.kept_in(folder)))
        assert here.run(experiment(here.bl, item(), again)).outcome.verdict is Verdict.DONE
        assert (loads(here), len(here.events("mx_background"))) == (before, len(told))


def test_a_stale_background_is_taken_again_before_the_next_pin(tmp_path):
    with open_site("sim", tmp_path) as here:
        work = Work(NightSettings.from_profile(here.profile))
        here.run(experiment(here.bl, item(), work))
        kept = work.sample.backgrounds
        for zoom in ("Coarse", "Fine"):
            old = kept.find("viewer", zoom)
            assert old is not None
            moved = [np.roll(old.image, (30, 50), axis=(0, 1))] * 5
            kept.put(Background.of(moved, "viewer", zoom, 1.0, old.time_s))
        for name, pin in (("demo-2", 2), ("demo-4", 4)):
            outcome = here.run(experiment(here.bl, item(name, pin), work)).outcome
            assert outcome.verdict is Verdict.DONE, outcome.reason
        stale = [event["optical_background_stale_frac"] for event in here.events("mx_optical")]
        assert stale == [0.0, 1.0, 0.0]
        assert [event["background_zoom"] for event in here.events("mx_background")] == ["Fine", "Coarse"] * 2


@pytest.fixture(scope="module")
def with_murko(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("murko")
    done = subprocess.run(
        [sys.executable, SCRIPT, folder], check=False, capture_output=True, text=True, timeout=220, cwd=SCRIPT.parent
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(240)
def test_murko_on_the_servers_centres_the_loop_and_tells_the_crystal(with_murko):
    found, truth = with_murko["found"][0], with_murko["truth"][0]
    assert found["verdict"] == "DONE", found["reason"]
    assert found["optical_answers"].startswith("murko") and found["optical_detector_faults"] == ""
    crystal_mm = np.array([found[f"optical_crystal_{axis}_mm"] for axis in "xyz"])
    assert np.linalg.norm(crystal_mm - truth["crystals"][0]["centre_mm"]) * 1000 < LIGHT_UM
    assert found["optical_crystal_seen_frac"] >= 0.5


@pytest.mark.timeout(240)
def test_when_murko_dies_in_the_night_the_other_detector_goes_on(with_murko):
    found = with_murko["found"][1]
    assert found["verdict"] == "DONE", found["reason"]
    assert found["optical_answers"].startswith("classical")
    assert "murko: Murko at 127.0.0.1" in found["optical_detector_faults"]


@pytest.mark.timeout(240)
def test_with_and_without_murko_the_loop_is_within_10_um(with_murko):
    for found, truth in zip(with_murko["found"], with_murko["truth"], strict=True):
        loop = truth["loop"]
        at_mm = np.array([found[f"optical_{axis}_mm"] for axis in "xyz"])
        off_um = 1000 * np.linalg.norm(at_mm + middle_mm(loop["neck_mm"], loop["length_mm"], loop["rotation"]))
        assert off_um < CENTRED_UM
    assert with_murko["backgrounds"] == 2
