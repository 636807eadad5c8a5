"""Optical centring with detectors of all kinds: a segmentation service, a consensus, and such as say what cannot be."""

from contextlib import contextmanager

import numpy as np
import pytest
from looking_support import SeeingBench
from murko_client_support import serving
from viewer_support import specimen as on_pin

from mxplans.app.building import build
from mxplans.centring import OpticalFailure
from mxplans.centring.detection import Background, Backgrounds, ClassicalDetector
from mxplans.errors import AnalysisFailed, DeviceFault
from mxplans.model.detection import Detection, Notion
from mxplans.plans.backgrounds import take_backgrounds, wanting
from mxplans.plans.documents import ScanContext
from mxplans.plans.looking import Optics
from mxplans.plans.optical import NoOpticalCentre, OpticalCentre, optical_centring
from mxplans.profile import DeviceEntry, OpticalCentring
from mxplans_sim.world.recent import RecentFrames

SETTINGS = OpticalCentring(zoom="Coarse", fine_zoom="Fine")
CONTEXT = ScanContext("s", "item", "run")
NOBODY = "127.0.0.1:1"
CENTRED_UM = 10.0
LIGHT_UM = 15.0
"""Murko's network sees 256 rows: at the coarse zoom one is 4 um."""


class Always:
    """One fault of the service, at every request."""

    def __init__(self, kind="", **parameters):
        self.kind, self.parameters = kind, parameters

    def take(self, kind, **context):
        return self.parameters if kind == self.kind else None

    active = take


def detector(murko_addr, classical=True):
    """As a profile names it."""
    murko = {
        "class": "mxplans_devices.murko:MurkoDetector",
        "settings": {"address": "{site.murko_addr}", "connect_timeout_s": 0.2, "timeout_s": 10.0, "tries": 2},
    }
    others = [{"class": "mxplans.centring.detection:ClassicalDetector"}] if classical else []
    content = {
        "class": "mxplans.centring.detection:ConsensusDetector",
        "settings": {"detectors": [murko, *others]},
    }
    entry = DeviceEntry.model_validate(content)
    return build(entry, {"site.murko_addr": murko_addr}, "devices.sample_detector", name="sample_detector")


class Bench:
    """Centres a specimen, with what was recorded."""

    def __init__(self, bl, simulator):
        self.bl, self.simulator = bl, simulator
        self.told = {}

    def centred(self, specimen, *, settings=SETTINGS, backgrounds=None, **options):
        self.seeing = SeeingBench(self.bl, self.simulator, specimen, **options)
        optics = Optics(settings, Backgrounds() if backgrounds is None else backgrounds)
        messages = self.simulator.simulate_plan(optical_centring(self.bl, optics, CONTEXT))
        for message in messages:
            if message.command == "read" and hasattr(message.obj, "describe"):
                self.told |= {key: each["value"] for key, each in message.obj.read().items()}
        return self.simulator.return_value

    @contextmanager
    def murko(self, fault=None):
        """The pictures to come, and the address of a service that knows what is true of them."""
        recent = RecentFrames()
        with serving(recent, fault) as address:
            yield recent, address

    @property
    def at_mm(self):
        return np.array([self.seeing.at[f"goniometer_{axis}"] for axis in "xyz"])


@pytest.fixture
def bench(bl, simulator):
    return Bench(bl, simulator)


def loop_mm(specimen):
    """Half way between the neck and the outer end of the fibre, which is 20 um thick."""
    loop = specimen.loop
    return np.array(loop.neck_mm) - (loop.length_mm + 0.010) / 2 * np.array(loop.rotation)[:, 0]


def um(places_mm):
    return float(np.linalg.norm(places_mm)) * 1000


@pytest.mark.parametrize("classical", [True, False])
def test_murko_centres_a_loop_and_tells_its_crystal(bench, classical):
    specimen = on_pin(seed=7)
    with bench.murko() as (recent, address):
        found = bench.centred(specimen, detector=detector(address, classical), recent=recent)
    assert isinstance(found, OpticalCentre), found
    assert um(bench.at_mm + loop_mm(specimen)) < CENTRED_UM
    (crystal,) = specimen.crystals
    off_mm = np.array(found.crystal) - crystal.centre_mm
    assert um(off_mm) < LIGHT_UM
    assert [bench.told[f"optical_crystal_{axis}_mm"] for axis in "xyz"] == list(found.crystal)
    sigmas = np.array([bench.told[f"optical_crystal_sigma_{axis}_mm"] for axis in "xyz"])
    assert np.all(sigmas > 0) and um(sigmas) < LIGHT_UM
    assert bench.told["optical_answers"].startswith("murko")
    assert bench.told["optical_detector_faults"] == ""


@pytest.mark.parametrize(("centre_on", "in_beam"), [("loop", 0), ("crystal", 1)])
def test_the_profile_says_whether_the_crystal_comes_into_the_beam(bench, centre_on, in_beam):
    specimen = on_pin(seed=7)
    places = (loop_mm(specimen), np.array(specimen.crystals[0].centre_mm))
    assert um(places[0] - places[1]) > 2 * LIGHT_UM, "they stand where it makes no difference"
    settings = SETTINGS.model_copy(update={"centre_on": centre_on})
    with bench.murko() as (recent, address):
        bench.centred(specimen, detector=detector(address), recent=recent, settings=settings)
    assert um(bench.at_mm + places[in_beam]) < LIGHT_UM


def test_without_a_crystal_in_sight_the_loop_comes_into_the_beam(bench):
    specimen = on_pin(seed=7)
    found = bench.centred(specimen, settings=SETTINGS.model_copy(update={"centre_on": "crystal"}))
    assert found.crystal is None and "optical_crystal_x_mm" not in bench.told
    assert um(bench.at_mm + loop_mm(specimen)) < CENTRED_UM


def test_a_dead_murko_is_told_and_the_next_detector_answers(bench):
    specimen = on_pin(seed=7)
    found = bench.centred(specimen, detector=detector(NOBODY))
    assert isinstance(found, OpticalCentre)
    assert um(bench.at_mm + loop_mm(specimen)) < CENTRED_UM
    assert bench.told["optical_answers"].split()[0] == "classical"
    assert "murko: Murko at 127.0.0.1:1, asked 2 times: nobody listens there" in bench.told["optical_detector_faults"]


def test_a_dead_murko_alone_is_a_fault(bench):
    with pytest.raises(DeviceFault, match=r"no sample detector answered: murko: .* nobody listens there"):
        bench.centred(on_pin(seed=7), detector=detector(NOBODY, classical=False))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("murko_lies", {"lie": "everywhere"}),
        ("murko_lies", {"lie": "absent"}),
        ("murko_lies", {"lie": "elsewhere"}),
        ("murko_zero_masks", {}),
        ("murko_wrong_length", {}),
        ("murko_hostile", {"trick": "system"}),
    ],
)
def test_what_murko_says_wrongly_moves_nothing_away(bench, kind, parameters):
    specimen = on_pin(seed=7)
    with bench.murko(Always(kind, **parameters)) as (recent, address):
        found = bench.centred(specimen, detector=detector(address), recent=recent)
    assert isinstance(found, OpticalCentre), found
    assert um(bench.at_mm + loop_mm(specimen)) < CENTRED_UM


class Shifted:
    """A detector that sees the sample elsewhere: its masks are those of another one, rolled."""

    name = "liar"

    def detect(self, looks):
        rolled = []
        for each in ClassicalDetector("liar").detect(looks):
            masks = {notion: np.roll(mask, 150, axis=0) for notion, mask in each.masks.items()}
            rolled.append(Detection("liar", masks, score=0.9))
        return rolled


def test_detectors_that_contradict_each_other_are_told(bench):
    consensus = detector(NOBODY)
    object.__setattr__(consensus, "detectors", [ClassicalDetector(), Shifted()])
    found = bench.centred(on_pin(seed=7), detector=consensus)
    assert isinstance(found, OpticalCentre)
    assert bench.told["optical_disagreed_frac"] > 0.5


def test_a_trusted_liar_is_found_out_at_the_other_zoom(bench):
    consensus = detector(NOBODY)
    object.__setattr__(consensus, "detectors", [Shifted(), ClassicalDetector()])
    found = bench.centred(on_pin(seed=7), detector=consensus)
    assert isinstance(found, NoOpticalCentre)
    assert found.failure is OpticalFailure.UNSTEADY
    assert bench.told["optical_disagreed_frac"] > 0.5 and bench.told["optical_answers"].startswith("liar")


class Saying:
    """A detector of one sentence, or one that fails."""

    name = "odd"

    def __init__(self, sentence):
        self.sentence = sentence

    def detect(self, looks):
        return self.sentence(looks)


def unusable(looks):
    return [Detection("odd", reason="half of an answer", evidence={"answer_used": False}) for _ in looks]


def test_a_detector_that_cannot_tell_is_no_empty_mount(bench):
    found = bench.centred(on_pin(seed=7), detector=Saying(unusable))
    assert isinstance(found, NoOpticalCentre)
    assert (found.failure, found.empty) == (OpticalFailure.NO_ANSWER, False)
    assert "odd could not use 1 of 1 images; the first: half of an answer" in found.reason
    assert bench.told["snapshot_label"] == "optical-no-answer-2"


class Sometimes:
    """Cannot tell in a part of a turn's looks, and sees nothing in the others."""

    name = "odd"

    def __init__(self, part):
        self.part = part

    def detect(self, looks):
        mute = round(self.part * len(looks))
        return unusable(looks[:mute]) + [Detection("odd", reason="nothing") for _ in looks[mute:]]


@pytest.mark.parametrize(("part", "failure"), [(0.4, OpticalFailure.EMPTY), (0.6, OpticalFailure.NO_ANSWER)])
def test_most_looks_must_be_answered_for_an_empty_mount(bench, part, failure):
    found = bench.centred(None, detector=Sometimes(part))
    assert found.failure is failure


def failing(looks):
    raise IndexError("list index out of range")


def nan_tips(looks):
    mask = np.ones(looks[0].image.shape[:2], bool)
    return [Detection("odd", {Notion.FOREGROUND: mask}, (float("nan"), 3.0), score=0.5) for _ in looks]


@pytest.mark.parametrize(
    ("sentence", "error", "told"),
    [
        (lambda looks: [], DeviceFault, "odd gave 0 answers to 1 looks; there must be one for each"),
        (lambda looks: ["a loop"] * len(looks), DeviceFault, "odd, look 1 of 1: the answer is a str"),
        (nan_tips, DeviceFault, r"odd, look 1 of 1: tip_px is \(nan, 3.0\); it must be two numbers"),
        (lambda looks: None, AnalysisFailed, "odd failed at 1 looks: TypeError"),
        (failing, AnalysisFailed, "odd failed at 1 looks: IndexError: list index out of range"),
    ],
)
def test_what_is_no_answer_is_an_error_that_names_the_detector(bench, sentence, error, told):
    with pytest.raises(error, match=told):
        bench.centred(on_pin(seed=7), detector=Saying(sentence))
    assert not bench.seeing.spins, "it is known before anything turns"


def backgrounds(bench, folder=None):
    """Taken with the goniometer empty."""
    kept = Backgrounds(folder)
    SeeingBench(bench.bl, bench.simulator, None)
    bench.simulator.simulate_plan(take_backgrounds(bench.bl, SETTINGS, kept))
    return kept


def test_a_background_that_holds_is_kept_and_one_that_does_not_is_taken_again(bench):
    kept = backgrounds(bench)
    assert isinstance(bench.centred(on_pin(seed=7), backgrounds=kept), OpticalCentre)
    assert wanting(bench.bl, SETTINGS, kept) == () and bench.told["optical_background_stale_frac"] == 0.0
    for zoom in ("Coarse", "Fine"):
        old = kept.find("viewer", zoom)
        frames = [np.roll(old.image, (40, 60), axis=(0, 1))] * 5
        kept.put(Background.of(frames, "viewer", zoom, 1.0, old.time_s))
    assert isinstance(bench.centred(on_pin(seed=7), backgrounds=kept), OpticalCentre)
    assert bench.told["optical_background_stale_frac"] == 1.0
    assert wanting(bench.bl, SETTINGS, kept) == ("Fine", "Coarse")


def test_a_background_is_an_event_of_the_run_in_which_it_is_taken(bench):
    SeeingBench(bench.bl, bench.simulator, None)
    plan = take_backgrounds(bench.bl, SETTINGS, Backgrounds(), ("Fine",), in_run=True)
    messages = bench.simulator.simulate_plan(plan)
    assert [message.kwargs["name"] for message in messages if message.command == "create"] == ["mx_background"]
    (read,) = [message.obj.read() for message in messages if message.command == "read" and hasattr(message.obj, "read")]
    values = {key: each["value"] for key, each in read.items()}
    assert values["background_camera"] == "viewer" and values["background_zoom"] == "Fine"
    assert values["background_light_frac"] == 1.0 and values["background_frames"] == 5
    assert 100 < values["background_mean"] < 250 and values["background_noise"] > 0


def test_a_light_with_levels_has_a_background_for_each(bench):
    bench.bl.backlight.children["level"] = type(bench.bl.backlight)("backlight_level")
    bench.simulator.add_read_handler_for(bench.bl.backlight.level, 0.5)
    SeeingBench(bench.bl, bench.simulator, None)
    bench.simulator.add_read_handler_for(bench.bl.backlight.level, 0.5)
    kept = Backgrounds()
    bench.simulator.simulate_plan(take_backgrounds(bench.bl, SETTINGS, kept))
    assert kept.find("viewer", "Fine", 0.5) is not None
    assert wanting(bench.bl, SETTINGS, kept, 0.5) == () and wanting(bench.bl, SETTINGS, kept, 0.8) == ("Fine", "Coarse")
