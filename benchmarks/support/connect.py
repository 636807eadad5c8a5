"""A client for each server of a site, as far as its first answer."""

from __future__ import annotations

import os
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import zmq
from ophyd import EpicsSignal
from zmq.utils.monitor import recv_monitor_message

from support.service import Service

TIMEOUT_S = 5.0
SIGNALS = ("SCAN:EXPOSURE", "GON:X", "ROBOT:PIN_MOUNTED", "RING:CURRENT_RBV", "DET:Z")
PUTS = 300


def up_and_connected(site: Path) -> tuple[float, float, int]:
    """Start a site and connect to all of its servers.

    Channel Access takes one address in a process: call it in a process of its own.

    Returns:
        Real seconds from the start of the command to the last server's first answer; median of put-completions over
        Channel Access, ms; number of addresses.
    """
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder), site=site) as service:
        begin = time.monotonic()
        signals = connect_signals(service.facts)
        addresses = {name: fact for name, fact in service.facts.items() if name.endswith(("_addr", "_url"))}
        del addresses["ca_addr"]
        for name, address in addresses.items():
            CLIENTS[name](str(address))
        connected_s = service.ready_s + time.monotonic() - begin
        put_ms = statistics.median(put_completion_ms(signals[0], 0.1 + 0.001 * index) for index in range(PUTS))
        for signal in signals:
            signal.destroy()
    return connected_s, put_ms, len(addresses) + 1


def connect_signals(facts: Mapping[str, Any]) -> list[Any]:
    """Signals of ophyd, connected."""
    os.environ["EPICS_CA_ADDR_LIST"] = facts["ca_addr"]
    os.environ["EPICS_CA_AUTO_ADDR_LIST"] = "NO"
    signals = [EpicsSignal(facts["ca_prefix"] + name, name=name) for name in SIGNALS]
    for signal in signals:
        signal.wait_for_connection(timeout=TIMEOUT_S)
    return signals


def put_completion_ms(signal: Any, value: float) -> float:
    """Time from a put to its completion.

    Raises:
        TimeoutError: If it does not complete.
    """
    done = threading.Event()
    begin = time.perf_counter()
    signal.put(value, wait=False, use_complete=True, callback=lambda **_: done.set())
    if not done.wait(TIMEOUT_S):
        raise TimeoutError(f"{signal.pvname} did not complete a put within {TIMEOUT_S:g} s")
    return (time.perf_counter() - begin) * 1e3


def say(question: bytes, end: bytes) -> Callable[[str], None]:
    """A client that says something over TCP and waits for the end of an answer."""

    def client(address: str) -> None:
        host, _, port = address.partition(":")
        with socket.create_connection((host, int(port)), TIMEOUT_S) as connection:
            connection.sendall(question)
            heard = b""
            while end not in heard:
                data = connection.recv(65536)
                if not data:
                    raise ConnectionError(f"{address} hung up after {heard!r}")
                heard += data

    return client


def get(path: str) -> Callable[[str], None]:
    """A client that gets something over HTTP."""

    def client(url: str) -> None:
        httpx.get(url + path, timeout=TIMEOUT_S, trust_env=False).raise_for_status()

    return client


def shake_hands(address: str) -> None:
    """Connect a ZMQ socket; a request would wait for the network behind it to load.

    Raises:
        TimeoutError: If there is no handshake.
    """
    with zmq.Context() as context, context.socket(zmq.REQ) as client:
        client.linger = 0
        monitor = client.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        client.connect(f"tcp://{address}")
        if not monitor.poll(int(TIMEOUT_S * 1000)):
            raise TimeoutError(f"no handshake with {address} within {TIMEOUT_S:g} s")
        recv_monitor_message(monitor)
        client.disable_monitor()


CLIENTS: Mapping[str, Callable[[str], None]] = {
    "simplon_url": get("/detector/api/1.8.0/status/state"),
    "exporter_addr": say(b"\x02READ State\x03", b"\x03"),
    "isara_operate_addr": say(b"on\r", b"\r"),
    "isara_monitor_addr": say(b"state\r", b"\r"),
    "camera_url": get("/snapshot"),
    "murko_addr": shake_hands,
    "stomp_addr": say(b"CONNECT\naccept-version:1.2\nhost:here\nlogin:guest\npasscode:guest\n\n\0", b"\0"),
}
"""How each server is talked to, by the name of its address."""
