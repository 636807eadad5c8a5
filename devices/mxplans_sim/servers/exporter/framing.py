"""Messages on the wire: STX, payload, ETX. What stands between two messages means nothing."""

from __future__ import annotations

STX, ETX = 0x02, 0x03


def frame(payload: str) -> bytes:
    r"""A payload as a message.

    >>> frame("RET:1")
    b'\x02RET:1\x03'
    """
    return bytes((STX,)) + payload.encode() + bytes((ETX,))


class Deframer:
    """Takes messages out of a stream. A second STX begins the message anew, an ETX without STX means nothing.

    Args:
        largest: Bytes that may come without an end of a message.

    Attributes:
        overflown: Whether more have come; nothing is taken from the stream any more.
    """

    def __init__(self, largest: int) -> None:
        self.overflown = False
        self._largest = largest
        self._buffer = bytearray()
        self._dropped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next piece of the stream; returns the payloads that are complete."""
        payloads: list[bytes] = []
        self._buffer += data
        position = 0
        while not self.overflown:
            begin = self._buffer.find(STX, position)
            end = -1 if begin < 0 else self._buffer.find(ETX, begin + 1)
            if end < 0:
                self._keep(len(self._buffer) if begin < 0 else begin, position)
                break
            payload = bytes(self._buffer[begin + 1 : end]).rpartition(bytes((STX,)))[2]
            self._dropped = 0
            position = end + 1
            if len(payload) > self._largest:
                self.overflown = True
            else:
                payloads.append(payload)
        return payloads

    def _keep(self, begin: int, position: int) -> None:
        """Keep what may become a message; what stands before it is dropped, and counted since the last message."""
        self._dropped += begin - position
        del self._buffer[:begin]
        self.overflown = len(self._buffer) + self._dropped > self._largest
