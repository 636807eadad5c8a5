"""Clients of bad manners for any server that speaks HTTP: bursts, garbage, halves of requests, too much of everything."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

CONNECTIONS = 50
PATIENCE_S = 30.0


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


async def burst(url: str, requests: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Status and body of the answers, all requests being on their way before the first answer is read."""
    parts = [requests[first::CONNECTIONS] for first in range(CONNECTIONS)]
    answers: list[list[tuple[int, bytes]]] = [[] for _ in parts]
    sent = asyncio.Barrier(len(parts))

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(*address_of(url))
        writer.write(b"".join(parts[number]))
        await sent.wait()
        for _ in parts[number]:
            answers[number].append(await answer(reader))
        writer.close()
        await writer.wait_closed()

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(client(number) for number in range(len(parts))))
    return [answers[index % CONNECTIONS][index // CONNECTIONS] for index in range(len(requests))]


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split()[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: here\r\n\r\n".encode()


def say(url: str, content: bytes, wait_s: float = 5.0) -> bytes:
    """What comes back until the server hangs up; it may do so in the middle of what is said."""
    heard = b""
    with (
        contextlib.suppress(ConnectionError, TimeoutError),
        socket.create_connection(address_of(url), wait_s) as connection,
    ):
        connection.settimeout(wait_s)
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        while data := connection.recv(65536):
            heard += data
    return heard


def status_of(heard: bytes) -> int | None:
    """Status of the first answer in what was heard; None when there is none."""
    return int(heard.split(b" ", 2)[1]) if heard.startswith(b"HTTP/1.1 ") else None


@contextlib.contextmanager
def half_open(url: str, number: int, beginning: bytes = b"GET /") -> Iterator[None]:
    """Connections that have said half of a request, and nothing more."""
    with contextlib.ExitStack() as idle:
        for _ in range(number):
            idle.enter_context(socket.create_connection(address_of(url), 5)).sendall(beginning)
        yield


LYING: dict[str, bytes] = {
    "no HTTP at all": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    "another protocol": b"\x02READ State\x03",
    "a version that is none": b"GET / HTTP/9.9\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 200_000,
    "a header without end": b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"x" * 200_000,
    "ten thousand headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000,
    "a length that is none": b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
    "a chunk whose size is none": b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}
"""Requests that no server can follow, by what is wrong with them."""
