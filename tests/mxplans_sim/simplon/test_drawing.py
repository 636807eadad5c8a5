"""Who draws the frames, and in which time, changes nothing of what is written."""

import asyncio
import itertools
import multiprocessing
from dataclasses import replace

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from simplon_support import DETECTOR, burst, in_virtual_time, watch

from mxplans_sim.clock import RealClock
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.spots import PHYSICS
from mxplans_sim.servers.simplon.chunks import pack, unpack
from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.servers.simplon.parameters import detector_config
from mxplans_sim.servers.simplon.pool import Pool
from mxplans_sim.servers.simplon.series import Rendered, Series

IMAGES = 180


def set_up(detector, pulses):
    for name, value in {"ntrigger": pulses, "trigger_mode": "exts", "frame_time": 0.02, "count_time": 0.02}.items():
        detector.put(name, value)


async def take(detector, clock, bursts=6):
    """A series in several bursts that follow each other; returns spots, frames and files."""
    detector.initialize()
    set_up(detector, IMAGES)
    detector.writer.config.put("nimages_per_file", 70)
    number = await detector.arm()
    size = IMAGES // bursts
    for index in range(bursts):
        part = burst(IMAGES, flux_hz=1e12).part(index * size, size)
        ends_at_s = clock.now_s() + size * 0.02
        detector.on_burst(replace(part, ends_at_s=ends_at_s))
        await clock.sleep(ends_at_s - clock.now_s())
    while detector.state != "idle":
        assert detector.state == "acquire"
        await clock.sleep(0.001)
    await detector.rendered()
    return detector.series[number].spots


def outcome(folder, spots):
    frames = []
    for path in sorted(folder.glob("*_data_*.h5")):
        with h5py.File(path) as file:
            frames.append(file["entry/data/data"][()])
    with h5py.File(folder / "series_1_master.h5") as master:
        np.testing.assert_array_equal(master["entry/data/data"][()], np.concatenate(frames))
    return [len(part) for part in frames], np.concatenate(frames), [table.tolist() for table in spots]


def real(folder, processes):
    async def run():
        clock = RealClock(100.0)
        detector = VirtualDetector(clock, DETECTOR, folder, 1, watch, processes=processes)
        detector.start()
        try:
            return await take(detector, clock)
        finally:
            detector.stop()

    return outcome(folder, asyncio.run(run()))


def virtual(folder, processes):
    now_s = []

    async def run(detector, clock):
        spots = await take(detector, clock)
        now_s.append(clock.now_s())
        return spots

    return outcome(folder, in_virtual_time(folder, run, processes)), now_s[0]


def test_two_processes_none_and_virtual_time_give_the_same(tmp_path):
    before = set(multiprocessing.active_children())
    folders = [tmp_path / name for name in ("none", "virtual", "virtual and two")]
    for folder in folders:
        folder.mkdir()
    counts, frames, spots = real(folders[0], 0)
    assert counts == [70, 70, 40]
    assert min(map(len, spots)) > 5
    results = []
    for folder, processes in zip(folders[1:], (0, 2), strict=True):
        result, now_s = virtual(folder, processes)
        # Arming and 180 frames of 0.02 s: drawing has taken no time.
        assert now_s == pytest.approx(1.0 + 3.6, abs=0.01)
        results.append(result)
    for other_counts, other_frames, other_spots in results:
        assert other_counts == counts
        np.testing.assert_array_equal(other_frames, frames)
        assert other_spots == spots
    assert set(multiprocessing.active_children()) == before


def test_asking_in_virtual_time_waits_for_the_drawing_and_costs_no_time(tmp_path):
    async def run(detector, clock):
        detector.initialize()
        set_up(detector, 50)
        number = await detector.arm()
        detector.on_burst(replace(burst(50), ends_at_s=clock.now_s() + 1.0))
        await clock.sleep(0.5)
        begin_s = clock.now_s()
        assert detector.series[number].spots == []  # the part of a second that is watched is not over
        await clock.sleep(0.51)
        await detector.settle()
        assert clock.now_s() == begin_s + 0.51
        assert len(detector.series[number].spots) == 50
        assert detector.writer.state == "ready"

    in_virtual_time(tmp_path, run, processes=1)


def series(number, name="a"):
    panel = Panel(DETECTOR, 1)
    config = detector_config(DETECTOR).values()
    return Series(number, 10, f"{name}_{number}", 1000, True, panel, PHYSICS, config, "", 1)


@pytest.mark.parametrize("processes", [0, 2])
def test_many_short_series_in_a_row_are_told_of_and_written_in_their_order(tmp_path, processes):
    told, finished = [], []

    async def run():
        def on_rendered(which: Series, rendered: Rendered) -> int:
            told.append((which.number, rendered.first, len(rendered.spots)))
            return 0

        def on_wrote(wrote):
            if wrote.finished:
                finished.append((wrote.series, sorted(wrote.files)))

        pool = Pool(tmp_path, processes, RealClock(1.0), on_rendered, on_wrote, lambda: finished.append("lost"))
        pool.start()
        for number in range(1, 13):
            for first in (1, 6):
                pool.render(series(number), first, burst(5))
            pool.finish(number)
        await pool.drained()
        pool.stop()

    asyncio.run(run())
    assert told == [(number, first, 5) for number, first in itertools.product(range(1, 13), (1, 6))]
    assert [number for number, _ in finished] == list(range(1, 13))
    assert finished[3][1] == ["a_4_data_000001.h5", "a_4_master.h5"]


def test_a_renderer_that_fails_in_this_process_is_lost_and_nobody_waits_for_it(tmp_path):
    lost = []

    async def run():
        pool = Pool(tmp_path, 0, RealClock(1.0), lambda *_: 1 // 0, lambda _: None, lambda: lost.append(True))
        pool.start()
        pool.render(series(1), 1, burst(2))
        await pool.drained()
        assert not pool.alive
        pool.stop()

    asyncio.run(run())
    assert lost == [True]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("dtype", ["<u2", "<u4"])
def test_chunks_are_what_hdf5_reads_again(compressed, dtype):
    frames = np.random.default_rng(1).poisson(3.0, (4, 37, 53)).astype(dtype)
    chunks = pack(frames, compressed)
    assert len(chunks) == 4
    for chunk, frame in zip(chunks, frames, strict=True):
        np.testing.assert_array_equal(unpack(chunk, (37, 53), dtype, compressed), frame)
    if compressed:
        assert max(map(len, chunks)) < 0.7 * frames[0].nbytes
