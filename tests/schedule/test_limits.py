"""Everything a beamline cannot do is told, with what to do about it; what it can just do is let through."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from schedule_support import sweep

from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.model import Position, parse_item
from mxplans.schedule import (
    Beam,
    BeamlineLimits,
    Timing,
    check_limits,
    distance_of_resolution_mm,
    dry_run,
    require_within,
    schedule_item,
)

LIMITS = BeamlineLimits(
    omega_speed_max_deg_s=100,
    omega_speed_min_deg_s=0.01,
    omega_range_deg=(-180, 400),
    omega_run_up_s=0.5,
    kappa_range_deg=(0, 240),
    phi_range_deg=(-360, 360),
    x_range_mm=(-5, 5),
    y_range_mm=(-1, 1),
    z_range_mm=(-1, 1),
    translation_speed_max_mm_s=2,
    frame_time_min_s=0.004,
    images_per_arm_most=3600,
    energy_range_ev=(6000, 20_000),
    energy_ev=12_660,
    distance_range_mm=(90, 800),
    transmission_min_frac=1e-6,
    flux_ph_s=1e12,
    apertures={"Large": Beam(horizontal_um=50, vertical_um=50), "Small": Beam(horizontal_um=20, vertical_um=20)},
    aperture="Large",
)


def at(x_mm, y_mm=0.0, z_mm=0.0):
    return Position(x_mm=x_mm, y_mm=y_mm, z_mm=z_mm)


def mesh(**more):
    asked = {"sweep_type": "mesh", "number_lines": 10, "step_um": 20.0, "line_step_um": 20.0, "start": at(0)}
    return sweep(1000, 0.0, **asked | more)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            sweep(exposure_s=0.001),
            ["exposure is 0.001 s; allowed is 0.004 s or more an image: expose 0.004 s or longer"],
        ),
        (
            sweep(10, 1.0, exposure_s=0.008),
            [
                "omega's speed is 125 deg/s; allowed is 100 deg/s or less: expose 0.01 s or longer, or take narrower images"
            ],
        ),
        (
            sweep(exposure_s=100),
            ["omega's speed is 0.001 deg/s; allowed is 0.01 deg/s or more: expose 10 s or shorter"],
        ),
        # 1 deg/s: half a degree before the first image and after the last.
        (sweep(10, omega_start_deg=-180), ["omega with its run-up is -180.5 deg; allowed is -180 to 400 deg"]),
        (sweep(3600, omega_start_deg=40), ["omega with its run-up is 400.5 deg"]),
        (sweep(kappa_deg=-10), ["kappa is -10 deg; allowed is 0 to 240 deg"]),
        (sweep(phi_deg=-400), ["phi is -400 deg"]),
        (sweep(chi_deg=0), ["chi is 0 deg; allowed is none, since there is no chi here: leave it out"]),
        (sweep(start=at(6)), ["x is 6 mm; allowed is -5 to 5 mm"]),
        (
            sweep(1000, sweep_type="helical", start=at(0, -2), end=at(0, 0, 1.5)),
            ["y is -2 mm", "z is 1.5 mm"],
        ),
        (mesh(start=at(4.5)), ["x is 5.5 mm"]),  # 100 boxes of 20 um: 1 mm on each side
        (mesh(start=at(0, 0.95)), ["y is 1.05 mm"]),  # 10 rows: 0.1 mm on each side
        (mesh(start=at(0, 0.95), omega_start_deg=90), []),  # there the rows go along z
        (mesh(start=at(0, 0, -0.95), omega_start_deg=90), ["z is -1.05 mm"]),
        (mesh(start=at(0, 0.5), vertical=True), ["y is 1.5 mm"]),
        (mesh(exposure_s=0.005), ["speed of the sample is 4 mm/s; allowed is 2 mm/s or less: expose 0.01 s or longer"]),
        (
            sweep(10, exposure_s=0.02, sweep_type="helical", start=at(0), end=at(1)),
            ["speed of the sample is 5 mm/s; allowed is 2 mm/s or less: expose 0.05 s or longer"],
        ),
        (sweep(energy_ev=5000), ["energy is 5000 eV; allowed is 6000 to 20000 eV"]),
        (sweep(distance_mm=80), ["distance is 80 mm; allowed is 90 to 800 mm"]),
        # At 0.9793 A, on a detector of 1030 pixels of 75 um across: 2 theta of 58.64 deg, 38.625 mm by 1.6406.
        (sweep(resolution_a=1.0), ["distance for 1 A at 12660 eV is 23.54"]),
        (sweep(resolution_a=0.4), ["distance for 0.4 A at 12660 eV is 0 mm"]),  # nowhere
        (sweep(resolution_a=2.0), ["distance for 2 A at 12660 eV is 71.60"]),
        (sweep(transmission_frac=1e-9), ["transmission is 1e-09; allowed is 1e-06 or more"]),
        (sweep(aperture="Huge"), ["aperture is Huge; allowed is Large, Small: name one of these, or none"]),
        (
            sweep(3601, 0.05),
            ["a scan is 3601 images; allowed is 3600 or fewer: ask for wedges of 3600 images or fewer"],
        ),
        (sweep(4000, 0.0, sweep_type="still"), ["a scan is 4000 images; allowed is 3600 or fewer: take it in parts"]),
    ],
)
def test_what_cannot_be_done_is_told(asked, told):
    found = [str(each) for each in check_limits([asked], LIMITS)]
    assert len(found) == len(told), found
    for each, expected in zip(found, told, strict=True):
        assert each.startswith("sweep 1: ")
        assert expected in each


@pytest.mark.parametrize(
    "asked",
    [
        sweep(exposure_s=0.004),
        sweep(3600, omega_start_deg=39.5),  # ends at 400 with its run-up, which floats miss by 5e-14
        sweep(10, 0.9, exposure_s=0.009),  # 100 deg/s, which floats exceed by a rounding
        sweep(kappa_deg=240, phi_deg=360, energy_ev=6000, distance_mm=800, aperture="Small", transmission_frac=1e-6),
        mesh(start=at(-4, 0.9, -1), exposure_s=0.01),
        sweep(resolution_a=3.0),
    ],
)
def test_what_can_just_be_done_is_let_through(asked):
    assert check_limits([asked], LIMITS) == ()


def test_everything_is_told_at_once():
    wrong = [sweep(exposure_s=0.001, energy_ev=5000, distance_mm=50, aperture="Huge") for _ in range(5)]
    with pytest.raises(LimitExceeded) as refused:
        require_within(wrong, LIMITS)
    assert len(check_limits(wrong, LIMITS)) == 20
    assert str(refused.value).count("allowed is") == 10
    assert str(refused.value).endswith("; and 10 more")
    require_within([sweep()], LIMITS)


@pytest.mark.parametrize(
    ("sweeps", "number"),
    [
        ([sweep(), sweep(energy_ev=12_000)], 0),  # as it is, then another
        ([sweep(energy_ev=12_000), sweep()], 1),  # what it is now, nobody said
        ([sweep(kappa_deg=10, phi_deg=0), sweep()], 2),
    ],
)
def test_as_it_is_means_nothing_once_it_was_changed(sweeps, number):
    found = check_limits(sweeps, LIMITS)
    assert len(found) == number
    assert all("as it is, after sweep 1 has set it" in each.value for each in found)


def item(sweeps, extension=None, **experiment):
    content = {
        "mxlimsType": "MxExperiment",
        "uuid": "00000000-0000-4000-8000-00000000000a",
        "extensions": {"mxplans.example.org": extension or {}},
        **experiment,
    }
    asked = [each.to_mxlims().to_json() for each in sweeps]
    return parse_item({"experiment": content, "sweeps": asked, "sampleName": "lyso"})


def test_alternating_with_an_energy_as_it_is_is_refused():
    # Taken one after the other nothing is wrong; in wedges the first sweep goes on at the second one's energy.
    asked = [sweep(20), sweep(20, energy_ev=12_000)]
    assert check_limits(item(asked), LIMITS) == ()
    (found,) = check_limits(item(asked, {"wedgeImages": 10, "order": "sb"}), LIMITS)
    assert found.thing == "sweep 1: energy"


TEN_MGY = {"number_images": 900, "exposure_s": 0.08}  # 0.138 MGy/s x 72 s = 9.9 MGy


@pytest.mark.parametrize(
    ("limits", "made", "told"),
    [
        ({}, {}, []),  # nobody limits it
        ({"dose_limit_mgy": 11}, {}, []),
        ({"dose_limit_mgy": 9}, {}, ["9 MGy by the beamline: transmit or expose 0.9"]),
        ({}, {"doseBudget": 5}, ["5 MGy by the item's doseBudget: transmit or expose 0.5"]),
        ({}, {"extension": {"doseLimitMgy": 1}}, ["1 MGy by the item's doseLimitMgy: transmit or expose 0.1"]),
        ({"dose_limit_mgy": 9}, {"doseBudget": 5, "extension": {"doseLimitMgy": 20}}, ["9 MGy", "5 MGy"]),
        ({"dose_limit_mgy": 9, "flux_ph_s": None}, {}, ["9 MGy by the beamline: name energies"]),
    ],
)
def test_too_much_dose_is_refused(limits, made, told):
    found = check_limits(item([sweep(**TEN_MGY)], **made), LIMITS.model_copy(update=limits))
    assert len(found) == len(told)
    for each, expected in zip(found, told, strict=True):
        assert each.thing == "dose"
        assert expected in str(each)
        assert each.value == ("not known" if "name energies" in expected else "9.93 MGy")


@pytest.mark.parametrize("model", [LIMITS, Timing()])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.0])
def test_limits_and_times_are_numbers(model, value):
    content = model.model_dump()
    for name, was in content.items():
        if isinstance(was, float) and not name.startswith("omega_range"):
            with pytest.raises(ValidationError):
                type(model).model_validate(content | {name: value})


@pytest.mark.parametrize(
    "wrong", [{"aperture": "Huge"}, {"apertures": {}}, {"energy_range_ev": (2e4, 6e3)}, {"x_range": (0, 1)}]
)
def test_limits_fit_together(wrong):
    with pytest.raises(ValidationError):
        BeamlineLimits.model_validate(LIMITS.model_dump() | wrong)


def test_resolution_by_the_law_of_bragg():
    # 12398.42 eV are 1 A: d = 1 A lies at 2 theta = 60 deg, 1/sqrt(2) A at a right angle, which no distance reaches.
    assert distance_of_resolution_mm(1.0, 12_398.419843320025, 100.0) == pytest.approx(100 / math.tan(math.radians(60)))
    assert distance_of_resolution_mm(0.7, 12_398.419843320025, 100.0) == 0.0


nasty = st.one_of(
    st.floats(),
    st.integers(-(10**20), 10**20),
    st.sampled_from((0, -5, 80_000, 1e308, True, None, "", "../../etc", "x" * 300, [], {}, "NaN")),
)
FIELDS = (
    "exposureTime",
    "imageWidth",
    "numberImages",
    "energy",
    "transmission",
    "resolution",
    "prefix",
    "tpyo",
    "role",
)
LOOPS = ("wedgeImages", "order", "doseLimitMgy", "kind", "colour")


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(FIELDS), nasty, max_size=3),
    st.dictionaries(st.sampled_from(LOOPS), st.one_of(nasty, st.sampled_from(("gsb", "ss", "raster"))), max_size=2),
    st.dictionaries(st.sampled_from(("omega", "kappa", "detectorDistance", "sampleX")), nasty, max_size=2),
)
def test_an_item_is_exact_or_refused_with_a_reason(fields, loops, axes):
    good = {"exposureTime": 0.1, "imageWidth": 0.1, "numberImages": 20, "axisPositionsStart": axes}
    content = {
        "experiment": {
            "mxlimsType": "MxExperiment",
            "uuid": "00000000-0000-4000-8000-00000000000a",
            "extensions": {"mxplans.example.org": loops},
        },
        "sweeps": [good | fields],
        "sampleName": "lyso",
    }
    try:
        asked = parse_item(content)
        scans = schedule_item(asked)
        require_within(asked, LIMITS)
    except (InvalidInput, LimitExceeded) as refused:
        assert len(str(refused)) > 20
        return
    assert sum(scan.number_images for scan in scans) == asked.number_images
    assert [scan.first_image for scan in scans] == [
        1 + sum(before.number_images for before in scans[:index]) for index in range(len(scans))
    ]
    assert json.loads(json.dumps(asked.to_json(), allow_nan=False)) == asked.to_json()


def test_a_dry_run_adds_up():
    asked = item([sweep(**TEN_MGY, prefix="peak", energy_ev=12_660), sweep(50, prefix="remote", energy_ev=13_000)])
    found = dry_run(asked, LIMITS.model_copy(update={"dose_limit_mgy": 9.0}), Timing())
    assert found.frames == 950
    assert found.bytes == 950 * 1030 * 1065 * 4
    assert sum(each.seconds for each in found.sweeps) == pytest.approx(found.duration.total_s)
    assert found.dose_mgy == pytest.approx(sum(each.dose_mgy for each in found.sweeps))
    assert [each.thing for each in found.violations] == ["dose"]
    text = found.table()
    for expected in ("peak", "remote", "950", "upper bound", "as listed", "not allowed: dose is 10.6 MGy"):
        assert expected in text, text


def test_a_dry_run_says_what_it_does_not_know():
    found = dry_run(item([sweep()]), LIMITS.model_copy(update={"flux_ph_s": None}), Timing())
    assert found.dose_mgy is None
    assert "not known" in found.table()
    assert "within all limits" in found.table()
