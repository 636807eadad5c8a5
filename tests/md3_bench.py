"""The diffractometer, the robot and the camera of a world behind their protocols, in a loop of its own."""

import asyncio
import dataclasses
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Self

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.camera_http import CameraServer
from mxplans_sim.servers.exporter.server import ExporterServer
from mxplans_sim.servers.isara.server import IsaraServer
from mxplans_sim.settings import WorldSettings
from mxplans_sim.settings.diffractometer import DiffractometerSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.state import World

SPEED_UP = 50.0
DEWAR = {
    (1, 1): PinInDewar(1, 1, "BC-1", (Sample("one", "Lyso"),)),
    (1, 2): PinInDewar(1, 2, "BC-2", (Sample("gone", "Lyso"),)),
    (2, 5): PinInDewar(2, 5, "BC-5", (Sample("two", "Lyso"),)),
}
STX, ETX = b"\x02", b"\x03"


class Site:
    """Runs in a thread of its own; the test stays outside, as any client does."""

    exporter: ExporterServer
    camera: CameraServer | None = None
    isara: IsaraServer
    world: World

    def __init__(self, speed_up: float = SPEED_UP, faults: Any = None, **settings: Any) -> None:
        self._speed_up = speed_up
        self._faults = faults
        values = {"seed": 3, "samples": {"gone": {"missing": True}}, "goniometer": {"kind": "mini-kappa"}}
        self._settings = WorldSettings.model_validate(values | settings)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="site")
        self.facts: dict[str, str] = {}
        self.bursts: list[Any] = []

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.run(self._start())
        except BaseException:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Any], timeout_s: float = 20.0) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout_s)

    def do(self, work: Callable[[], Any]) -> Any:
        """Call something within the loop."""

        async def call() -> Any:
            return work()

        return self.run(call())

    async def _start(self) -> None:
        self.clock = RealClock(self._speed_up)
        self.world = World(self._settings, DEWAR, self.clock, Truth(None, self.clock), self._faults)
        self.world.bursts.subscribe(self.bursts.append)
        self.exporter = ExporterServer(self.world, DiffractometerSettings.model_validate({}))
        obstacle = self.exporter.diffractometer.transfer_obstacle
        self.isara = IsaraServer(self.world, self._settings.isara, obstacle)
        for server in self._servers:
            self.facts |= await server.start()

    async def _stop(self) -> None:
        for server in self._servers:
            await server.stop()
            await server.stop()
        if self.camera is not None:
            await self.camera.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    @property
    def _servers(self) -> tuple[ExporterServer, IsaraServer]:
        return self.exporter, self.isara

    @property
    def camera_url(self) -> str:
        """Where images come from; the camera is served from the first time on."""
        if self.camera is None:
            self.camera = CameraServer(self.world.camera, self.clock, {"side": self.world.side_camera})
            self.facts |= self.run(self.camera.start())
        return self.facts["camera_url"]

    def replace(self, method: str, call: Callable[..., Any]) -> None:
        """Let a method of the exporter do something else; what it raises as `Refused` is the error."""

        async def instead(*arguments: Any) -> Any:
            result = call(*arguments)
            return await result if asyncio.iscoroutine(result) else result

        methods: Any = self.exporter._interface.methods
        methods[method] = dataclasses.replace(methods[method], call=instead)

    def let_read(self, name: str, value: Any) -> None:
        """Let a property of the exporter read something else."""
        properties: Any = self.exporter._interface.properties
        properties[name] = dataclasses.replace(properties[name], read=lambda: value)

    def hang_up(self) -> None:
        """Close all connections of the exporter."""
        for writer in tuple(self.exporter._clients):
            writer.close()

    def connection(self, fact: str) -> socket.socket:
        host, _, port = self.facts[fact].partition(":")
        return socket.create_connection((host, int(port)), 10)

    @contextmanager
    def wire(self) -> Iterator["Wire"]:
        with self.connection("exporter_addr") as connection:
            yield Wire(connection)


class Wire:
    """Talks to the exporter with a bare socket; events are put aside."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.events: list[tuple[str, str, int]] = []
        self._buffer = b""

    def send(self, payload: str) -> None:
        self.socket.sendall(STX + payload.encode() + ETX)

    def receive(self) -> str:
        """Next message of any kind."""
        while ETX not in self._buffer:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(ETX)
        assert message[:1] == STX
        return message[1:].decode()

    def reply(self) -> str:
        """Next message that is no event."""
        while True:
            message = self.receive()
            if not message.startswith("EVT:"):
                return message
            name, value, stamp = message[4:].split("\t")
            self.events.append((name, value, int(stamp)))

    def ask(self, payload: str) -> str:
        self.send(payload)
        return self.reply()

    def call(self, method: str, *arguments: object) -> str:
        return self.ask(f"EXEC {method} " + "".join(f"{argument}\t" for argument in arguments))

    def task(self, method: str, *arguments: object) -> list[str]:
        """Start a task, wait for its end, return what is known of it."""
        answer = self.call(method, *arguments)
        assert answer.startswith("RET:"), answer
        number = int(answer.removeprefix("RET:"))
        for _ in range(4000):
            if self.call("isTaskRunning", number) == "RET:false":
                return self.info(number)
            threading.Event().wait(0.005)
        raise TimeoutError(method)

    def info(self, number: int | str) -> list[str]:
        """What is known of a task."""
        return self.call("getTaskInfo", number).removeprefix("RET:").strip("\x1f").split("\x1f")

    def until(self, payload: str, answer: str) -> None:
        for _ in range(2000):
            if self.ask(payload) == answer:
                return
            threading.Event().wait(0.005)
        raise TimeoutError(f"{payload} never was {answer}")

    def number(self, name: str) -> float:
        return float(self.ask(f"READ {name}").removeprefix("RET:"))


class Line:
    """Talks to one port of the robot with a bare socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._buffer = b""

    def receive(self) -> str:
        while b"\r" not in self._buffer:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\r")
        return line.decode()

    def ask(self, text: str) -> str:
        self.socket.sendall(text.encode() + b"\r")
        return self.receive()

    def values(self, question: str = "state") -> list[str]:
        reply = self.ask(question)
        assert reply.startswith(f"{question}(") and reply.endswith(")"), reply
        return reply[len(question) + 1 : -1].split(",")
