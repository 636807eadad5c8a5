"""What an order string means, scan by scan."""

import pytest
from hypothesis import given, settings
from schedule_support import experiments, orders, sweep

from mxplans.errors import InvalidInput
from mxplans.model import Kind, parse_item
from mxplans.schedule import order_of, schedule, schedule_item, wedges_of

E1, E2 = 12658.0, 12661.0
MAD = [sweep(20, energy_ev=E1), sweep(20, energy_ev=E2)]
INVERSE = [  # both mates at two energies
    sweep(20, omega_start_deg=180.0 * mate, inverse=mate, energy_ev=energy) for energy in (E1, E2) for mate in (0, 1)
]
TWO_POSES = [sweep(20, kappa_deg=kappa, energy_ev=energy) for kappa in (0.0, 60.0) for energy in (E1, E2)]


def taken(sweeps, order, wedge=10):
    """The scans as text: the number of the sweep with the letter of the wedge."""
    return " ".join(
        f"{scan.sweep_index + 1}{'abcdefgh'[(scan.first_image - 1) // wedge]}"
        for scan in schedule(sweeps, wedge, order)
    )


@pytest.mark.parametrize(
    ("sweeps", "order", "expected"),
    [
        (MAD, "", "1a 1b 2a 2b"),  # sweep after sweep
        (MAD, "s", "1a 1b 2a 2b"),  # the energy is not named: it does not alternate
        (MAD, "bs", "1a 1b 2a 2b"),  # named, and slower than the wedges
        (MAD, "sb", "1a 2a 1b 2b"),  # each wedge at both energies
        (MAD, "gsb", "1a 2a 1b 2b"),  # one orientation: the same
        (MAD, "g", "1a 1b 2a 2b"),  # without s the scans of a sweep follow each other
        (INVERSE, "gsib", "1a 3a 2a 4a 1b 3b 2b 4b"),  # both energies, then both after half a turn
        (INVERSE, "gsbi", "1a 2a 3a 4a 1b 2b 3b 4b"),  # both mates, then both at the other energy
        (INVERSE, "sb", "1a 3a 1b 3b 2a 4a 2b 4b"),  # i not named: all of one mate first
        (INVERSE, "si", "1a 2a 1b 2b 3a 4a 3b 4b"),  # b not named: all of one energy first
        (TWO_POSES, "gsb", "1a 2a 1b 2b 3a 4a 3b 4b"),  # an orientation is complete before the next
        (TWO_POSES, "sgb", "1a 2a 3a 4a 1b 2b 3b 4b"),  # each wedge in both orientations
        (TWO_POSES, "bgs", "1a 1b 3a 3b 2a 2b 4a 4b"),  # the energy changes once
        # Sweeps that differ in nothing that has a letter alternate in the order in which they are listed.
        ([sweep(20), sweep(20, omega_start_deg=90)], "s", "1a 2a 1b 2b"),
        ([sweep(20), sweep(20, omega_start_deg=90)], "g", "1a 1b 2a 2b"),  # but not without s
        # An empty order never changes the list; any other brings equal energies together.
        ([MAD[0], MAD[1], MAD[0]], "", "1a 1b 2a 2b 3a 3b"),
        ([MAD[0], MAD[1], MAD[0]], "bs", "1a 3a 1b 3b 2a 2b"),
        # A pass is complete before the next begins: late passes, damaged, can be left out.
        ([sweep(20, pass_number=2), sweep(20, pass_number=1)], "s", "1a 1b 2a 2b"),
        # So is a crystal.
        ([sweep(20, position=1), sweep(20, position=2)], "gsb", "1a 1b 2a 2b"),
        # Unequal sweeps: who has no more wedges is left out of the round.
        ([sweep(30, energy_ev=E1), sweep(15, energy_ev=E2)], "sb", "1a 2a 1b 2b 1c"),
        # Detector positions.
        ([sweep(20, distance_mm=150), sweep(20, distance_mm=300)], "sd", "1a 2a 1b 2b"),
        ([sweep(20, resolution_a=1.5), sweep(20, resolution_a=3)], "ds", "1a 1b 2a 2b"),
    ],
)
def test_an_order_means(sweeps, order, expected):
    assert taken(sweeps, order) == expected


@settings(max_examples=100, deadline=None)
@given(experiments, orders)
def test_a_slow_loop_does_not_go_back(asked, order):
    """For scans that follow each other the loops' values, slowest first, never fall."""
    scans = schedule(asked, 1000, order)
    if not order:
        assert [scan.sweep_index for scan in scans] == sorted(scan.sweep_index for scan in scans)
        return
    values = {
        "b": [each.energy_ev for each in asked],
        "d": [each.distance_mm for each in asked],
        "g": [each.orientation for each in asked],
        "i": [each.inverse for each in asked],
    }
    unnamed = [values[letter] for letter in "bdgi" if letter not in order]
    unnamed += [[each.position for each in asked], [each.pass_number for each in asked]]

    def loops(scan):
        wedge, index = (scan.first_image - 1) // 1000, scan.sweep_index
        named = [wedge if letter == "s" else values[letter].index(values[letter][index]) for letter in order]
        return [loop.index(loop[index]) for loop in unnamed] + named

    found = [loops(scan) for scan in scans]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("order", "told"),
    [("ss", "names s twice"), ("gsbgb", "names b, g twice"), ("gsx", "has x"), ("S", "has S"), ("x" * 9999, "has x")],
)
def test_what_is_no_order_is_refused(order, told):
    with pytest.raises(InvalidInput, match=told) as refused:
        schedule(MAD, 10, order)
    assert "g orientation" in str(refused.value)
    assert len(str(refused.value)) < 300


def item(kind, sweeps, wedge_width=None, **extension):
    experiment = {"mxlimsType": "MxExperiment", "uuid": "00000000-0000-4000-8000-00000000000a"}
    if wedge_width is not None:
        experiment["wedgeWidth"] = wedge_width
    experiment["extensions"] = {"mxplans.example.org": {"kind": kind, **extension}}
    asked = [each.to_mxlims().to_json() for each in sweeps]
    return parse_item({"experiment": experiment, "sweeps": asked, "sampleName": "lyso"})


@pytest.mark.parametrize(
    ("wedge_width", "extension", "wedges"),
    [
        (None, {}, (None, None)),  # nothing asked: a sweep is a scan
        (1.0, {}, (10, 1)),  # in images of 0.1 and of 1 deg
        (0.3, {}, (3, 1)),  # 0.3 / 0.1 is less than 3 in floats; one image at least
        (0.01, {}, (1, 1)),
        (1e300, {}, (20, 20)),  # no more than there are
        (1.0, {"wedgeImages": 7}, (7, 7)),  # images come before degrees
    ],
)
def test_the_wedges_of_an_item(wedge_width, extension, wedges):
    asked = [sweep(20, 0.1), sweep(20, 1.0)]
    assert wedges_of(item("rotation", asked, wedge_width, **extension)) == wedges


@pytest.mark.parametrize(
    ("kind", "extension", "order"),
    [
        (Kind.INVERSE_BEAM, {"wedgeImages": 10}, "gsib"),  # it exists to alternate
        (Kind.INVERSE_BEAM, {"wedgeImages": 10, "order": "gsbi"}, "gsbi"),  # unless told how
        (Kind.INVERSE_BEAM, {}, ""),  # no wedges: the sweeps as listed
        (Kind.MULTI_ENERGY, {"wedgeImages": 10}, "gsb"),
        (Kind.ROTATION, {"wedgeImages": 10}, ""),
    ],
)
def test_the_order_of_an_item(kind, extension, order):
    assert order_of(item(kind, INVERSE, **extension)) == order


def test_an_item_is_scheduled_with_its_own_uuids():
    asked = item("inverse_beam", INVERSE, wedge_width=1.0)
    scans = schedule_item(asked)
    assert [scan.start_deg for scan in scans] == [0, 0, 180, 180, 1, 1, 181, 181]
    assert {scan.sweep_uuid for scan in scans} == {each.uuid for each in asked.sweeps}
