"""Whether somebody listens where a device's settings say: clients of HTTP connect with their first question only."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

from mxplans.errors import InvalidProfile
from mxplans.profile import DeviceEntry, fill

Address = tuple[str, int]
SETTING = "url"
PORTS = {"http": 80, "https": 443}


def address_of(entry: DeviceEntry, known: Mapping[str, str]) -> Address | None:
    """Host and port of an entry's `url`; None where it has none, or one that is no address.

    >>> entry = DeviceEntry.model_validate({"class": "a:B", "settings": {"url": "http://{box.host}/api"}})
    >>> address_of(entry, {"box.host": "10.0.0.7"})
    ('10.0.0.7', 80)
    """
    try:
        url = urlsplit(str(fill(entry.settings.get(SETTING, ""), known, SETTING)))
        port = url.port or PORTS.get(url.scheme)
    except (InvalidProfile, ValueError):
        return None  # who makes the device says what is wrong
    return (url.hostname, port) if url.hostname and port else None


def unreachable(address: Address | None, timeout_s: float) -> str | None:
    """Why nobody is reached there; None if somebody is, or there is no address."""
    if address is None:
        return None
    try:
        socket.create_connection(address, timeout_s).close()
    except OSError as error:
        return f"nobody answers at {address[0]}:{address[1]}: {error.strerror or error}; is its server up?"
    return None
