"""The Channel Access server of the virtual beamline, on the loopback interface only."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData
from caproto.asyncio.server import Context, VirtualCircuit

from mxplans_sim.loopback import HOST, find_port
from mxplans_sim.servers.epics.channels import RefusedFilter
from mxplans_sim.servers.epics.records import PREFIX, Records

CA_SOCKETS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
"""Channel Access uses one port number for both."""


class _Circuit(VirtualCircuit):
    """Sends at once: caproto waits for batches, and leaves its sockets waiting for acknowledgements (40 ms)."""

    def __init__(self, circuit: Any, client: Any, context: Any) -> None:
        super().__init__(circuit, client, context)
        client.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def get_from_sub_queue(self, timeout: float | None = None) -> Any:
        """Next update; with a timeout, None when there is none now: nothing waits to be sent together with others."""
        if timeout is None:
            return await super().get_from_sub_queue(None)
        await asyncio.sleep(0)
        try:
            return self.subscription_queue.get_nowait()
        except asyncio.QueueEmpty:
            return None


class _Context(Context):
    """A server that listens on one port for searches and connections, and sends no beacons."""

    CircuitClass = _Circuit

    def __init__(self, channels: Mapping[str, ChannelData], port: int) -> None:
        super().__init__(dict(channels), [HOST])
        self.ca_server_port = port

    def __getitem__(self, pvname: str) -> ChannelData:
        """A process variable; as at every record, `NAME.VAL` is NAME."""
        found: ChannelData = super().__getitem__(pvname.removesuffix(".VAL"))
        return found

    async def broadcast_beacon_loop(self) -> None:
        """No beacons: clients search again by themselves."""
        await asyncio.get_running_loop().create_future()


class EpicsServer:
    """Process variables on the network.

    Args:
        records: The process variables.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._task: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Serve on a port, 0 for a free one. Returns the address, as `127.0.0.1:5064`, and the prefix of all names.

        Raises:
            PortInUse: If somebody else has the port.
        """
        port = find_port(port, "Channel Access", CA_SOCKETS)
        os.environ["EPICS_CAS_AUTO_BEACON_ADDR_LIST"] = "NO"
        os.environ["EPICS_CAS_BEACON_ADDR_LIST"] = HOST
        logging.getLogger("caproto.circ").addFilter(RefusedFilter())
        context = _Context(self._records.channels, port)
        self._task = asyncio.create_task(context.run())
        while context.port is None or HOST not in context.udp_socks:
            await asyncio.sleep(0.005)
            if self._task.done():
                await self._task
        return {"ca_addr": f"{HOST}:{port}", "ca_prefix": PREFIX}

    async def wait(self) -> None:
        """Return when the server ends by itself."""
        if self._task is not None:
            await self._task

    async def stop(self) -> None:
        """End the server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
