"""The proxies of a world, by name, and how faults reach them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.proxy.channel_access import ChannelAccessFaults
from mxplans_sim.servers.proxy.mode import PASS, Mode, Way
from mxplans_sim.servers.proxy.server import NetworkFaults
from mxplans_sim.settings.base import SettingsError

_LAST_PORT = 65535
CHANNEL_ACCESS = "ca"
_ALSO = {"epics": CHANNEL_ACCESS, "zocalo": "stomp"}
"""Names of servers whose addresses have other ones."""


class Proxies:
    """Stand before servers of the world and of others.

    Args:
        targets: Where each leads, by its name: `HOST:PORT`, or the name of an address of the virtual beamline, as
            `exporter`, `simplon`, `isara_operate`, `epics`.
        clock: Simulated time.
        seed: Of garbage.

    Attributes:
        by_name: Those that have been started.
    """

    def __init__(self, targets: Mapping[str, str], clock: Clock, seed: int) -> None:
        self.by_name: dict[str, NetworkFaults] = {}
        self._targets = dict(targets)
        self._clock = clock
        self._seed = seed

    async def start(self, facts: Mapping[str, str]) -> Mapping[str, str]:
        """Start all; returns the address of each as `NAME_proxy_addr`.

        Args:
            facts: Addresses of the virtual beamline, as in its ready line.

        Raises:
            SettingsError: If a target is not known.
            OSError: If no port is free.
        """
        told: dict[str, str] = {}
        try:
            for name, target in self._targets.items():
                host, port = resolved(name, target, facts)
                kind = ChannelAccessFaults if _ALSO.get(target, target) == CHANNEL_ACCESS else NetworkFaults
                proxy = kind(host, port, self._clock, self._seed, name)
                told |= await proxy.start()
                self.by_name[name] = proxy
        except (OSError, SettingsError):
            await self.stop()
            raise
        return told

    async def stop(self) -> None:
        """End all. Does nothing the second time."""
        await asyncio.gather(*(proxy.stop() for proxy in self.by_name.values()))
        self.by_name.clear()

    def act(self, parameters: Mapping[str, Any]) -> Callable[[], None]:
        """Do what a fault of the network says; returns what takes it back.

        Args:
            parameters: `proxy`, a name or * for all; `mode`, and the numbers of a `Mode`.

        Raises:
            ValueError: If there is no such proxy or mode, or a number is out of range.
        """
        numbers = dict(parameters)
        name, mode = str(numbers.pop("proxy")), Mode(Way(numbers.pop("mode")), **numbers)
        if name != "*" and name not in self.by_name:
            raise ValueError(
                f"there is no proxy {name!r}, there are {', '.join(self.by_name) or 'none'}; name it in the world file"
            )
        chosen = list(self.by_name.values()) if name == "*" else [self.by_name[name]]
        for proxy in chosen:
            proxy.put(mode)

        def take_back() -> None:
            for proxy in chosen:
                if proxy.mode == mode:  # not what another fault has made of it since
                    proxy.put(PASS)

        return take_back


def resolved(name: str, target: str, facts: Mapping[str, str]) -> tuple[str, int]:
    """Host and port of a target.

    Raises:
        SettingsError: If it is neither an address nor one of the facts.
    """
    known = {fact.rpartition("_")[0]: value for fact, value in facts.items() if fact.endswith(("_addr", "_url"))}
    known |= {server: known[other] for server, other in _ALSO.items() if other in known}
    address = known.get(target, target).removeprefix("http://").removeprefix("tcp://")
    host, colon, port = address.rstrip("/").rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) <= _LAST_PORT):
        raise SettingsError(
            f"proxy {name!r} leads to {target!r}, allowed are HOST:PORT and {', '.join(sorted(known)) or 'no names now'}"
        )
    return host, int(port)
