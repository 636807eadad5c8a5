"""The Channel Access server of the virtual beamline, on the loopback interface only."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from caproto import ChannelData
from caproto.asyncio.server import Context, VirtualCircuit

from mxplans_sim.servers.epics.camera import Camera
from mxplans_sim.servers.epics.channels import Number, RefusedFilter, Served
from mxplans_sim.servers.epics.motor import MotorRecord
from mxplans_sim.servers.epics.robot import Robot
from mxplans_sim.servers.epics.scan import ScanProgram
from mxplans_sim.servers.epics.switches import ApertureSwitch, Attenuator, Switch, ZoomSwitch
from mxplans_sim.world.goniometer import TRANSLATIONS
from mxplans_sim.world.state import World

HOST = "127.0.0.1"
CA_SOCKETS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
"""Channel Access uses one port number for both."""
PREFIX = "SIM:"
_BEAM_PERIOD_S = 1.0
"""Real seconds between two values of flux and ring current."""
_BATCH_S = 0.001
"""Real seconds that an update may wait for others."""


class PortInUse(OSError):
    """Somebody else listens on a port that was asked for."""


class _Circuit(VirtualCircuit):
    """Sends at once: caproto waits for batches, and leaves its sockets waiting for acknowledgements (40 ms)."""

    def __init__(self, circuit: Any, client: Any, context: Any) -> None:
        super().__init__(circuit, client, context)
        client.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def get_from_sub_queue(self, timeout: float | None = None) -> Any:
        """Next update, None after a timeout."""
        return await super().get_from_sub_queue(None if timeout is None else min(timeout, _BATCH_S))


class _Context(Context):
    """A server that listens on one port for searches and connections, and sends no beacons."""

    CircuitClass = _Circuit

    def __init__(self, channels: Mapping[str, ChannelData], port: int) -> None:
        super().__init__(dict(channels), [HOST])
        self.ca_server_port = port

    async def broadcast_beacon_loop(self) -> None:
        """No beacons: clients search again by themselves."""
        await asyncio.get_running_loop().create_future()


class EpicsServer:
    """All process variables of the world.

    Args:
        world: What they show and change.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._task: asyncio.Task[None] | None = None

    async def start(self, port: int) -> str:
        """Serve on a port, 0 for a free one, and return the address, as `127.0.0.1:5064`.

        Raises:
            PortInUse: If somebody else has the port.
        """
        port = find_port(port, "Channel Access", CA_SOCKETS)
        os.environ["EPICS_CAS_AUTO_BEACON_ADDR_LIST"] = "NO"
        os.environ["EPICS_CAS_BEACON_ADDR_LIST"] = HOST
        logging.getLogger("caproto.circ").addFilter(RefusedFilter())
        self._build()
        context = _Context(self._channels, port)
        self._task = asyncio.create_task(self._serve(context))
        while context.port is None or HOST not in context.udp_socks:
            await asyncio.sleep(0.005)
            if self._task.done():
                await self._task
        return f"{HOST}:{port}"

    async def wait(self) -> None:
        """Return when the server ends by itself."""
        if self._task is not None:
            await self._task

    async def stop(self) -> None:
        """End scans and robot programs where they are, then the server."""
        if self._task is not None:
            await self._program.stop()
            await self._robot.stop()
            for motor in self._motors:
                await motor.stop()
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def _build(self) -> None:
        world = self._world
        self._motors = [self._motor(f"{PREFIX}GON:{name.upper()}", name) for name in world.gonio.axes]
        self._motors.append(self._motor(f"{PREFIX}DET:Z", "distance"))
        self._program = ScanProgram(f"{PREFIX}SCAN:", world)
        self._robot = Robot(f"{PREFIX}ROBOT:", world)
        self._flux = Number(value=world.beam.full_flux_hz, units="ph/s")
        self._current = Number(value=world.beam.ring_current_ma, units="mA", precision=3)
        self._channels: dict[str, ChannelData] = {
            f"{PREFIX}BEAM:ENERGY_RBV": Number(value=world.beam.energy_ev, units="eV", precision=1),
            f"{PREFIX}BEAM:FLUX_RBV": self._flux,
            f"{PREFIX}RING:CURRENT_RBV": self._current,
        }
        servers: tuple[Served, ...] = (
            *self._motors,
            Switch(f"{PREFIX}SHUTTER", world.shutter),
            self._program,
            self._robot,
            Attenuator(f"{PREFIX}ATTEN:TRANSMISSION", world),
            Switch(f"{PREFIX}BACKLIGHT", world.backlight),
            ApertureSwitch(PREFIX, world),
            ZoomSwitch(f"{PREFIX}CAM:", world),
            Camera(f"{PREFIX}CAM:", world),
        )
        for server in servers:
            self._channels |= server.channels

    def _motor(self, name: str, axis: str) -> MotorRecord:
        world, motion = self._world, self._world.settings.motion
        length = axis in TRANSLATIONS or axis == "distance"
        noise = motion.encoder_um / 1000 if length else motion.encoder_deg
        moved = world.distance if axis == "distance" else world.axes[axis]
        return MotorRecord(name, moved, world.clock, "mm" if length else "deg", noise, world.settings.seed)

    async def _serve(self, context: _Context) -> None:
        watching = asyncio.create_task(self._watch_beam())
        try:
            await context.run()
        finally:
            watching.cancel()

    async def _watch_beam(self) -> None:
        while True:
            await asyncio.sleep(_BEAM_PERIOD_S)
            await self._flux.show(self._world.beam.full_flux_hz)
            await self._current.show(self._world.beam.ring_current_ma)


def find_port(port: int, purpose: str, kinds: Sequence[socket.SocketKind] = (socket.SOCK_STREAM,)) -> int:
    """A port that is free for sockets of all `kinds`: the given one, or any for 0.

    Raises:
        PortInUse: If the given one is taken.
    """
    for _ in range(50):
        found = port
        with contextlib.ExitStack() as probes:
            try:
                for kind in kinds:
                    probe = probes.enter_context(socket.socket(socket.AF_INET, kind))
                    if kind == socket.SOCK_STREAM:
                        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((HOST, found))
                    found = int(probe.getsockname()[1])
            except OSError as error:
                if port:
                    raise PortInUse(f"port {port} on {HOST} is in use: name another one for {purpose}, or 0") from error
            else:
                return found
    raise PortInUse(f"no port on {HOST} is free for {purpose}; close other servers")
