"""What each type of task becomes, and what is said of the rest."""

import pytest
from mxcube_tasks import collection, interleaved, sample, task

from mxplans.errors import InvalidTasks
from mxplans.model import Centring, Kind, Position, SampleLocation
from mxplans.queue.mxcube import read_points, read_queue, write_queue
from mxplans.schedule import schedule_item


def only(content, **known):
    (item,) = read_queue(content, **known).items
    return item


def at(x_mm):
    return Position(x_mm=x_mm, y_mm=0.0, z_mm=0.0)


def test_a_data_collection_is_a_rotation_in_our_units():
    item = only([sample(collection(energy=12.4, transmission=10.0, resolution=2.0, kappa=30, kappa_phi=-45.5))])
    (sweep,) = item.asked
    assert (item.kind, item.sample_name, item.location) == (Kind.ROTATION, "S-105", SampleLocation(puck=1, pin=5))
    assert (sweep.number_images, sweep.image_width_deg, sweep.exposure_s) == (100, 0.1, 0.02)
    assert (sweep.energy_ev, sweep.transmission_frac, sweep.resolution_a) == (12_400.0, 0.1, 2.0)
    assert (sweep.kappa_deg, sweep.phi_deg, sweep.distance_mm) == (30.0, -45.5, None)
    assert item.sweeps[0].transmission == 10.0


def test_a_distance_counts_where_no_resolution_is_given():
    (sweep,) = only([collection(resolution=0, detector_distance=250.0)]).asked
    assert (sweep.resolution_a, sweep.distance_mm) == (None, 250.0)
    read = read_queue([collection(resolution=2.0, detector_distance=250.0)])
    assert read.items[0].asked[0].distance_mm is None
    assert "[0].parameters.detector_distance" in {ignored.path for ignored in read.ignored}


def test_helical_goes_along_a_line_that_is_known():
    item = only([collection(helical=True, shape="L1")], points={"L1": (at(-0.1), at(0.1))})
    (sweep,) = item.asked
    assert (item.kind, sweep.start, sweep.end) == (Kind.HELICAL, at(-0.1), at(0.1))


def test_a_point_that_is_known_is_where_the_sweep_is_and_another_is_the_present_position():
    assert only([collection(shape="P1")], points={"P1": at(0.2)}).asked[0].start == at(0.2)
    read = read_queue([collection(shape="P7")])
    assert read.items[0].asked[0].start is None
    assert read.items[0].extension.centring is Centring.NONE
    told = [(ignored.path, ignored.value) for ignored in read.ignored if "present position" in ignored.reason]
    assert told == [("[0].parameters.shape", "P7")]
    assert read.items[0].extension.mxcube["task"]["parameters"]["shape"] == "P7"


def test_a_task_without_a_shape_is_centred_as_the_caller_says():
    assert only([collection()]).extension.centring is None
    assert only([collection(shape=-1)], centring=Centring.OPTICAL).extension.centring is Centring.OPTICAL


MESH = {"mesh": True, "shape": "G1", "num_images": 200, "num_lines": 10}


@pytest.mark.parametrize(
    ("cell_counting", "lines", "vertical", "columns", "rows"),
    # 200 boxes of 10 um x 20 um: rows of 20 boxes, or columns of 20.
    [("zig-zag", 10, False, 20, 10), ("inverse-zig-zag", 10, True, 10, 20), (None, 10, False, 20, 10)],
)
def test_a_mesh_covers_whole_boxes(cell_counting, lines, vertical, columns, rows):
    spans = {"horizontal_range": 0.01 * (columns - 1), "vertical_range": 0.02 * (rows - 1)}
    item = only([collection(**MESH, mesh_range=spans, cell_counting=cell_counting)], points={"G1": at(0.0)})
    (sweep,) = item.asked
    assert (item.kind, sweep.vertical, sweep.number_lines, sweep.start) == (Kind.MESH, vertical, lines, at(0.0))
    along, across = (20, 10) if vertical else (10, 20)
    assert (sweep.step_um, sweep.line_step_um) == pytest.approx((along, across), rel=1e-12)
    assert item.sweeps[0].mesh_range == pytest.approx((0.01 * columns, 0.02 * rows), rel=1e-12)


def test_a_mesh_of_one_row_has_square_boxes():
    spans = {"horizontal_range": 0.19, "vertical_range": 0.0}
    (sweep,) = only([collection(**MESH | {"num_images": 20, "num_lines": 1}, mesh_range=spans)]).asked
    assert (sweep.step_um, sweep.line_step_um) == pytest.approx((10, 10), rel=1e-12)


def test_inverse_beam_is_collected_and_not_only_stored():
    item = only([collection(num_images=25, inverse_beam=True, sub_wedge_size=10)])
    assert item.kind is Kind.INVERSE_BEAM
    assert [(scan.start_deg, scan.number_images) for scan in schedule_item(item)] == [
        (0.0, 10),
        (180.0, 10),
        (1.0, 10),
        (181.0, 10),
        (2.0, 5),
        (182.0, 5),
    ]


def test_images_of_a_characterisation_stand_apart():
    item = only([task("Characterisation", num_images=4, osc_range=1, offset=89, exp_time=0.1, prefix="p")])
    assert item.kind is Kind.CHARACTERISATION
    assert [(s.omega_start_deg, s.number_images, s.role) for s in item.asked] == [
        (angle, 1, "Characterisation") for angle in (0.0, 90.0, 180.0, 270.0)
    ]


@pytest.mark.parametrize(
    ("first", "second", "order", "kind"),
    [
        ({"energy": 12.4}, {"energy": 12.7}, "sb", Kind.MULTI_ENERGY),
        ({"kappa": 0}, {"kappa": 30}, "sg", Kind.MULTI_ORIENTATION),
        ({"energy": 12.4, "kappa": 0}, {"energy": 12.7, "kappa": 30}, "sgb", Kind.MULTI_ENERGY),
        ({"resolution": 2.0}, {"resolution": 3.0}, "sd", Kind.MULTI_ORIENTATION),
        ({"osc_start": 0.0}, {"osc_start": 90.0}, "s", Kind.MULTI_ORIENTATION),
        ({"shape": "P1"}, {"shape": "P2"}, "s", Kind.MULTI_POSITION),
    ],
)
@pytest.mark.parametrize(
    ("images", "size"),
    # The rows of the table of frames that the stock queue loses or doubles.
    [((20, 20), 5), ((25, 25), 10), ((100, 100), 30), ((103, 103), 10), ((50, 50), 7), ((40, 20), 10), ((100, 95), 10)],
)
def test_wedges_alternate_and_lose_nothing(first, second, order, kind, images, size):
    wedges = [collection(num_images=number, **own) for number, own in zip(images, (first, second), strict=True)]
    item = only([interleaved(*wedges, images=size)], points={"P1": at(0.0), "P2": at(0.1)})
    assert (item.extension.order, item.kind) == (order, kind)
    scans = schedule_item(item)
    taken = {0: [], 1: []}
    for scan in scans:
        taken[scan.sweep_index] += range(scan.first_image, scan.last_image + 1)
    assert taken == {index: list(range(1, number + 1)) for index, number in enumerate(images)}
    both = 2 * -(-min(images) // size)
    assert [scan.sweep_index for scan in scans[:both]] == [0, 1] * (both // 2)


def test_spectra_have_what_decides_them():
    assert only([task("xrf_spectrum", exp_time=3, prefix="p")]).extension.count_time_s == 3.0
    assert only([task("xrf_spectrum", exp_time=0, countTime=2.5)]).extension.count_time_s == 2.5
    scan = only([task("energy_scan", element="Se", edge="K")]).extension
    assert (scan.element, scan.edge) == ("Se", "K")


def test_places_have_cells_in_some_sample_changers():
    tasks = [sample(collection(), location="2:1:05", sampleID="2:1:05")]
    assert only(tasks, pucks_per_cell=3).location == SampleLocation(puck=4, pin=5)
    assert write_queue([only(tasks, pucks_per_cell=3)])["2:1:05"]["location"] == "2:1:05"


def test_a_sample_in_no_changer_is_what_hangs_on_the_goniometer():
    read = read_queue([sample(collection(), location="Manual", sampleID="Sample-0")])
    assert read.items[0].location is None
    assert [ignored.path for ignored in read.ignored] == ["[0].sampleID"]


def test_two_samples_never_share_a_name():
    twice = [sample(collection()), sample(collection(), sampleID="2:07", location="2:7")]
    read = read_queue(twice)
    assert [item.sample_name for item in read.items] == ["S-105", "S-105-2-07"]
    assert [node["sampleName"] for node in list(write_queue(read.items).values())[:2]] == ["S-105", "S-105"]


def test_templates_of_a_prefix_are_filled_in_and_come_back():
    item = only([sample(collection(prefix="{PREFIX}_{POSITION}"), defaultPrefix="LYS-S")])
    assert item.sweeps[0].prefix == "LYS-S_1-05"
    assert write_queue([item])["1:05"]["tasks"][0]["parameters"]["prefix"] == "{PREFIX}_{POSITION}"


def test_cell_and_space_group_are_expected_where_they_are_whole():
    cell = {"cellA": 79, "cellB": 79, "cellC": 38, "cellAlpha": 90, "cellBeta": 90, "cellGamma": 90}
    experiment = only([collection(space_group="P43212", **cell)]).experiment
    assert (experiment.expected_space_group_name, experiment.expected_unit_cell.c) == ("P43212", 38)
    read = read_queue([collection(space_group="unknown", cellA=79)])
    assert read.items[0].experiment.expected_unit_cell is None
    assert {ignored.path for ignored in read.ignored} == {"[0].parameters.space_group", "[0].parameters.cellA"}


def test_what_is_done_and_what_is_not_to_be_done_is_told_beside_the_items():
    done, off = collection() | {"state": 4}, collection() | {"checked": False}
    read = read_queue([sample(done, off), sample(collection(), sampleID="1:06", location="1:6", checked=False)])
    first, second, third = (item.uuid for item in read.items)
    assert (read.states, read.unchecked) == ({first: 4}, frozenset({second, third}))
    answer = write_queue(read.items, read.states, read.unchecked)
    assert [(node["state"], node["checked"]) for node in answer["1:05"]["tasks"]] == [(4, True), (0, False)]


def test_fields_that_vanish_in_other_servers_are_told_and_come_back():
    lost = {
        "beam_size": 50, "detector_mode": "16M", "label": "dc", "num_passes": 1, "overlap": 0, "prefixTemplate": "{P}",
        "skip_existing_images": False, "subDirTemplate": "{A}", "take_dark_current": 1, "type": "DataCollection",
    }  # fmt: skip
    read = read_queue([collection(**lost) | {"colour": "red"}])
    told = {ignored.path: ignored.value for ignored in read.ignored}
    assert told == {f"[0].parameters.{name}": value for name, value in lost.items()} | {"[0].colour": "red"}
    assert lost.items() <= write_queue(read.items)["1:05"]["tasks"][0]["parameters"].items()
    assert read.items[0].extension.mxcube["task"]["colour"] == "red"


def test_zero_of_an_axis_that_is_not_there_asks_for_nothing_and_comes_back():
    item = only([collection(kappa=0, kappa_phi=0.0)], kappa=False)
    assert item.asked[0].orientation == (None, None, None)
    parameters = write_queue([item])["1:05"]["tasks"][0]["parameters"]
    assert (parameters["kappa"], parameters["kappa_phi"]) == (0, 0)
    # Another angle is asked for, and it is for the limits of the beamline to refuse it.
    assert only([collection(kappa=30)], kappa=False).asked[0].kappa_deg == 30.0


def test_places_of_shapes_may_be_sent():
    here, there = ({"sampleX": x, "sampleY": 0.1, "sampleZ": -0.1} for x in (0.0, 0.2))
    points = read_points({"P1": here, "L1": [here, there]})
    assert points["P1"] == Position(x_mm=0.0, y_mm=0.1, z_mm=-0.1)
    assert points["L1"] == (points["P1"], Position(x_mm=0.2, y_mm=0.1, z_mm=-0.1))


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ([], "points"),
        ({"P1": 7}, "points.P1"),
        ({"P1": {"sampleX": 1.0}}, "points.P1"),
        ({"P1": {"sampleX": 1e6, "sampleY": 0, "sampleZ": 0}}, "points.P1"),
        ({"L1": []}, "points.L1"),
    ],
)
def test_what_is_no_place_is_refused(content, path):
    with pytest.raises(InvalidTasks) as refused:
        read_points(content)
    assert refused.value.problems[0].path == path


def test_a_sample_without_tasks_is_told():
    read = read_queue([sample()])
    assert read.items == ()
    assert [ignored.reason for ignored in read.ignored] == ["a sample without tasks asks for nothing"]
