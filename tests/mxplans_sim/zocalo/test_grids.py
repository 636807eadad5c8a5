"""Grids from the spots of a detector's frames."""

import asyncio

import pytest

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.zocalo.centring import Well
from mxplans_sim.servers.zocalo.grids import GridBook, ScannedGrid
from mxplans_sim.servers.zocalo.recipe import RunStart

SERIES = "lyso/grid_7"


def run_of(number, first=0, filename=SERIES):
    return RunStart(ispyb_dcid=1, filename=filename, start_frame_index=first, number_of_frames=number)


def grid_of(run, *scanned, spots=None, patience_s=5.0):
    book = GridBook({SERIES: range(18) if spots is None else spots}.get, RealClock(1000.0), patience_s)
    for each in scanned:
        book.add(each)
    return asyncio.run(book.grid(run))


FIRST = ScannedGrid(SERIES, 0, rows=2, columns=3, omega_deg=10.0, snake=True)
SECOND = ScannedGrid(SERIES, 6, rows=4, columns=3, omega_deg=100.0, upright=True, wells=(Well(0, 1, 5),))


def test_each_grid_has_its_own_frames():
    grid = grid_of(run_of(6), FIRST, SECOND)
    assert grid.scores.tolist() == [[0, 1, 2], [5, 4, 3]]
    assert (grid.omega_deg, grid.wells) == (10.0, ())
    grid = grid_of(run_of(12, first=6), FIRST, SECOND)
    assert grid.scores.tolist() == [[6, 10, 14], [7, 11, 15], [8, 12, 16], [9, 13, 17]]
    assert (grid.omega_deg, grid.wells) == (100.0, (Well(0, 1, 5),))


def test_a_run_that_tells_of_too_few_frames_gets_no_more():
    # A peer sends the number of the grid's axes.
    assert grid_of(run_of(2), FIRST).scores.tolist() == [[0, 1, 0], [0, 0, 0]]
    assert grid_of(run_of(60), FIRST).scores.tolist() == [[0, 1, 2], [5, 4, 3]]


@pytest.mark.parametrize("filename", [SERIES, f"{SERIES}_master.h5", f"/data/mx1/{SERIES}_master.h5", None])
def test_a_file_is_known_by_its_name_in_any_folder(filename):
    assert grid_of(run_of(6, filename=filename), FIRST) is not None


@pytest.mark.parametrize(
    ("first", "filename"), [(1, SERIES), (0, "grid_7"), (0, "lyso/grid_71"), (0, "my_lyso/grid_7")]
)
def test_other_frames_and_files_are_no_grid(first, filename):
    assert grid_of(run_of(6, first, filename), FIRST) is None


def test_of_two_scans_on_the_same_frames_the_last_one_counts():
    again = ScannedGrid(SERIES, 0, rows=3, columns=2, omega_deg=20.0)
    assert grid_of(run_of(6), FIRST, again).scores.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_frames_are_waited_for_and_those_that_never_come_count_as_nothing():
    clock, spots = RealClock(1000.0), [1.0, 2.0]

    async def main():
        book = GridBook({SERIES: spots}.get, clock, patience_s=1000.0)
        book.add(FIRST)
        waiting = asyncio.create_task(book.grid(run_of(6)))
        await clock.sleep(20.0)
        assert not waiting.done()
        spots.extend([3.0, 4.0, 5.0, 6.0])
        return await waiting

    assert asyncio.run(main()).scores.tolist() == [[1, 2, 3], [6, 5, 4]]
    assert grid_of(run_of(6), FIRST, spots=[1.0, 2.0], patience_s=3.0).scores.tolist() == [[1, 2, 0], [0, 0, 0]]
    nowhere = ScannedGrid("elsewhere", 0, rows=1, columns=2, omega_deg=0.0)
    assert grid_of(run_of(2, filename="elsewhere"), nowhere, patience_s=3.0).scores.tolist() == [[0, 0]]
