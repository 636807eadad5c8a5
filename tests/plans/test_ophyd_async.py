"""A goniometer made of ophyd-async motors runs in the same plans as one of classic ophyd."""

import asyncio
from types import SimpleNamespace

from ophyd_async.core import init_devices
from ophyd_async.sim import SimMotor

from mxplans.model import Pose
from mxplans.plans.viewing import move_to_pose, read_pose


def test_the_pose_plans_run_on_ophyd_async_motors(run_engine):
    async def connect():
        async with init_devices():
            axes = {name: SimMotor(name=name, instant=True) for name in ("x", "y", "z", "omega")}
        return axes

    axes = asyncio.run_coroutine_threadsafe(connect(), run_engine.loop).result(10)
    beamline = SimpleNamespace(goniometer=SimpleNamespace(**axes))
    pose = Pose(x_mm=0.1, y_mm=-0.2, z_mm=0.3, omega_deg=45.0)
    found = []

    def plan():
        yield from move_to_pose(beamline, pose)
        found.append((yield from read_pose(beamline)))

    run_engine(plan())
    assert found == [pose]
