"""What tests of plans share: spots as a finder would give them, the order of messages, a RunEngine over names."""

import asyncio

import pytest
from bluesky.utils import RunEngineInterrupted

from mxplans.model import FrameSpots, Spot


def spots(number, lit):
    """Frames of which some show a crystal."""
    spot = Spot(x_px=10, y_px=10, intensity=200, sigma=15, d_a=4.2)
    return tuple(FrameSpots(image=image, spots=(spot,) * 5 if image in lit else ()) for image in range(1, number + 1))


def order(messages, *wanted):
    """Index of the first message of each (command, device name or None), each after the one before."""
    position, found = 0, []
    for command, name in wanted:
        for index in range(position, len(messages)):
            message = messages[index]
            if message.command == command and (name is None or getattr(message.obj, "name", None) == name):
                found.append(index)
                position = index + 1
                break
        else:
            raise AssertionError(f"{command} {name} does not follow {wanted[: len(found)]}")
    return found


def answer_for_names(engine, values):
    """Let a RunEngine run plans over devices that are names only: runs and pauses are its own, devices do as they are told.

    Args:
        engine: The RunEngine.
        values: What a device reads, by device; 1.0 for others.
    """

    async def done(message):
        return None

    async def read(message):
        return {message.obj.name: {"value": values.get(message.obj, 1.0), "timestamp": 0.0}}

    for command in (
        *("set", "trigger", "wait", "stop", "stage", "unstage", "prepare", "kickoff", "complete", "collect"),
        *("declare_stream", "create", "save"),
    ):
        engine.register_command(command, done)
    engine.register_command("read", read)


class Pausing:
    """Keeps the messages of a RunEngine, and pauses it right behind the first one that `wanted` accepts."""

    def __init__(self, engine, wanted):
        self.messages = []
        self.after = None
        self._engine, self._wanted = engine, wanted
        engine.msg_hook = self._see

    def _see(self, message):
        self.messages.append(message)
        if self.after is None and self._wanted(message):
            self.after = message
            # In the loop's own thread, so that it comes behind this message and before the next, however busy the machine.
            self.request = asyncio.ensure_future(self._engine._request_pause_coro())

    def reach(self, plan):
        """Run a plan to the pause."""
        with pytest.raises(RunEngineInterrupted):
            self._engine(plan)
        assert self.messages[-1] is self.after

    def run(self, plan):
        """Run a plan to the pause and then to its end."""
        self.reach(plan)
        self._engine.resume()

    def told(self, command, name=None):
        """Messages of one command, to one device if a name is given."""
        return [
            message
            for message in self.messages
            if message.command == command and name in (None, getattr(message.obj, "name", None))
        ]
