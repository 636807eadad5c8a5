"""X-ray centring against boxes and crystals whose places are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.servers.zocalo.centring import Grid, GridMismatchError, Well, arranged, centre
from mxplans_sim.settings.analysis import ZocaloSettings

PLAIN = ZocaloSettings.model_validate({})


def grid(scores, omega_deg=0.0, wells=()):
    return Grid(np.array(scores, dtype=float), omega_deg, wells)


def lit(rows, columns, *boxes):
    """A grid with spots in boxes (row, column, spots)."""
    scores = np.zeros((rows, columns))
    for row, column, spots in boxes:
        scores[row, column] = spots
    return scores


def test_one_lit_box_is_its_index_and_a_half():
    (result,) = centre([grid(lit(4, 6, (2, 3, 50))), grid(lit(5, 6, (4, 3, 20)), 90.0)], PLAIN, 1)
    assert result == {
        "centre_of_mass": [3.5, 2.5, 4.5],
        "max_voxel": [3, 2, 4],
        "max_count": 1000,  # 50 * 20
        "n_voxels": 1,
        "total_count": 1000,
        "bounding_box": [[3, 2, 4], [4, 3, 5]],
        "sample_id": None,
    }


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 5), (0, 5)])
def test_the_first_and_the_last_box_are_boxes_like_others(row, column):
    (result,) = centre([grid(lit(4, 6, (row, column, 50)))], PLAIN, 1)
    assert result["centre_of_mass"] == [column + 0.5, row + 0.5, 0.5]
    assert result["bounding_box"] == [[column, row, 0], [column + 1, row + 1, 1]]
    (result,) = centre([grid([[9]]), grid([[9]], -90.0)], PLAIN, 1)
    assert result["centre_of_mass"] == [0.5, 0.5, 0.5]


def test_a_crystal_of_several_boxes():
    first = lit(4, 6, (1, 2, 10), (1, 3, 30))
    second = lit(3, 6, (0, 2, 10), (0, 3, 10), (1, 3, 30))
    (result,) = centre([grid(first), grid(second, 90.0)], PLAIN, 1)
    # voxels (x, y, z): (2, 1, 0) 100, (3, 1, 0) 300, (3, 1, 1) 900
    assert (result["n_voxels"], result["total_count"], result["max_count"]) == (3, 1300, 900)
    assert result["centre_of_mass"] == pytest.approx([(2 * 100 + 3 * 1200) / 1300 + 0.5, 1.5, 900 / 1300 + 0.5])
    assert result["bounding_box"] == [[2, 1, 0], [4, 2, 2]]
    assert result["max_voxel"] == [3, 1, 1]


def test_several_crystals_come_by_strength_and_touching_corners_do_not_join():
    first = lit(4, 9, (0, 0, 10), (1, 1, 20), (2, 7, 30))
    second = lit(2, 9, (0, 0, 10), (0, 1, 20), (1, 7, 30))
    results = centre([grid(first), grid(second, 90.0)], PLAIN, 1)
    assert [result["max_count"] for result in results] == [900, 400, 100]
    assert [result["max_voxel"] for result in results] == [[7, 2, 1], [1, 1, 0], [0, 0, 0]]


def test_weak_boxes_do_not_count():
    settings = ZocaloSettings.model_validate({"threshold_frac": 0.3, "threshold_count": 12})
    assert centre([grid(lit(3, 3, (1, 1, 11)))], settings, 1) == []
    assert centre([grid(np.zeros((3, 3)))], settings, 1) == []
    (result,) = centre([grid(lit(3, 3, (1, 1, 100), (1, 0, 20), (1, 2, 40)))], settings, 1)
    assert result["bounding_box"][0] == [1, 1, 0]
    assert result["n_voxels"] == 2


def test_hits_beside_all_wells_belong_to_no_sample():
    wells = (Well(0.0, 3.0, 71), Well(5.0, 8.0, 72))
    scores = lit(2, 9, (0, 1, 10), (0, 4, 20), (0, 6, 30))
    results = centre([grid(scores, 0.0, wells)], PLAIN, 1)
    assert [result["sample_id"] for result in results] == [72, None, 71]


def box_seen(step_um, centre_um, size_um, omega_deg, shape, sample=41):
    """Lit area per box of a crystal's projection, a box along the axes of the specimen; beam of one box."""
    offsets = (np.arange(sample) - (sample - 1) / 2) / sample
    x, y, z = np.meshgrid(*(offsets * size + middle for size, middle in zip(size_um, centre_um, strict=True)))
    turn = np.radians(omega_deg)
    down = y * np.cos(turn) - z * np.sin(turn)
    edges = [(np.arange(n + 1) - n / 2) * step_um for n in shape]
    counts, _, _ = np.histogram2d(down.ravel(), x.ravel(), bins=edges)
    return counts / sample**3 * 1000


@pytest.mark.parametrize("centre_um", [(0.0, 0.0, 0.0), (31.0, -24.0, 17.0), (-55.0, 8.0, -33.0)])
def test_a_crystal_is_found_where_it_is(centre_um):
    step_um, size_um = 20.0, (60.0, 44.0, 36.0)
    shapes = (16, 20), (12, 20)
    first, second = (
        Grid(box_seen(step_um, centre_um, size_um, omega_deg, shape), omega_deg)
        for omega_deg, shape in zip((0.0, 90.0), shapes, strict=True)
    )
    (result,) = centre([first, second], PLAIN, 1)
    x, y, z = ((np.array(result["centre_of_mass"]) - np.array([20, 16, 12]) / 2) * step_um).tolist()
    assert [x, y] == pytest.approx(centre_um[:2], abs=4.0)
    assert -z == pytest.approx(centre_um[2], abs=4.0)  # at omega 90 the specimen's z points up


def test_noise_has_the_size_asked_for_and_depends_on_the_grid_only():
    noisy = ZocaloSettings.model_validate({"jitter_boxes": 0.5, "score_noise_frac": 0.1})
    grids = [grid(lit(4, 6, (2, 3, 1000 + k))) for k in range(200)]
    found = [centre([each], noisy, 1)[0] for each in grids]
    offsets = np.array([result["centre_of_mass"] for result in found]) - [3.5, 2.5, 0.5]
    assert offsets.std(axis=0) == pytest.approx([0.5] * 3, rel=0.2)
    counts = np.array([result["max_count"] for result in found])
    assert (counts / (1000 + np.arange(200))).std() == pytest.approx(0.1, rel=0.2)
    assert centre([grids[7]], noisy, 1) == [found[7]]
    assert centre([grids[7]], noisy, 2) != [found[7]]


@pytest.mark.parametrize(
    ("shapes", "omegas_deg"),
    [
        (((4, 6), (4, 7)), (0.0, 90.0)),
        (((4, 6), (4, 6)), (0.0, 45.0)),
        (((4, 6), (4, 6)), (0.0, 180.0)),
        (((4, 6),) * 3, (0.0, 90.0, 180.0)),
        ((), ()),
    ],
)
def test_grids_that_do_not_fit_are_refused(shapes, omegas_deg):
    grids = [grid(np.ones(shape), omega_deg) for shape, omega_deg in zip(shapes, omegas_deg, strict=True)]
    with pytest.raises(GridMismatchError, match="grids"):
        centre(grids, PLAIN, 1)


@given(st.integers(1, 7), st.integers(1, 7), st.booleans(), st.booleans())
def test_frames_are_put_where_they_were_taken(rows, columns, snake, upright):
    lines, frames = (columns, rows) if upright else (rows, columns)
    expected = np.zeros((rows, columns))
    number = 0
    for line in range(lines):
        way = range(frames) if not snake or line % 2 == 0 else reversed(range(frames))
        for place in way:
            expected[(place, line) if upright else (line, place)] = number
            number += 1
    assert np.array_equal(arranged(np.arange(float(number)), rows, columns, snake, upright), expected)


def test_frames_that_are_missing_count_as_nothing():
    assert arranged(np.array([1.0, 2.0, 3.0, 4.0]), 2, 3, snake=True).tolist() == [[1, 2, 3], [0, 0, 4]]
