"""The protocol on the wire."""

import asyncio
import os
import pickle
import pickletools
import socket
import threading

import cv2
import numpy as np
import pytest
import zmq
from murko_support import NOTIONS, SPEED_UP, Strikes, TallyClock, coloured, on_murko, picture, read, truth

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.murko.faults import LIES
from mxplans_sim.servers.murko.hostile import TRICKS, hostile
from mxplans_sim.servers.murko.server import MurkoServer
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.recent import RecentFrames

ALLOWED = {  # the names that a client's unpickler lets through
    "numpy._core.multiarray _reconstruct",
    "numpy._core.multiarray scalar",
    "numpy ndarray",
    "numpy dtype",
    "_codecs encode",
}
CLICK = (105 / 256, 160 / 320)


def names(content):
    """Names in a pickle: arguments of GLOBAL, or the last two texts before STACK_GLOBAL."""
    texts, found, memo = [], set(), []
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name == "GLOBAL":
            found.add(argument)
        elif opcode.name == "STACK_GLOBAL":
            found.add(" ".join(texts[-2:]))
        elif opcode.name == "MEMOIZE":
            memo.append(texts[-1] if texts else None)
        elif opcode.name.endswith("UNICODE"):
            texts.append(argument)
        elif opcode.name.endswith("BINGET") and isinstance(memo[argument], str):
            texts.append(memo[argument])
    return found


def test_a_request_and_its_reply(known):
    recent, image = known

    async def work(bench):
        reply = await bench.ask(np.stack([image, image]))
        assert reply["original_image_shape"] == (512, 640, 3)
        assert [each["most_likely_click"] for each in reply["descriptions"]] == [CLICK, CLICK]
        assert "predictions" not in reply
        reply = await bench.ask(image, raw_predictions=True)
        assert [head.shape for head in reply["predictions"]] == [(1, 256, 320, 1)] * 6
        assert {head.dtype for head in reply["predictions"]} == {np.dtype("f4")}
        crystal = reply["predictions"][0][0, :, :, 0] > 0.5
        assert np.array_equal(crystal, reply["descriptions"][0]["crystal"]["notion_mask"] == 1)

    on_murko(work, recent=recent)


def test_without_a_description_the_reply_is_six_arrays(known):
    recent, image = known
    order = ("crystal", "loop_inside", "loop", "stem", "pin", "foreground")

    async def work(bench):
        for request in ({"to_predict": image}, {"to_predict": image, "description": False}):
            heads = read(await bench.exchange(pickle.dumps(request)))
            assert isinstance(heads, list)
            for name, head in zip(order, heads, strict=True):
                assert head.shape == (1, 256, 320, 1)
                assert np.array_equal(head[0, :, :, 0] > 0.5, truth()[name][::2, ::2])

    on_murko(work, recent=recent)


def test_a_reply_names_only_what_a_careful_client_allows(known):
    recent, image = known

    async def work(bench):
        request = {"to_predict": image, "description": NOTIONS, "raw_predictions": True}
        assert names(await bench.exchange(pickle.dumps(request))) == ALLOWED - {"_codecs encode"}
        assert names(await bench.exchange(pickle.dumps({"to_predict": image}))) <= ALLOWED
        assert names(await bench.exchange(pickle.dumps({"nothing": 1}))) == set()

    on_murko(work, recent=recent)


def test_jpeg_and_strangers(known):
    recent, image = known
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()

    async def work(bench):
        reply = await bench.ask(jpeg)
        assert reply["descriptions"][0]["most_likely_click"] == CLICK
        empty = {name: np.zeros_like(mask) for name, mask in truth().items()}
        (description,) = (await bench.ask(coloured(picture(empty))))["descriptions"]
        assert description["present"] == 0
        assert description["most_likely_click"] == (-1, -1)

    on_murko(work, recent=recent)


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_errors_give_an_empty_or_a_partial_reply_and_the_service_goes_on(known, tmp_path):
    recent, image = known

    async def work(bench):
        assert await bench.ask("picture.jpg") == {}
        assert await bench.ask(image[..., 0]) == {}
        assert await bench.ask(image, description=True) == {}
        assert await bench.ask(image, min_size="small") == {}
        assert await bench.ask(Harmful(tmp_path / "made")) == {}
        assert not (tmp_path / "made").exists()
        assert read(await bench.exchange(b"garbage")) == {}
        assert read(await bench.exchange(b"")) == {}
        partial = {"original_image_shape": (512, 640, 3)}
        assert await bench.ask(image, description=NOTIONS[:-1]) == partial
        assert await bench.ask(image, description=[*NOTIONS, "capillary"]) == partial
        more = await bench.ask(image, description=[*NOTIONS, "pin", ["loop", "stem"]])
        assert {"pin", "loop,stem"} < set(more["descriptions"][0])

    on_murko(work, recent=recent)


def test_the_first_request_waits_for_the_network_to_load(known):
    recent, image = known
    clock = TallyClock()

    async def work(bench):
        slept_s = []
        for _ in range(3):
            await bench.ask(np.stack([image] * 3))
            slept_s.append(clock.slept_s)
        assert slept_s == pytest.approx([30.0 + 2.0 + 3 * 1.5, 30.0 + 2 * 6.5, 30.0 + 3 * 6.5])

    on_murko(work, recent=recent, clock=clock, first_s=30.0, request_s=2.0, image_s=1.5)


def test_an_answer_can_be_slow(known):
    recent, image = known
    clock = TallyClock()

    async def work(bench):
        await bench.ask(image)
        assert clock.slept_s == 407.0

    on_murko(work, Strikes(murko_slow={"seconds": 400.0}), recent, clock, first_s=4.0, request_s=2.0, image_s=1.0)


def test_an_answer_can_be_missing_and_a_new_socket_gets_the_next(known):
    recent, image = known

    async def work(bench):
        await bench.socket.send(pickle.dumps({"to_predict": image}))
        assert await bench.silent()
        await asyncio.to_thread(_ask_again, bench.address, image)

    on_murko(work, Strikes(murko_silent={}), recent)


def _ask_again(address, image):
    """As an outside program does it: a new REQ socket, a timeout, close with linger 0."""
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.linger = 0
        client.connect(f"tcp://{address}")
        client.send(pickle.dumps({"to_predict": image, "description": NOTIONS}))
        assert client.poll(5000)
        assert read(client.recv())["descriptions"][0]["present"] == 1


def test_replies_can_be_wrong(known):
    recent, image = known
    faults = Strikes()

    async def work(bench):
        images = np.stack([image] * 3)
        faults.kinds = {"murko_wrong_length": {}}
        assert len((await bench.ask(images))["descriptions"]) == 2
        faults.kinds = {"murko_wrong_length": {"extra": 2}}
        assert len((await bench.ask(images))["descriptions"]) == 5
        faults.kinds = {"murko_wrong_length": {}}
        assert len(await bench.ask(images, description=False)) == 5
        faults.kinds = {"murko_empty": {}}
        assert await bench.ask(images) == {}
        faults.kinds = {"murko_nan_axes": {}}
        description = (await bench.ask(images))["descriptions"][2]
        assert np.isnan(description["crystal"]["pa"])
        assert description["crystal"]["notion_mask"].any()
        faults.kinds = {"murko_zero_masks": {}}
        description = (await bench.ask(images))["descriptions"][2]
        assert description["crystal"]["present"] == 1
        assert not description["crystal"]["notion_mask"].any()
        assert not description["hierarchical_mask"].any()
        faults.kinds = {"murko_zero_masks": {}}
        assert not any(head.any() for head in await bench.ask(images, description=False))
        assert len((await bench.ask(images))["descriptions"]) == 3

    on_murko(work, faults, recent)


def test_the_service_can_die_of_garbage_or_of_a_fault(known):
    recent, image = known

    async def after_garbage(bench):
        assert (await bench.ask(image))["descriptions"]
        await bench.socket.send(b"garbage")
        assert await bench.silent()
        with pytest.raises(OSError):
            socket.create_connection(tuple(bench.address.split(":")), 1.0).close()

    on_murko(after_garbage, recent=recent, dies_of_garbage=True)

    async def after_a_fault(bench):
        await bench.socket.send(pickle.dumps({"to_predict": image}))
        assert await bench.silent()

    on_murko(after_a_fault, Strikes(murko_dead={}), recent)


def test_half_open_connections_foreign_bytes_and_other_sockets_do_no_harm(known):
    recent, image = known

    async def work(bench):
        host, port = bench.address.split(":")
        for content in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" + bytes(8) + b"\x7f" + bytes(100)):
            with socket.create_connection((host, int(port))) as connection:
                connection.sendall(content)
        dealer = bench.socket.context.socket(zmq.DEALER)
        with dealer:
            dealer.linger = 0
            dealer.connect(f"tcp://{bench.address}")
            await dealer.send_multipart([b"no envelope"])
            await dealer.send_multipart([b"id", b"", b"garbage"])
            assert await dealer.recv_multipart() == [b"id", b"", pickle.dumps({}, 4)]
        assert (await bench.ask(image))["descriptions"]

    on_murko(work, recent=recent)


def test_ten_thousand_requests_in_a_burst():
    async def work(bench):
        dealer = bench.socket.context.socket(zmq.DEALER)
        with dealer:
            dealer.linger = 0
            dealer.connect(f"tcp://{bench.address}")
            for _ in range(10_000):
                await dealer.send_multipart([b"", b"garbage"])
            answers = [await dealer.recv_multipart() for _ in range(10_000)]
        assert set(map(tuple, answers)) == {(b"", pickle.dumps({}, 4))}

    on_murko(work, first_s=0.0, request_s=0.0)


def test_an_oversized_request_disconnects_its_sender_and_nobody_else(known):
    recent, image = known

    async def work(bench):
        big = bench.socket.context.socket(zmq.DEALER)
        with big:
            big.linger = 0
            big.connect(f"tcp://{bench.address}")
            await big.send_multipart([b"", bytes(2**20 + 1)])
            assert not await big.poll(200)
        assert (await bench.ask(image))["descriptions"]

    on_murko(work, recent=recent, largest_mb=1)


def test_a_taken_port_is_named_and_a_stopped_service_starts_again():
    async def main():
        server = MurkoServer(RecentFrames(), RealClock(SPEED_UP), MurkoSettings.model_validate({}), 1)
        other = MurkoServer(RecentFrames(), RealClock(SPEED_UP), MurkoSettings.model_validate({}), 1)
        address = (await server.start())["murko_addr"]
        port = int(address.split(":")[1])
        with pytest.raises(OSError, match=str(port)):
            await other.start(port)
        waiting = asyncio.create_task(server.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        await server.stop()
        await waiting
        await other.start()
        await other.stop()

    before = threading.active_count()
    asyncio.run(main())
    assert threading.active_count() == before


def test_replies_can_leave_out_lie_and_be_of_another_size(known):
    recent, image = known
    faults = Strikes()

    async def descriptions(bench, **kinds):
        faults.kinds = kinds
        return (await bench.ask(np.stack([image] * 2)))["descriptions"]

    async def work(bench):
        first, second = await descriptions(bench, murko_partial={"notion": "loop", "images": 1})
        assert "loop" not in first
        assert "loop" in second
        for description in await descriptions(bench, murko_wrong_shape={}):
            assert description["crystal"]["notion_mask"].shape == description["hierarchical_mask"].shape == (128, 160)
        (honest, _) = await descriptions(bench)
        for lie in LIES:
            (lied, _) = await descriptions(bench, murko_lies={"lie": lie})
            assert pickle.dumps(lied) != pickle.dumps(honest), lie
        assert (await descriptions(bench, murko_lies={"lie": "everywhere"}))[0]["loop"]["notion_mask"].all()

    on_murko(work, faults, recent)


@pytest.mark.parametrize("trick", TRICKS)
def test_a_reply_can_be_hostile(known, trick):
    recent, image = known

    async def work(bench):
        content = await bench.exchange(pickle.dumps({"to_predict": image, "description": NOTIONS}))
        assert content == hostile(trick)
        await bench.ask(image)

    on_murko(work, Strikes(murko_hostile={"trick": trick}), recent)


def test_hostile_replies_name_what_they_would_run():
    assert "posix system" in names(hostile("system"))
    assert "builtins eval" in names(hostile("eval"))
    assert "posix getpid" in names(hostile("objects"))
