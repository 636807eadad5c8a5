"""Ports of the loopback interface, which is all that the virtual beamline listens on."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

HOST = "127.0.0.1"
_TRIES = 50


class PortInUse(OSError):
    """Somebody else listens on a port that was asked for."""


def bound_socket(port: int = 0) -> socket.socket:
    """A TCP socket to listen with; port 0 takes a free one.

    Raises:
        PortInUse: If the port is taken.
    """
    # Named as TCP, asyncio sends without delay; otherwise every answer waits 40 ms for the client's acknowledgement.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        raise PortInUse(f"port {port} on {HOST} is in use: name another one, or 0") from error
    return bound


def find_port(port: int, purpose: str, kinds: Sequence[socket.SocketKind] = (socket.SOCK_STREAM,)) -> int:
    """A port that is free for sockets of all `kinds`: the given one, or any for 0.

    Raises:
        PortInUse: If the given one is taken.
    """
    for _ in range(_TRIES):
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
