"""The surroundings of the Channel Access client: where it looks for servers, and a repeater that has nothing to repeat."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Iterator, Mapping

from mxplans.profile import Epics, fill

# Header of Channel Access messages: command, payload size, data type, data count, two parameters.
_HEADER = struct.Struct(">HHHHII")
_REPEATER_CONFIRM = 17
_REPEATER_REGISTER = 24
_GOODBYE = b"mxplans"


def set_channel_access(epics: Epics, known: Mapping[str, str]) -> None:
    """Tell the Channel Access client where to look; it reads its environment when the first device is made."""
    os.environ["EPICS_CA_ADDR_LIST"] = str(fill(epics.addr_list, known, "epics.addr_list"))
    os.environ["EPICS_CA_AUTO_ADDR_LIST"] = "YES" if epics.auto_addr_list else "NO"
    os.environ.setdefault("EPICS_CA_MAX_ARRAY_BYTES", "20000000")


@contextlib.contextmanager
def repeater() -> Iterator[None]:
    """Stand in for the repeater on a free port of loopback.

    The client library wants one, to hear of servers that come back, and complains at length where its program is not
    installed. With servers given by address there is nothing to repeat, so confirming the registration is all.

    Source: Channel Access protocol specification, CA_PROTO_RSRV_IS_UP and REPEATER_REGISTER.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind(("127.0.0.1", 0))
        port = answering.getsockname()[1]
        os.environ["EPICS_CA_REPEATER_PORT"] = str(port)
        thread = threading.Thread(target=_confirm, args=(answering,), name="repeater", daemon=True)
        thread.start()
        try:
            yield
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as goodbye:
                goodbye.sendto(_GOODBYE, ("127.0.0.1", port))
            thread.join()


def _confirm(answering: socket.socket) -> None:
    """Answer registrations, which are a header or nothing at all, until goodbye is said."""
    loopback = int.from_bytes(socket.inet_aton("127.0.0.1"), "big")
    while True:
        message, client = answering.recvfrom(1024)
        if message == _GOODBYE:
            return
        if not message or (len(message) >= _HEADER.size and _HEADER.unpack_from(message)[0] == _REPEATER_REGISTER):
            answering.sendto(_HEADER.pack(_REPEATER_CONFIRM, 0, 0, 0, 0, loopback), client)
