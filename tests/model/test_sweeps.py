"""A sweep goes to MXLIMS and back without a change, whatever its numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model import DOMAIN, CollectionSweep, Position, Scan, Sweep

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


AT = {"sampleX": 0.1, "sampleY": 0.0, "sampleZ": -0.1}
MESH = {"sweep_type": "mesh", "scan_axis": "horizontal", "number_images": 20, "number_lines": 5, "exposure_time": 0.1}


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ({"axis_positions_end": AT}, "a simple sweep ends at .*; allowed is axisPositionsEnd in a helical sweep only"),
        ({"sweep_type": "still", "axis_positions_end": AT}, "a still sweep ends at"),
        (MESH | {"mesh_range": (0.4, 0.5), "axis_positions_end": AT}, "a mesh sweep ends at"),
        ({"number_lines": 3}, "a simple sweep has numberLines of 3; allowed in grids only"),
        ({"sweep_type": "still", "number_lines": 2}, "a still sweep has numberLines of 2"),
        ({"number_lines": 0}, "number_lines\n.*greater than 0"),
        (MESH | {"mesh_range": (0.4, 0.5), "number_lines": 0}, "number_lines\n.*greater than 0"),
        ({"extensions": {DOMAIN: {"snake": False}}}, "a simple sweep has snake of False"),
        (
            {"resolution": 2.0, "axis_positions_start": {"detectorDistance": 200.0}},
            "detectorDistance is 200 mm and resolution 2 A; allowed is one",
        ),
    ],
)
def test_what_a_type_does_not_follow_is_refused(sweep, said):
    with pytest.raises(ValidationError, match=said):
        Sweep.from_mxlims(CollectionSweep(**sweep), DEFAULT)


@pytest.mark.parametrize("kind", ["simple", "still", "helical"])
def test_a_range_of_what_is_no_grid_is_refused(kind):
    with pytest.raises(InvalidMessage, match=rf"gives meshRange \(0.1, 0.2\) mm, but a {kind} sweep is no grid"):
        Sweep.from_mxlims(CollectionSweep(sweep_type=kind, mesh_range=(0.1, 0.2)), DEFAULT)


@pytest.mark.parametrize(
    ("axis", "mesh_range", "image_width", "step_um"),
    [
        ("horizontal", (0.4, 0.5), 0.1, 100),
        ("vertical", (0.5, 0.4), 0.1, 100),  # rows run down: the second range is along them
        ("horizontal", (0.0333, 0.5), 0.0083, 8.325),  # four decimals of a third of 0.1 mm, and of a quarter of that
    ],
)
def test_boxes_as_wide_as_their_range_says_are_followed(axis, mesh_range, image_width, step_um):
    asked = CollectionSweep(**MESH | {"scan_axis": axis, "mesh_range": mesh_range, "image_width": image_width})
    assert Sweep.from_mxlims(asked).step_um == pytest.approx(step_um, rel=1e-12)


@pytest.mark.parametrize(
    ("axis", "mesh_range"),
    [
        ("horizontal", (0.3, 0.4)),  # from centre to centre, as others count
        ("vertical", (0.4, 0.5)),  # rows run down: the first range is across them
        ("horizontal", (0.4008, 0.5)),
    ],
)
def test_boxes_of_two_widths_are_refused(axis, mesh_range):
    asked = CollectionSweep(**MESH | {"scan_axis": axis, "mesh_range": mesh_range, "image_width": 0.1})
    with pytest.raises(InvalidMessage, match=r"gives imageWidth 0.1 mm, but 4 images in its meshRange .*correct one"):
        Sweep.from_mxlims(asked)


@pytest.mark.parametrize(
    ("default", "asked", "distance_mm", "resolution_a"),
    [
        ({"distance_mm": 200}, {"resolution": 1.5}, None, 1.5),
        ({"resolution_a": 2.0}, {"axis_positions_start": {"detectorDistance": 150.0}}, 150.0, None),
        ({"resolution_a": 2.0}, {}, None, 2.0),
        ({"distance_mm": 200}, {"resolution": 1.5, "sweep_type": "still"}, None, 1.5),
    ],
)
def test_of_distance_and_resolution_what_is_asked_for_stands_in_place_of_the_default(
    default, asked, distance_mm, resolution_a
):
    found = Sweep.from_mxlims(CollectionSweep(**asked), Sweep(**DEFAULT.model_dump() | default))
    assert (found.distance_mm, found.resolution_a) == (distance_mm, resolution_a)


HELICAL = Sweep(
    number_images=20,
    image_width_deg=0.1,
    exposure_s=0.1,
    sweep_type="helical",
    start=Position(x_mm=0, y_mm=0, z_mm=0),
    end=Position(x_mm=0.1, y_mm=0, z_mm=0),
)
GRID = Sweep(
    number_images=20,
    exposure_s=0.1,
    sweep_type="mesh",
    number_lines=5,
    step_um=10,
    line_step_um=20,
    vertical=True,
    snake=False,
)


@pytest.mark.parametrize(
    ("default", "asked"),
    [
        (HELICAL, {"sweep_type": "simple"}),
        (HELICAL, {"sweep_type": "still"}),
        (HELICAL, {"sweep_type": "mesh", "scan_axis": "vertical", "mesh_range": (0.1, 0.1)}),
        (GRID, {"sweep_type": "simple", "image_width": 0.5}),
        (GRID, {"sweep_type": "still"}),
    ],
)
def test_a_default_of_another_type_adds_only_what_the_type_follows(default, asked):
    found = Sweep.from_mxlims(CollectionSweep(**asked), default)
    assert (found.sweep_type, found.end) == (asked["sweep_type"], None)
    assert (found.number_images, found.exposure_s) == (default.number_images, default.exposure_s)
    if found.sweep_type != "mesh":
        assert (found.number_lines, found.step_um, found.vertical, found.snake) == (1, None, False, True)


def test_a_default_of_the_same_type_adds_all():
    """But the direction of the lines, which MXLIMS always says."""
    assert Sweep.from_mxlims(CollectionSweep(sweep_type="mesh", scan_axis="vertical"), GRID) == GRID


def test_a_line_has_one_row_whatever_the_default_has():
    found = Sweep.from_mxlims(CollectionSweep(sweep_type="line", scan_axis="vertical"), GRID)
    assert (found.number_lines, found.images_per_line, found.step_um) == (1, 20, 10)


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
