"""Seconds worked out by hand, armings, and the choice of an order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_support import experiments, orders, sweep

from mxplans.model import Position, Sweep
from mxplans.schedule import Timing, arming_groups, choose_order, duration, schedule
from mxplans.schedule.timing import durations

TIMING = Timing(
    omega_speed_deg_s=90,
    omega_settle_s=0.25,
    kappa_speed_deg_s=20,
    phi_speed_deg_s=30,
    chi_speed_deg_s=10,
    orientation_settle_s=1,
    energy_change_s=10,
    energy_s_per_ev=0.01,
    distance_speed_mm_s=25,
    distance_settle_s=2,
    translation_s=0.75,
    arm_s=1,
    rearm_s=3,
    file_close_s=0.5,
    scan_overhead_s=0.2,
    shutter_s=0.05,
    row_turn_s=0.125,
)
E1, E2 = 12_600.0, 12_700.0


@pytest.mark.parametrize(
    ("sweeps", "wedge", "order", "expected"),
    [
        # One sweep, one scan: 100 x 0.1 s, armed once, shutter opened and closed once.
        ([sweep(100)], None, "", {"exposure": 10, "arming": 1.5, "overhead": 0.3}),
        # In four: three starts where the scan before ended.
        ([sweep(100)], 25, "s", {"exposure": 10, "rotation": 0.75, "arming": 1.5, "overhead": 1.2}),
        # MAD, 2 x 2 wedges of 90 deg: back by 90, on, back by 90; three changes of 100 eV.
        (
            [sweep(180, 1.0, energy_ev=E1), sweep(180, 1.0, energy_ev=E2)],
            90,
            "sb",
            {"exposure": 36, "rotation": 2.75, "energy": 33, "arming": 1.5 + 3 * 3.5, "overhead": 1.2},
        ),
        # The same one energy after the other: back by 180 once, one change.
        (
            [sweep(180, 1.0, energy_ev=E1), sweep(180, 1.0, energy_ev=E2)],
            90,
            "bs",
            {"exposure": 36, "rotation": 2.75, "energy": 11, "arming": 1.5 + 3.5, "overhead": 1.2},
        ),
        # Inverse beam, 2 x 10 deg: on by 170 deg, which the header of the second series must say.
        (
            [sweep(100), sweep(100, omega_start_deg=180, inverse=1)],
            None,
            "i",
            {"exposure": 20, "rotation": 170 / 90 + 0.25, "arming": 5, "overhead": 0.6},
        ),
        # Kappa by 60 deg takes 3 s, phi at the same time by 30 takes 1.
        (
            [sweep(100, kappa_deg=0, phi_deg=0), sweep(100, kappa_deg=60, phi_deg=30)],
            None,
            "g",
            {"exposure": 20, "rotation": 10 / 90 + 0.25, "orientation": 4, "arming": 5, "overhead": 0.6},
        ),
        # The detector by 100 mm takes 4 s.
        (
            [sweep(100, distance_mm=100), sweep(100, distance_mm=200)],
            None,
            "d",
            {"exposure": 20, "rotation": 10 / 90 + 0.25, "distance": 6, "arming": 5, "overhead": 0.6},
        ),
        # Two crystals, the second at the next degree: omega goes on, but the second sweep has files of its own.
        (
            [sweep(10, start=Position(x_mm=x, y_mm=0, z_mm=0), omega_start_deg=x) for x in (0, 1)],
            None,
            "",
            {"exposure": 2, "rotation": 0.25, "translation": 0.75, "arming": 5, "overhead": 0.6},
        ),
        # A grid of five rows: four turns.
        (
            [sweep(50, 0.0, sweep_type="mesh", number_lines=5, step_um=10, line_step_um=10)],
            None,
            "",
            {"exposure": 5, "arming": 1.5, "overhead": 0.8},
        ),
    ],
)
def test_seconds_by_hand(sweeps, wedge, order, expected):
    found = duration(schedule(sweeps, wedge, order), sweeps, TIMING)
    assert {name: seconds for name, seconds in found.seconds.items() if seconds} == pytest.approx(expected)
    assert found.total_s == pytest.approx(sum(expected.values()))


@settings(max_examples=50, deadline=None)
@given(experiments, st.integers(100, 5000), orders)
def test_the_sweeps_seconds_are_those_of_the_whole(asked, wedge, order):
    scans = schedule(asked, wedge, order)
    assert sum(part.total_s for part in durations(scans, asked, TIMING)) == pytest.approx(
        duration(scans, asked, TIMING).total_s
    )
    assert duration(scans, asked, TIMING).exposure_s == pytest.approx(0.1 * sum(each.number_images for each in asked))


MAD_INVERSE = [
    sweep(30, omega_start_deg=180.0 * mate, inverse=mate, energy_ev=energy) for energy in (E1, E2) for mate in (0, 1)
]


def armings(sweeps, wedge, order):
    return [[scan.ordinal for scan in group] for group in arming_groups(schedule(sweeps, wedge, order), sweeps)]


def test_an_arming_lasts_as_long_as_omega_goes_on_and_nothing_changes():
    # The last wedge has five images: the detector must be told.
    assert armings([sweep(25)], 10, "s") == [[1, 2], [3]]
    # 10 images of 0.1 deg end at 1 deg, where the next sweep goes on; its files have a name of their own.
    assert armings([sweep(10), sweep(10, omega_start_deg=1, transmission_frac=0.5)], None, "") == [[1], [2]]
    # Half a turn between the mates: a header says where omega begins.
    assert armings([sweep(10), sweep(10, omega_start_deg=180, inverse=1)], 5, "si") == [[1], [2], [3], [4]]
    # Stills at two places, or in two orientations, are two sweeps.
    still = {"sweep_type": "still", "image_width_deg": 0.0, "number_images": 3, "exposure_s": 0.1}
    assert armings([Sweep(**still), Sweep(**still, start=Position(x_mm=1, y_mm=0, z_mm=0))], None, "") == [[1], [2]]
    assert armings([Sweep(**still), Sweep(**still, kappa_deg=30.0)], None, "") == [[1], [2]]


def test_each_grid_has_a_series_of_its_own():
    grid = sweep(50, 0.0, sweep_type="mesh", number_lines=5, step_um=10, line_step_um=10)
    assert armings([grid, grid.model_copy(update={"uuid": None})], None, "") == [[1], [2]]


@pytest.mark.parametrize(
    "other",
    [{"energy_ev": E1}, {"distance_mm": 200}, {"resolution_a": 2}, {"exposure_s": 0.2}, {"image_width_deg": 0.2}],
)
def test_another_setting_is_another_arming(other):
    sweeps = [sweep(), sweep(**other), sweep()]
    assert [len(group) for group in arming_groups(schedule(sweeps, None, ""), sweeps)] == [1, 1, 1]


def test_a_full_arming_is_followed_by_another():
    scans = schedule([sweep(100)], 10, "s")
    assert [len(group) for group in arming_groups(scans, [sweep(100)], images_most=35)] == [3, 3, 3, 1]
    assert [len(group) for group in arming_groups(scans, [sweep(100)], images_most=5)] == [1] * 10


@settings(max_examples=50, deadline=None)
@given(experiments, st.integers(100, 5000), orders, st.one_of(st.none(), st.integers(1, 9000)))
def test_armings_keep_every_scan_in_its_order(asked, wedge, order, most):
    scans = schedule(asked, wedge, order)
    groups = arming_groups(scans, asked, most)
    assert tuple(scan for group in groups for scan in group) == scans
    for group in groups:
        assert len({(scan.sweep_index, scan.number_images) for scan in group}) == 1
        assert most is None or len(group) == 1 or sum(scan.number_images for scan in group) <= most


def test_the_dearer_change_becomes_the_slower_loop():
    dear_energy = choose_order(MAD_INVERSE, 10, "gsib", TIMING)
    assert dear_energy.order == "gsbi"
    # 3 wedges x 2 mates x 2 energies: the energy changes at each scan, or once within a wedge and between wedges.
    assert dear_energy.candidates["gsib"].energy_changes == 11
    assert dear_energy.candidates["gsbi"].energy_changes == 5
    assert any("gsib" in each and "changes the energy 11 times instead of 5" in each for each in dear_energy.reasons)
    slow_omega = TIMING.model_copy(update={"omega_speed_deg_s": 1.0, "energy_change_s": 0.1, "rearm_s": 0.1})
    assert choose_order(MAD_INVERSE, 10, "gsbi", slow_omega).order == "gsib"


@pytest.mark.parametrize(
    ("order", "same"),
    [
        ("gsib", {"gsib", "gsbi"}),  # both alternate within a wedge
        ("gbsi", {"gbsi"}),  # g does not vary, and the energy stays outside
        ("bis", {"bis", "ibs"}),
        ("s", {"s"}),
        ("", {""}),
        ("bi", {"bi", "ib"}),  # without s nothing is within a wedge
    ],
)
def test_only_orders_that_mean_the_same_are_compared(order, same):
    assert set(choose_order(MAD_INVERSE, 10, order, TIMING).candidates) == same


def test_what_was_asked_stays_where_nothing_is_quicker():
    free = Timing(energy_change_s=0, rearm_s=0, file_close_s=0, omega_settle_s=0, omega_speed_deg_s=1e9)
    found = choose_order(MAD_INVERSE, 10, "gsib", free)
    assert found.order == "gsib"
    assert found.reasons[1] == "gsbi: the same"


def test_too_many_scans_are_not_compared():
    many = [each.model_copy(update={"number_images": 30_000}) for each in MAD_INVERSE]
    found = choose_order(many, 1, "gsib", TIMING)
    assert list(found.candidates) == ["gsib"]
    assert found.reasons[1] == "120000 scans are too many to compare 2 orders"


@settings(max_examples=50, deadline=None)
@given(experiments, st.integers(500, 5000), orders)
def test_no_order_of_the_same_meaning_is_quicker(asked, wedge, order):
    found = choose_order(asked, wedge, order, TIMING)
    assert next(iter(found.candidates)) == order
    # What was asked for is kept within a millisecond.
    assert found.duration.total_s <= min(each.total_s for each in found.candidates.values()) + 0.001
    assert sorted(found.order) == sorted(order)
    assert set(found.order.partition("s")[2]) == set(order.partition("s")[2])
