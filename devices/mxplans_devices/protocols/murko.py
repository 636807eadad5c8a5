"""The client of a Murko segmentation service: one pickled request, one pickled reply, over ZMQ.

The service works in strict lock-step and loses its place when an answer does not come: after a timeout the socket is
thrown away, and the request is sent again from a new one. Nothing lives between two questions, so that any thread may
ask and nothing has to be closed.
"""

from __future__ import annotations

import pickle
import re

import numpy as np
import numpy.typing as npt
import zmq

from mxplans.errors import DeviceFault, InvalidInput
from mxplans_devices.protocols._murko_reply import MIN_SIZE_PX, NOTIONS, Described, UnusableReply, read_reply
from mxplans_devices.protocols._pickled_arrays import NotPlain
from mxplans_devices.protocols._plain_pickle import read_plain

LARGEST_REPLY_BYTES = 64 * 2**20  # masks of a hundred images are 57
_PROTOCOL = 4  # the newest that every supported Python of the service reads
_ADDRESS = re.compile(r"(?:tcp://)?([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):([0-9]{1,5})")


class _NoAnswer(Exception):
    """Why a try has come to nothing."""


class MurkoClient:
    """Asks one service.

    Args:
        address: Host and port, as `127.0.0.1:8901`.
        timeout_s: Real seconds to wait for an answer, each time; the first one after its start loads the network.
        connect_timeout_s: Real seconds until nobody listens there.
        tries: How often to ask.

    Raises:
        InvalidInput: If it is no address, or a number is not positive.
    """

    def __init__(
        self, address: str, *, timeout_s: float = 20.0, connect_timeout_s: float = 2.0, tries: int = 3
    ) -> None:
        found = _ADDRESS.fullmatch(address)
        if found is None or not 0 < int(found[2]) < 2**16:
            raise InvalidInput(f"the address of Murko is {address!r}; allowed is host:port, as 127.0.0.1:8901")
        if not (timeout_s > 0 and connect_timeout_s > 0 and tries >= 1):
            raise InvalidInput(
                f"Murko at {address} is to be asked {tries} times with {timeout_s} s to answer and {connect_timeout_s} s "
                "to connect; give times > 0 and at least one try"
            )
        self.address = f"{found[1]}:{found[2]}"
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._tries = tries

    def describe(
        self, images: npt.NDArray[np.uint8] | bytes, number: int, shape: tuple[int, int]
    ) -> tuple[Described, ...]:
        """What the service says of images, one description each, in their order.

        Args:
            images: (N, height, width, 3), or one JPEG.
            number: How many there are.
            shape: Their height and width.

        Raises:
            DeviceFault: If no answer comes, or none that is about these images; if an answer is not plain data, at once.
        """
        content = pickle.dumps(_request(images), _PROTOCOL)
        reason = ""
        with zmq.Context() as context:
            for _ in range(self._tries):
                try:
                    return read_reply(read_plain(self._exchange(context, content)), number, shape)
                except NotPlain as error:
                    raise DeviceFault(
                        f"Murko at {self.address}: the answer was refused, nothing of it was run: it holds {error}; "
                        "find out who answers there before it is used again"
                    ) from error
                except (_NoAnswer, UnusableReply) as error:
                    reason = str(error)
                except zmq.ZMQError as error:
                    reason = f"the connection failed: {error}"
        raise DeviceFault(f"Murko at {self.address}, asked {self._tries} times: {reason}")

    def _exchange(self, context: zmq.Context[zmq.Socket[bytes]], content: bytes) -> bytes:
        with context.socket(zmq.REQ) as socket:
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.IMMEDIATE, 1)  # nothing is queued for somebody who is not there
            socket.setsockopt(zmq.MAXMSGSIZE, LARGEST_REPLY_BYTES)
            socket.connect(f"tcp://{self.address}")
            if not socket.poll(int(1000 * self._connect_timeout_s), zmq.POLLOUT):
                raise _NoAnswer(f"nobody listens there ({self._connect_timeout_s:g} s); start the service")
            socket.send(content)
            if not socket.poll(int(1000 * self._timeout_s)):
                raise _NoAnswer(
                    f"no answer within {self._timeout_s:g} s; see whether the service still runs, or raise the timeout"
                )
            reply = socket.recv()
            if socket.getsockopt(zmq.RCVMORE):
                raise _NoAnswer("an answer of several parts, which Murko does not give; see what runs there")
            return reply


def _request(images: npt.NDArray[np.uint8] | bytes) -> dict[str, object]:
    return {
        "to_predict": images,
        "model_img_size": (256, 320),
        "save": False,
        "min_size": MIN_SIZE_PX,
        "description": [notion if isinstance(notion, str) else list(notion) for notion in NOTIONS],
        "prefix": "",
    }
