"""A loop of its own for a server, and clients of the message broker in the test's thread."""

import asyncio
import queue
import socket
import threading
import time
from contextlib import contextmanager

import stomp

LOGIN = ("guest", "guest")


@contextmanager
def running(make, **options):
    """Run a server that `make()` gives in a thread of its own; gives (server, facts of its start)."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(20)

    async def begin():
        server = make()
        return server, await server.start(**options)

    async def end(server):
        await server.stop()
        await server.stop()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    try:
        server, facts = run(begin())
        try:
            yield server, facts
        finally:
            run(end(server))
    finally:
        run(loop.shutdown_default_executor())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def until(condition, timeout_s=10.0):
    """Wait for something to become true."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError
        threading.Event().wait(0.005)


class Inbox(stomp.ConnectionListener):
    """What a client of stomp.py hears."""

    def __init__(self):
        self.messages = queue.Queue()
        self.errors = queue.Queue()
        self.gone = threading.Event()
        self.beats = 0

    def on_message(self, frame):
        self.messages.put(frame)

    def on_error(self, frame):
        self.errors.put(frame)

    def on_disconnected(self):
        self.gone.set()

    def on_heartbeat(self):
        self.beats += 1

    def bodies(self, number, timeout_s=10.0):
        return [self.messages.get(timeout=timeout_s).body for _ in range(number)]


VERSIONS = {"1.0": stomp.StompConnection10, "1.1": stomp.StompConnection11, "1.2": stomp.StompConnection12}


@contextmanager
def client(address, version="1.2", login=LOGIN, **options):
    """A connected client of stomp.py and its inbox."""
    host, port = address.split(":")
    connection = VERSIONS[version]([(host, int(port))], reconnect_attempts_max=1, **options)
    inbox = Inbox()
    connection.set_listener("inbox", inbox)
    before = set(threading.enumerate())
    try:
        connection.connect(*login, wait=True)
        yield connection, inbox
    finally:
        if connection.is_connected():
            connection.disconnect(receipt="the end")
        connection.transport.disconnect_socket()
        for thread in set(threading.enumerate()) - before:
            if not thread.name.startswith("asyncio"):  # those are the server's
                thread.join(10)


class Raw:
    """A client that says what it is told."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.socket.close()

    def say(self, *frames):
        self.socket.sendall(b"".join(frames))

    def connect(self, version="1.2", **headers):
        given = {"login": LOGIN[0], "passcode": LOGIN[1], "accept-version": version, "host": "here", **headers}
        lines = "".join(f"{key.replace('_', '-')}:{value}\n" for key, value in given.items())
        self.say(f"CONNECT\n{lines}\n\0".encode())
        return self.hear()

    def hear(self):
        """The next frame as (command, headers, body), without heart-beats; None when the broker has hung up."""
        while b"\0" not in self.rest:
            try:
                content = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not content:
                return None
            self.rest += content
        frame, self.rest = self.rest.lstrip(b"\n").split(b"\0", 1)
        head, body = frame.decode().split("\n\n", 1)
        command, *lines = head.split("\n")
        return command, dict(line.split(":", 1) for line in lines), body

    def refused(self):
        """The reason of an ERROR after which the broker hangs up."""
        command, headers, _ = self.hear()
        assert command == "ERROR"
        assert self.hear() is None
        return headers["message"]
