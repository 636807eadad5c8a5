"""A sweep goes to MXLIMS and back without a change, whatever its numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model import CollectionSweep, Position, Scan, Sweep

DEFAULT = Sweep(number_images=900, image_width_deg=0.2, exposure_s=0.02)
sweeps = st.builds(
    Sweep,
    omega_start_deg=st.floats(-3600, 3600),
    image_width_deg=st.floats(0.001, 10),
    number_images=st.integers(1, 100_000),
    exposure_s=st.floats(0.0005, 3600),
    transmission_frac=st.floats(1e-6, 1),
)


@given(sweeps)
def test_there_and_back(sweep):
    back = Sweep.from_mxlims(sweep.to_mxlims(), DEFAULT)
    # The factor of 100 of MXLIMS' per cent costs a rounding.
    assert back.transmission_frac == pytest.approx(sweep.transmission_frac, rel=1e-15)
    assert back.model_copy(update={"transmission_frac": sweep.transmission_frac}) == sweep


@given(st.integers(1, 3600))
def test_the_count_is_what_was_asked_for_every_width_of_a_tenth_of_a_degree(number):
    # 1235 of these lose an image when the count is made of a quotient of floats.
    assert Sweep(number_images=number, image_width_deg=0.1, exposure_s=0.1).number_images == number


@pytest.mark.parametrize(
    "wrong",
    [
        {"number_images": -5},
        {"number_images": 0},
        {"image_width_deg": 0.0},
        {"exposure_s": -0.1},
        {"transmission_frac": 42},
        {"transmission_frac": float("nan")},
        {"exposure_tims_s": 5.0},
        {"prefix": "../../etc"},
    ],
)
def test_what_cannot_be_collected_cannot_be_written_down(wrong):
    with pytest.raises(ValidationError):
        Sweep.model_validate(DEFAULT.model_dump() | wrong)


@pytest.mark.parametrize("kind", [{"scan_axis": "kappa"}, {"sweep_type": "spiral"}])
def test_other_kinds_of_sweep_are_refused_by_name(kind):
    with pytest.raises(InvalidMessage, match=next(iter(kind.values()))):
        Sweep.from_mxlims(CollectionSweep(**kind), DEFAULT)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("beam_size", (0.02, 0.02)),
        ("overlap", -10.0),
        ("detector_roi_mode", "4M"),
        ("number_triggers", 4),
        ("filename_template", "my_????.h5"),
        ("scans", (Scan(scan_position_start=0, first_image_number=1, number_images=4, ordinal=1),)),
    ],
)
def test_what_no_plan_follows_is_not_passed_over_in_silence(field, value):
    with pytest.raises(InvalidMessage, match="which no plan follows; leave it out"):
        Sweep.from_mxlims(CollectionSweep(**{field: value}), DEFAULT)


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ({"sweep_type": "helical"}, "goes from one point to another"),
        ({"sweep_type": "still"}, None),
        ({"sweep_type": "mesh", "scan_axis": "horizontal"}, "needs meshRange"),
        (
            {"sweep_type": "mesh", "scan_axis": "horizontal", "mesh_range": (0.1, 0.1), "number_lines": 7},
            "numberLines must divide numberImages",
        ),
        (
            {"sweep_type": "line", "scan_axis": "vertical", "mesh_range": (0.1, 0.1), "number_lines": 2},
            "a line sweep has 2 lines",
        ),
    ],
)
def test_each_type_says_what_it_needs(sweep, said):
    if said is None:
        assert Sweep.from_mxlims(CollectionSweep(**sweep), DEFAULT).image_width_deg == 0
        return
    with pytest.raises(ValidationError, match=said):
        Sweep.from_mxlims(CollectionSweep(**sweep), DEFAULT)


numbers = st.floats(-5, 5)
places = st.builds(Position, x_mm=numbers, y_mm=numbers, z_mm=numbers)
positive = st.floats(0.5, 500)
common = {"exposure_s": st.floats(0.001, 10), "number_images": st.just(60), "uuid": st.none()}
free = {
    "energy_ev": st.none() | st.floats(5000, 20000),
    "distance_mm": st.none() | st.floats(80, 400),
    "kappa_deg": st.none() | st.floats(0, 240),
    "phi_deg": st.none() | st.floats(-180, 180),
    "chi_deg": st.none() | st.floats(0, 48),
    "aperture": st.none() | st.just("Small"),
    "inverse": st.integers(0, 1),
    "pass_number": st.integers(1, 9),
    "position": st.none() | st.integers(1, 5),
}
helical = st.builds(
    Sweep, **common, **free, sweep_type=st.just("helical"), image_width_deg=st.floats(0.01, 5), start=places, end=places
)
grids = st.builds(
    Sweep,
    **common,
    **free,
    sweep_type=st.just("mesh"),
    number_lines=st.sampled_from([1, 2, 5, 60]),
    step_um=positive,
    line_step_um=positive,
    vertical=st.booleans(),
    snake=st.booleans(),
    start=st.none() | places,
)


@given(helical | grids)
def test_every_kind_there_and_back(sweep):
    back = Sweep.from_mxlims(sweep.to_mxlims()).model_dump()
    # mm and um differ by a factor that costs a rounding.
    for name, value in sweep.model_dump().items():
        rounded = name.endswith("step_um") and value is not None
        assert back[name] == (pytest.approx(value, rel=1e-12) if rounded else value), name
