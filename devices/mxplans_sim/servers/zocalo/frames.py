"""STOMP frames on the wire, versions 1.0 to 1.2. Source: stomp.github.io, protocol specification 1.2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

LARGEST_HEAD = 64 * 1024
MOST_HEADERS = 200
HEART_BEAT = b"\n"

_ESCAPED = {"\\": "\\\\", "\n": "\\n", ":": "\\c", "\r": "\\r"}
_MEANT = {escaped: meant for meant, escaped in _ESCAPED.items()}
_ESCAPE = re.compile(r"\\.?", re.DOTALL)
_SPECIAL = re.compile(r"[\\\n:\r]")
_WITH_BODY = ("SEND", "MESSAGE", "ERROR")
_UNESCAPED = ("CONNECT", "STOMP", "CONNECTED")


class FrameError(ValueError):
    """Bytes that are no frame, or too many of them."""


@dataclass(frozen=True)
class Frame:
    """A command with its headers and its body."""

    command: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def encode(frame: Frame, version: str) -> bytes:
    """A frame as bytes, in the version that was agreed."""
    escapes = version != "1.0" and frame.command not in _UNESCAPED
    headers = dict(frame.headers)
    if frame.command in _WITH_BODY:
        headers["content-length"] = str(len(frame.body))
    lines = [f"{_escape(key)}:{_escape(value)}" if escapes else f"{key}:{value}" for key, value in headers.items()]
    return "\n".join([frame.command, *lines, "", ""]).encode() + frame.body + b"\0"


def _escape(text: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], text)


class Parser:
    r"""Takes bytes as they come and gives whole frames.

    >>> parser = Parser(largest_body=100)
    >>> parser.push(b"SEND\ndestination:/queue/a\n\nhel")
    >>> parser.next_frame() is None
    True
    >>> parser.push(b"lo\0")
    >>> parser.next_frame()
    Frame(command='SEND', headers={'destination': '/queue/a'}, body=b'hello')

    Args:
        largest_body: Bytes.

    Attributes:
        version: How headers are written; to be set when it is agreed.
    """

    def __init__(self, largest_body: int) -> None:
        self.version = "1.2"
        self._largest_body = largest_body
        self._buffer = bytearray()
        self._searched = 0
        self._head: tuple[str, dict[str, str], int | None] | None = None

    def push(self, content: bytes) -> None:
        """Take the next bytes."""
        self._buffer += content

    def next_frame(self) -> Frame | None:
        """The next frame, None when it is not there as a whole. Heart-beats between frames are skipped.

        Raises:
            FrameError: If what comes is no frame or too large; nothing more can be read then.
        """
        if self._head is None:
            self._head = self._next_head()
        if self._head is None:
            return None
        command, headers, length = self._head
        body = self._next_body(length)
        if body is None:
            return None
        if body and command not in _WITH_BODY:
            raise FrameError(f"a {command} frame with a body of {len(body)} bytes; it must have none")
        self._head = None
        return Frame(command, headers, body)

    def _next_head(self) -> tuple[str, dict[str, str], int | None] | None:
        if not self._searched:
            begin = 0
            while begin < len(self._buffer) and self._buffer[begin] in b"\r\n":
                begin += 1
            del self._buffer[:begin]
        end, after = _blank_line(self._buffer, max(0, self._searched - 3))
        nul = self._buffer.find(b"\0", self._searched, None if end < 0 else end)
        if nul >= 0:
            raise FrameError("a frame ends within its headers; a blank line must follow them")
        if (len(self._buffer) if end < 0 else end) > LARGEST_HEAD:
            raise FrameError(f"more than {LARGEST_HEAD} bytes of headers")
        if end < 0:
            self._searched = len(self._buffer)
            return None
        text = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._searched = 0
        return self._read_head(text)

    def _read_head(self, content: bytes) -> tuple[str, dict[str, str], int | None]:
        try:
            command, *lines = (line.removesuffix("\r") for line in content.decode("utf-8").split("\n"))
        except UnicodeDecodeError as error:
            raise FrameError(f"headers that are not UTF-8: {error.reason} at byte {error.start}") from error
        if not re.fullmatch("[A-Z]{1,20}", command):
            raise FrameError(f"{command[:30]!r} is no command")
        if len(lines) > MOST_HEADERS:
            raise FrameError(f"{len(lines)} headers, allowed are {MOST_HEADERS}")
        headers: dict[str, str] = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if not colon or not key:
                raise FrameError(f"header {line[:60]!r} is not name:value")
            headers.setdefault(self._meant(key, command), self._meant(value, command))
        return command, headers, self._length(headers)

    def _meant(self, text: str, command: str) -> str:
        if self.version == "1.0":
            return text.strip()
        return text if command in _UNESCAPED else _ESCAPE.sub(_unescape, text)

    def _length(self, headers: Mapping[str, str]) -> int | None:
        text = headers.get("content-length")
        if text is None:
            return None
        if not re.fullmatch("[0-9]{1,15}", text, re.ASCII):
            raise FrameError(f"content-length is {text[:30]!r}, it must be a number of bytes")
        self._check_length(int(text))
        return int(text)

    def _check_length(self, length: int) -> None:
        if length > self._largest_body:
            raise FrameError(f"a body of {length} bytes or more, at most {self._largest_body} are allowed")

    def _next_body(self, length: int | None) -> bytes | None:
        if length is None:
            length = self._buffer.find(b"\0", self._searched)
            self._searched = len(self._buffer) if length < 0 else 0
            self._check_length(self._searched if length < 0 else length)
        if not 0 <= length < len(self._buffer):
            return None
        if self._buffer[length]:
            raise FrameError(f"no NUL after a body of {length} bytes")
        body = bytes(self._buffer[:length])
        del self._buffer[: length + 1]
        self._searched = 0
        return body


def _blank_line(buffer: bytearray, begin: int) -> tuple[int, int]:
    """Where the headers end, and where the body begins; -1 when there is no blank line yet."""
    plain = buffer.find(b"\n\n", begin)
    dos = buffer.find(b"\n\r\n", begin, None if plain < 0 else plain)
    return (plain, plain + 2) if dos < 0 else (dos, dos + 3)


def _unescape(found: re.Match[str]) -> str:
    meant = _MEANT.get(found[0])
    if meant is None:
        raise FrameError(f"{found[0]!r} in a header stands for nothing; write \\\\ for a backslash")
    return meant
