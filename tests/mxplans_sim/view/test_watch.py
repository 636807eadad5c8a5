import asyncio
import json

import pytest
from control_stand_in import StandIn

from mxplans_sim.view.page.control import Control, ControlError, ControlFile, Shot, read_control_file
from mxplans_sim.view.page.watch import Watch


class Counting:
    """A control server that can be away."""

    def __init__(self):
        self.asked = 0
        self.away = False
        self.frame = ""
        self.shots = []

    async def world(self):
        self.asked += 1
        if self.away:
            raise ControlError("the virtual beamline does not answer")
        return {"number": self.asked, "detector": {"frame": self.frame}}

    async def catalogue(self):
        return [{"kind": "one"}]

    async def faults(self):
        return []

    async def shot(self, path):
        self.shots.append(path)
        return Shot(self.frame, b"", "image/png")


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


def test_nothing_is_asked_while_nobody_looks():
    async def work():
        control = Counting()
        watch = Watch(control)
        task = asyncio.create_task(watch.run())
        await asyncio.sleep(0.1)
        before = control.asked
        watch.join()
        watch.join()
        watch.leave()
        await until(lambda: control.asked >= 2)
        watch.leave()
        await asyncio.sleep(0.3)
        last = control.asked
        await asyncio.sleep(0.4)
        task.cancel()
        return before, last, control.asked

    before, last, asked = asyncio.run(work())
    assert before == 0
    assert asked == last


def test_a_beamline_that_goes_and_comes_back_is_told():
    async def work():
        control = Counting()
        watch = Watch(control)
        await watch.look()
        control.away = True
        await watch.look()
        away = (watch.error, watch.world["number"])
        control.away = False
        await watch.look()
        return away, (watch.error, watch.world["number"])

    away, back = asyncio.run(work())
    assert away == ("the virtual beamline does not answer", 1)
    assert back == ("", 3)


def test_a_frame_is_fetched_once():
    async def work():
        control = Counting()
        watch = Watch(control)
        await watch.look()
        for control.frame in ("1:1", "1:1", "1:2", "1:2"):
            await watch.look()
        return control.shots.count("/detector/frame.png"), watch.frame.name

    assert asyncio.run(work()) == (2, "1:2")


def test_the_side_camera_is_looked_through_seldom():
    async def work():
        control = Counting()
        watch = Watch(control)
        for _ in range(10):
            await watch.look()
        return control.shots.count("/camera/on_axis.jpg"), control.shots.count("/camera/side.jpg")

    assert asyncio.run(work()) == (10, 2)


def test_the_client_speaks_with_a_control_server(tmp_path):
    with StandIn().running() as stand_in:
        control = Control(read_control_file(stand_in.control_file(tmp_path)))

        async def work():
            try:
                world = await control.world()
                shot = await control.shot("/camera/on_axis.jpg")
                await control.inject({"kind": "robot_no_pin"})
                listed = await control.faults()
                await control.clear(listed[0]["id"])
                return world, shot, listed, await control.faults()
            finally:
                await control.close()

        world, shot, listed, after = asyncio.run(work())
    assert world["goniometer"]["kind"] == "smargon"
    assert (shot.name, shot.media_type) == ("1", "image/jpeg")
    assert [fault["kind"] for fault in listed] == ["robot_no_pin"] and after == []


def test_a_wrong_token_and_a_dead_server_are_told():
    async def ask(file):
        control = Control(file)
        try:
            await control.world()
        finally:
            await control.close()

    with StandIn().running() as stand_in:
        url = stand_in.url
        with pytest.raises(ControlError, match="refuses GET /world"):
            asyncio.run(ask(ControlFile(url=url, token="wrong")))
    with pytest.raises(ControlError, match="does not answer"):
        asyncio.run(ask(ControlFile(url=url, token="wrong")))


@pytest.mark.parametrize("content", ["", "[]", '{"url": "http://127.0.0.1:1"}', json.dumps({"url": 1, "token": "t"})])
def test_a_bad_control_file_is_refused(tmp_path, content):
    path = tmp_path / "control.json"
    path.write_text(content)
    with pytest.raises(ControlError, match="no control file"):
        read_control_file(path)


def test_a_missing_control_file_says_what_to_do(tmp_path):
    with pytest.raises(ControlError, match="mxplans-sim serve"):
        read_control_file(tmp_path / "none.json")
