"""Channel Access through a proxy: searches by UDP, answered so that clients connect to the proxy."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Coroutine, Iterator, Mapping
from typing import Any

from mxplans_sim.loopback import HOST
from mxplans_sim.servers.proxy.mode import Mode, Way
from mxplans_sim.servers.proxy.server import NetworkFaults
from mxplans_sim.world.seeding import rng_for

Address = tuple[str, int]

SEARCH = 6
HEADER = struct.Struct("!HHHHII")
"""Command, size of the payload, data type (the TCP port in answers to searches), count, two parameters."""
SAME_HOST = 0xFFFFFFFF
"""In place of an address: that of the sender."""
MOST_CLIENTS = 256
"""Sockets for answers; the oldest is closed for another client."""
_ATTEMPTS = 50


class ChannelAccessFaults(NetworkFaults):
    """As `NetworkFaults`, for a Channel Access server: UDP and TCP on the same port.

    Searches are forwarded while anything is, slow ones late; otherwise they get no answer, or garbage.
    """

    _searches: asyncio.DatagramTransport | None = None

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes one that is free for both.

        Raises:
            OSError: If the port is in use.
        """
        for attempt in range(_ATTEMPTS):
            facts = await super().start(port)
            found = int(self.address.rpartition(":")[2])
            try:
                self._searches, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Searches(self), (HOST, found)
                )
            except OSError:
                await super().stop()
                if port or attempt == _ATTEMPTS - 1:
                    raise
            else:
                return facts
        raise OSError(f"no port on {HOST} is free for Channel Access; close other servers")

    async def stop(self) -> None:
        """Stop listening, cut connections."""
        if self._searches is not None:
            self._searches.close()
            self._searches = None
        await super().stop()

    @property
    def port(self) -> int:
        """Where clients connect."""
        return int(self.address.rpartition(":")[2])

    @property
    def target(self) -> Address:
        """The server."""
        return self._target

    def garbage(self, number: int) -> bytes:
        """What answers a search in place of the server."""
        return rng_for(self._seed, "garbage", self._name, "search", number).bytes(self.mode.garbage_bytes)


class _Searches(asyncio.DatagramProtocol):
    """Takes searches to the server, from a socket of its own for each client."""

    def __init__(self, proxy: ChannelAccessFaults) -> None:
        self._proxy = proxy
        self._transport: asyncio.DatagramTransport | None = None
        self._clients: dict[Address, asyncio.DatagramTransport] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._number = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()
        for answers in self._clients.values():
            answers.close()

    def datagram_received(self, data: bytes, client: Address) -> None:
        mode = self._proxy.mode
        if mode.forwards:
            self._work(self._ask(data, client))
        elif mode.way is Way.GARBAGE:
            self._number += 1
            self._send(self._proxy.garbage(self._number), client)

    def answer(self, data: bytes, client: Address) -> None:
        """Give an answer of the server to a client."""
        mode = self._proxy.mode
        if mode.forwards:
            self._work(self._answer_later(mode, led_to(self._proxy.port, data), client))

    async def _ask(self, data: bytes, client: Address) -> None:
        with contextlib.suppress(OSError):
            if client not in self._clients:
                await self._add(client)
            self._clients[client].sendto(data)

    async def _add(self, client: Address) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Answers(self, client), remote_addr=self._proxy.target, family=socket.AF_INET
        )
        if client in self._clients:  # another search of it came first
            transport.close()
            return
        self._clients[client] = transport
        while len(self._clients) > MOST_CLIENTS:
            self._clients.pop(next(iter(self._clients))).close()

    async def _answer_later(self, mode: Mode, data: bytes, client: Address) -> None:
        if mode.way is Way.SLOW:
            await self._proxy.clock.sleep(mode.latency_s + len(data) / mode.bytes_per_s)
        self._send(data, client)

    def _send(self, data: bytes, client: Address) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, client)

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Answers(asyncio.DatagramProtocol):
    """Takes answers for one client."""

    def __init__(self, searches: _Searches, client: Address) -> None:
        self._searches = searches
        self._client = client

    def datagram_received(self, data: bytes, server: Address) -> None:
        self._searches.answer(data, self._client)

    def error_received(self, error: Exception) -> None:
        """The server does not listen: the search gets no answer."""


def led_to(port: int, data: bytes) -> bytes:
    """A datagram of a server in which the answers to searches name another port, of the host that they come from."""
    changed = bytearray(data)
    for at, (command, size, _, count, _, channel) in _messages(data):
        if command == SEARCH:
            HEADER.pack_into(changed, at, command, size, port, count, SAME_HOST, channel)
    return bytes(changed)


def _messages(data: bytes) -> Iterator[tuple[int, tuple[int, ...]]]:
    at = 0
    while at + HEADER.size <= len(data):
        header = HEADER.unpack_from(data, at)
        yield at, header
        at += HEADER.size + header[1]
