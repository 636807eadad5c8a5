"""Channel Access against clients that misbehave: the server goes on, for everybody else and within a bounded time."""

import contextlib
import random
import socket
import struct

import epics
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEADER = struct.Struct(">HHHHII")
SETTING = "SIM:SCAN:EXPOSURE"


@pytest.fixture(scope="module")
def address(virtual_beamline):
    host, port = virtual_beamline.ca_addr.split(":")
    return host, int(port)


def alive():
    """A client of good manners is served."""
    value = round(random.uniform(0.1, 1.0), 4)
    assert epics.caput(SETTING, value, wait=True, timeout=5.0) == 1
    assert epics.caget(SETTING, use_monitor=False, timeout=5.0) == pytest.approx(value)


def over_tcp(address, content):
    # The server may hang up in the middle of it, which is its good right.
    with contextlib.suppress(ConnectionError, TimeoutError), socket.create_connection(address, timeout=1.0) as client:
        client.settimeout(0.2)
        client.sendall(content)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass


def over_udp(address, content):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(content, address)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(min_size=1, max_size=300))
def test_garbage_on_either_socket_hurts_nobody(address, content):
    over_tcp(address, content)
    over_udp(address, content)


def test_after_garbage_others_are_served(address):
    alive()


@pytest.mark.parametrize(
    "message",
    [
        HEADER.pack(1, 0xFFFF, 6, 0, 1, 1) + b"\xff" * 8,  # a size that never comes
        HEADER.pack(4, 16, 99, 1, 12345, 1) + b"\0" * 16,  # write to a channel that was never made
        HEADER.pack(18, 8, 0, 0, 1, 13) + b"no null!",  # create a channel whose name does not end
        HEADER.pack(6, 0xFFFF, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + struct.pack(">II", 2**31, 2**31),  # 2 GB announced
        HEADER.pack(999, 0, 0, 0, 0, 0),  # no such command
    ],
)
def test_messages_that_lie_are_survived(address, message):
    over_tcp(address, message)
    over_udp(address, message)
    alive()


def test_half_open_connections_do_not_keep_others_out(address):
    with contextlib.ExitStack() as idle:
        for _ in range(100):
            client = idle.enter_context(socket.create_connection(address, timeout=2.0))
            client.sendall(HEADER.pack(0, 0, 1, 13, 0, 0)[:7])
        alive()
    alive()


def test_ten_thousand_puts_and_gets_in_a_burst_are_answered(virtual_beamline):
    variable = epics.get_pv(SETTING)
    assert variable.wait_for_connection(5.0)
    for index in range(5_000):
        variable.put(0.1 + index * 1e-5)
        value = variable.get(use_monitor=False, timeout=10.0)
        assert value == pytest.approx(0.1 + index * 1e-5)


def test_values_of_the_wrong_kind_are_refused_and_nothing_moves(virtual_beamline):
    before = epics.caget("SIM:GON:X.RBV")
    for wrong in (float("nan"), float("inf"), 1e300, -1e300):
        epics.caput("SIM:GON:X", wrong, wait=True, timeout=1.0)
    assert epics.caget("SIM:GON:X.RBV", use_monitor=False) == pytest.approx(before, abs=1e-3)
    assert epics.caget("SIM:GON:X.DMOV", use_monitor=False) == 1
    alive()
