import numpy as np
import pytest
from surroundings_support import in_virtual_time


def offset_um(site):
    return np.linalg.norm(site.beam.feedback.offset_um(np.array([site.clock.now_s()]))[0])


def test_the_loop_takes_a_shift_back():
    async def work(site):
        feedback = site.beam.feedback
        assert feedback.stable
        await site.beam.change_energy(10658.0)
        assert offset_um(site) == pytest.approx(10.0)  # 5 um per keV
        assert not feedback.stable
        await site.clock.sleep(4.0)  # two time constants
        assert offset_um(site) == pytest.approx(10.0 / np.e**2)
        await site.clock.sleep(2.0)
        assert feedback.stable

    in_virtual_time(work)


def test_paused_it_lets_the_beam_go():
    async def work(site):
        feedback = site.beam.feedback
        await feedback.pause()
        assert feedback.paused
        assert not feedback.stable
        assert offset_um(site) == 0
        await site.clock.sleep(3600.0)
        wandered = offset_um(site)
        assert 0.5 < wandered < 30
        feedback.kick(1000.0)
        kicked = offset_um(site)
        await site.clock.sleep(1.0)
        assert offset_um(site) == pytest.approx(kicked, abs=0.1)  # stays
        before = offset_um(site)
        await feedback.resume()
        await site.clock.sleep(2.0)
        assert offset_um(site) == pytest.approx(before / np.e, rel=1e-6)

    in_virtual_time(work, feedback={"open_drift_um": 5.0})


def test_the_past_stays_as_it_was():
    async def work(site):
        feedback, at_s = site.beam.feedback, np.arange(0.0, 100.0, 0.5)
        await site.clock.sleep(100.0)
        before = feedback.offset_um(at_s)
        await feedback.pause()
        await site.clock.sleep(50.0)
        await feedback.resume()
        assert (feedback.offset_um(at_s) == before).all()
        now_s = site.clock.now_s()
        near = feedback.offset_um(np.array([now_s - 1e-6, now_s + 1e-6]))
        assert near[0] == pytest.approx(near[1], abs=1e-3)  # no step where the loop closes

    in_virtual_time(work, feedback={"drift_um": 0.5, "open_drift_um": 5.0, "jumps_per_h": 60.0})


def test_it_is_not_stable_without_beam_and_until_it_has_settled():
    async def work(site):
        stable, times = [], (99.0, 101.0, 161.0, 169.0, 171.0)
        for time_s in times:
            await site.clock.sleep(time_s - site.clock.now_s())
            stable.append(site.beam.feedback.stable)
        assert stable == [True, False, False, False, True]

    in_virtual_time(work, ring={"outages": [{"start_s": 100, "duration_s": 60}]})


def test_many_pauses_need_no_more_room():
    async def work(site):
        feedback = site.beam.feedback
        for _ in range(500):
            await feedback.pause()
            await site.clock.sleep(1.0)
            await feedback.resume()
            await site.clock.sleep(1.0)
        assert len(feedback._commands) <= 64
        assert offset_um(site) < 5

    in_virtual_time(work, feedback={"open_drift_um": 5.0})
