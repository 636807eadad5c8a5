"""Every image exactly once, in the order that was asked for, and nothing else; whatever the experiment."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_support import experiments, orders, sweep, wedges

from mxplans.errors import InvalidInput
from mxplans.schedule import remaining, schedule

LOSSES = [  # images of the sweeps, wedge: what a scheduler in use makes of them
    ((20, 20), 5),  # nothing lost
    ((25, 25), 10),  # collects 15 + 15
    ((100, 100), 30),  # 70 + 70
    ((103, 103), 10),  # 93 + 93
    ((50, 50), 7),  # 43 + 43
    ((40, 20), 10),  # 40 + 30: ten past the end
    ((100, 95), 10),  # 100 + 95, of which images 86 to 90 are missing and 5 past the end
]


def parts_exactly(scans, counts):
    """Each sweep's scans begin where the one before ended, from its first image to its last: every image once."""
    following = [1] * len(counts)
    for scan in scans:
        if scan.first_image != following[scan.sweep_index] or scan.number_images < 1:
            return False
        following[scan.sweep_index] += scan.number_images
    return following == [count + 1 for count in counts]


@pytest.mark.parametrize(("counts", "wedge"), LOSSES)
def test_no_frame_is_lost_doubled_or_past_the_end(counts, wedge):
    asked = [sweep(count, omega_start_deg=90.0 * index) for index, count in enumerate(counts)]
    assert parts_exactly(schedule(asked, wedge, "gs"), counts)


def test_each_width_in_tenths_of_a_degree_has_its_images():
    # The quotient of floats loses an image in 1235 of these 3600.
    for number in range(1, 3601):
        scans = schedule([sweep(number)], 100, "s")
        assert sum(scan.number_images for scan in scans) == number
        assert scans[-1].last_image == number
        assert scans[-1].start_deg == (scans[-1].first_image - 1) * 0.1


@settings(max_examples=200, deadline=None)
@given(experiments, wedges, orders)
def test_any_experiment_is_parted_exactly(asked, wedge, order):
    scans = schedule(asked, wedge, order)
    assert parts_exactly(scans, [each.number_images for each in asked])
    assert [scan.ordinal for scan in scans] == list(range(1, len(scans) + 1))
    assert len({scan.key for scan in scans}) == len(scans)
    for scan in scans:
        whole = wedge is None or scan.last_image == asked[scan.sweep_index].number_images
        assert whole or scan.number_images == wedge
        assert scan.start_deg == asked[scan.sweep_index].start_of(scan.first_image)
        assert scan.image_width_deg == asked[scan.sweep_index].image_width_deg


@settings(max_examples=60, deadline=None)
@given(experiments, st.integers(50, 5000), orders, st.data())
def test_what_remains_is_what_was_not_committed(asked, wedge, order, data):
    scans = schedule(asked, wedge, order)
    committed = data.draw(st.sets(st.sampled_from([scan.key for scan in scans])))
    left = remaining(scans, committed)
    assert left == tuple(scan for scan in scans if scan.key not in committed)
    assert {scan.key for scan in left} | committed == {scan.key for scan in scans}


def test_a_changed_experiment_is_not_resumed():
    before = schedule([sweep(25, uuid="00000000-0000-4000-8000-000000000001")], 10, "s")
    after = schedule([sweep(25, uuid="00000000-0000-4000-8000-000000000001")], 12, "s")
    with pytest.raises(InvalidInput, match=r"images 1 to 10.* new uuid"):
        remaining(after, {before[0].key})


@pytest.mark.parametrize("kind", [{"step_um": 10.0, "sweep_type": "line"}, {"sweep_type": "still"}])
def test_what_does_not_rotate_is_not_cut(kind):
    (scan,) = schedule([sweep(40, 0.0, **kind)], 10, "gsb")
    assert (scan.first_image, scan.number_images, scan.start_deg) == (1, 40, 0.0)


@pytest.mark.parametrize("wedge", [0, -5, 2.5, float("nan"), True, (10,), (10, 10, 10)])
def test_a_wedge_is_a_number_of_images(wedge):
    with pytest.raises(InvalidInput, match="wedge"):
        schedule([sweep(), sweep()], wedge, "s")


def test_sweeps_with_the_same_uuid_are_refused():
    one = sweep(uuid="00000000-0000-4000-8000-000000000001")
    with pytest.raises(InvalidInput, match="same uuid"):
        schedule([one, one], None, "")


def test_a_schedule_that_would_fill_the_memory_is_refused():
    with pytest.raises(InvalidInput, match="1000000 scans; allowed are 500000"):
        schedule([sweep(1_000_000)], 1, "s")


def test_a_hundred_thousand_wedges_are_made_at_once():
    asked = [sweep(25_000, energy_ev=9000.0 + index // 2, inverse=index % 2) for index in range(4)]
    begin = time.process_time()
    assert len(schedule(asked, 1, "gsib")) == 100_000
    # A tenth of this on the machine it was written on: only a wrong order of growth takes longer.
    assert time.process_time() - begin < 2
