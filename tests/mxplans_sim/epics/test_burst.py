"""Channel Access with thousands of requests on their way at once."""

import contextlib
import socket
import struct
import threading

import epics
import pytest

HEADER = struct.Struct(">HHHHII")
VERSION, CREATE, READ_NOTIFY, WRITE_NOTIFY, HOST, USER = 0, 18, 15, 19, 21, 20
DOUBLE = 6
NUMBER = 10_000
SETTINGS = [f"SIM:SCAN:STEP_{axis}" for axis in "XYZ"] + [f"SIM:SCAN:ROW_{axis}" for axis in "XYZ"]


class Circuit:
    """One connection with one channel, message by message, as the protocol's specification has them."""

    def __init__(self, address, name):
        host, _, port = address.partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self._buffer = b""
        text = name.encode() + b"\0"
        text += bytes(-len(text) % 8)
        self.say(VERSION, 0, 13)
        self.say(USER, 0, 0, 0, 0, b"tester\0\0")
        self.say(HOST, 0, 0, 0, 0, b"here\0\0\0\0")
        self.say(CREATE, 0, 0, 1, 13, text)
        while (message := self.hear())[0] != CREATE:
            continue
        self.channel = message[2]

    def say(self, command, kind=0, count=0, first=0, second=0, payload=b""):
        self.socket.sendall(HEADER.pack(command, len(payload), kind, count, first, second) + payload)

    def hear(self):
        """Command, first and second parameter, payload."""
        while len(self._buffer) < HEADER.size or len(self._buffer) < HEADER.size + self._announced():
            data = self.socket.recv(2**20)
            assert data, "the server has hung up"
            self._buffer += data
        command, size, _, _, first, second = HEADER.unpack_from(self._buffer)
        payload = self._buffer[HEADER.size : HEADER.size + size]
        self._buffer = self._buffer[HEADER.size + size :]
        return command, first, second, payload

    def _announced(self):
        return HEADER.unpack_from(self._buffer)[1]


@pytest.fixture
def circuit(virtual_beamline):
    made = Circuit(virtual_beamline.ca_addr, SETTINGS[0])
    with contextlib.closing(made.socket):
        yield made


def test_ten_thousand_reads_and_writes_on_their_way_at_once_are_answered(virtual_beamline, circuit):
    """Half of them write; all are sent before an answer is heard."""
    for number in range(0, NUMBER, 2):
        value = struct.pack(">d", number * 1e-6)
        circuit.say(WRITE_NOTIFY, DOUBLE, 1, circuit.channel, number, value)
        circuit.say(READ_NOTIFY, DOUBLE, 1, circuit.channel, number + 1)
    writes, reads = [], []
    while len(writes) + len(reads) < NUMBER:
        command, status, number, _ = circuit.hear()
        if command == WRITE_NOTIFY:
            writes.append((status, number))
        elif command == READ_NOTIFY:
            reads.append(number)
    assert sorted(writes) == [(1, number) for number in range(0, NUMBER, 2)]
    assert sorted(reads) == list(range(1, NUMBER, 2))
    assert epics.caget(SETTINGS[0], use_monitor=False, timeout=5.0) == pytest.approx((NUMBER - 2) * 1e-6)


def test_ten_thousand_puts_of_another_client_complete(virtual_beamline):
    """By pyepics, on six variables, none waited for before all are sent."""
    done, lock, count = threading.Event(), threading.Lock(), [0]

    def completed(**_):
        with lock:
            count[0] += 1
            if count[0] == NUMBER:
                done.set()

    variables = [epics.get_pv(name) for name in SETTINGS]
    assert all(variable.wait_for_connection(5.0) for variable in variables)
    for number in range(NUMBER):
        variables[number % len(variables)].put(number * 1e-6, wait=False, callback=completed)
    assert done.wait(40.0), count
    for index, name in enumerate(SETTINGS):
        last = max(range(index, NUMBER, len(SETTINGS)))
        assert epics.caget(name, use_monitor=False, timeout=5.0) == pytest.approx(last * 1e-6)
