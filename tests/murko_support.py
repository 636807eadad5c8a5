"""A service that knows pictures painted by hand, and a client that follows the text of the protocol."""

import asyncio
import io
import pickle

import numpy as np
import zmq.asyncio

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.murko.server import MurkoServer
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.recent import RecentFrames

HEIGHT, WIDTH = 512, 640  # a pixel of the prediction is two of the picture
UM_PER_PX = 2.0
NOTIONS = ["foreground", "crystal", "loop_inside", "loop", ["crystal", "loop"], ["crystal", "loop", "stem"]]
EXACT = {"edge_um": 0.0, "jitter_um": 0.0}
SPEED_UP = 1000.0


def rectangle(top, bottom, left, right):
    """Rows and columns of the picture, ends excluded."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[top:bottom, left:right] = True
    return mask


def truth():
    """A pin from the right, a stem, a loop and a crystal of 20 x 40 pixels in it."""
    masks = {
        "crystal": rectangle(200, 220, 300, 340),
        "loop_inside": rectangle(180, 260, 260, 400),
        "loop": rectangle(170, 270, 240, 420),
        "stem": rectangle(210, 230, 420, 560),
        "pin": rectangle(140, 300, 560, 640),
    }
    return masks | {"foreground": np.any(list(masks.values()), axis=0)}


def picture(masks, seed=0):
    """What a camera shows of them, gray."""
    light = np.random.default_rng(seed).normal(200.0, 3.0, (HEIGHT, WIDTH))
    for mask in masks.values():
        light[mask] *= 0.8
    return light.astype(np.uint8)


def coloured(gray):
    return np.repeat(gray[..., None], 3, axis=2)


class _Trusting(pickle.Unpickler):
    """Only what the protocol's security section allows."""

    allowed = frozenset(
        {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
        | {
            (f"numpy.{core}.{module}", name)
            for core in ("core", "_core")
            for module, name in (
                ("multiarray", "_reconstruct"),
                ("multiarray", "scalar"),
                ("numeric", "_frombuffer"),
            )
        }
    )

    def find_class(self, module, name):
        assert (module, name) in self.allowed, f"{module}.{name}"
        return super().find_class(module, name)


def read(content):
    return _Trusting(io.BytesIO(content)).load()


class Bench:
    """A running service and one REQ client at it."""

    def __init__(self, socket, address):
        self.socket = socket
        self.address = address

    async def exchange(self, content):
        await self.socket.send(content)
        return await self.socket.recv()

    async def ask(self, to_predict, description=NOTIONS, **more):
        request = {"to_predict": to_predict, "description": description, "save": False, "min_size": 64, "prefix": ""}
        return read(await self.exchange(pickle.dumps({**request, "model_img_size": (256, 320), **more})))

    async def silent(self, seconds=0.3):
        """Whether no answer comes."""
        return not await self.socket.poll(int(seconds * 1000))


class Strikes:
    """Faults that strike once each, in the order given."""

    def __init__(self, **kinds):
        self.kinds = kinds

    def take(self, kind, **context):
        return self.kinds.pop(kind, None)

    def active(self, kind, **context):
        return self.kinds.get(kind)


class TallyClock(RealClock):
    """Notes how long it was to sleep, and does not."""

    def __init__(self):
        super().__init__(SPEED_UP)
        self.slept_s = 0.0

    async def sleep(self, duration_s):
        self.slept_s += duration_s


def on_murko(work, faults=None, recent=None, clock=None, **settings):
    """Run a test with a service in a fresh event loop; nothing may be left running."""

    async def main():
        known = RecentFrames() if recent is None else recent
        server = MurkoServer(
            known, clock or RealClock(SPEED_UP), MurkoSettings.model_validate(EXACT | settings), 5, faults
        )
        facts = await server.start()
        context = zmq.asyncio.Context()
        try:
            with context.socket(zmq.REQ) as socket:
                socket.linger = 0
                socket.connect(f"tcp://{facts['murko_addr']}")
                async with asyncio.timeout(20):
                    await work(Bench(socket, facts["murko_addr"]))
        finally:
            context.destroy(linger=0)
            await server.stop()
            await server.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    asyncio.run(main())
