"""A RunEngine that runs plans over a beamline of names, and one that pauses where a test wants it."""

import asyncio

import pytest
from bluesky.utils import RunEngineInterrupted
from plan_support import analysed_now


class Told:
    """Lets a RunEngine run plans over names: runs and pauses are its own, what else is asked for is done at once.

    Args:
        engine: The RunEngine.
        reads: What a device reads, by its name; setting one changes it. Others read 1.0.
        does: Called when a device of this name is set or triggered, with the value or None; may raise.
        real: Commands that are left to the RunEngine.
    """

    def __init__(self, engine, reads=(), does=(), real=()):
        self.messages = []
        self.documents = []
        self.reads, self.does = dict(reads), dict(does)
        engine.msg_hook = self._see
        engine.subscribe(lambda name, document: self.documents.append((name, document)))
        answers = dict.fromkeys(
            (
                *("wait", "stop", "stage", "unstage", "prepare", "kickoff", "complete", "collect", "declare_stream"),
                *("create", "save", "drop"),
            ),
            self._done,
        ) | {"set": self._set, "trigger": self._set, "read": self._read}
        for command, answer in answers.items():
            if command not in real:
                engine.register_command(command, answer)

    def _see(self, message):
        self.messages.append(message)

    async def _done(self, message):
        return None

    async def _set(self, message):
        if hasattr(message.obj, "result"):  # an analysis: it is real
            await asyncio.to_thread(analysed_now, message)
            return
        value = message.args[0] if message.args else None
        if message.obj.name in self.does:
            self.does[message.obj.name](value)
        elif message.command == "set":
            self.reads[message.obj.name] = value

    async def _read(self, message):
        return {message.obj.name: {"value": self.reads.get(message.obj.name, 1.0), "timestamp": 0.0}}

    def told(self, command, name=None):
        """Messages of one command, to one device if a name is given."""
        return [
            message
            for message in self.messages
            if message.command == command and name in (None, getattr(message.obj, "name", None))
        ]

    def values(self, name):
        """What a device was set to, in order."""
        return [message.args[0] for message in self.told("set", name)]

    def records(self, key):
        """Values that were recorded under a key, in order."""
        read = [message.obj.read() for message in self.told("read") if hasattr(message.obj, "read")]
        return [reading[key]["value"] for reading in read if key in reading]

    def exit_statuses(self):
        """Of the runs, as they ended."""
        return [document["exit_status"] for name, document in self.documents if name == "stop"]


class Pausing(Told):
    """Pauses the RunEngine right behind the first message that `wanted` accepts."""

    def __init__(self, engine, wanted, reads=(), does=(), real=()):
        super().__init__(engine, reads, does, real)
        self.after = None
        self._engine, self._wanted = engine, wanted

    def _see(self, message):
        super()._see(message)
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
