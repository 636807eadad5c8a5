"""A whole site: the world, what goes wrong in it, and its servers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from mxplans_sim.clock import Clock
from mxplans_sim.faults import Faults, Rule, read_rules
from mxplans_sim.faults.acts import teach_detector, teach_world
from mxplans_sim.servers.fleet import Fleet, Network, Options
from mxplans_sim.servers.proxy.proxies import Proxies
from mxplans_sim.settings import SettingsError, WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.state import World

NETWORK = "network"
"""The kind of faults that proxies do."""


class Site:
    """Everything that a world file describes, on one clock.

    Args:
        settings: The world file.
        dewar: What the shipment says.
        clock: Simulated time.
        truth: Takes down what happens.
        options: How the servers are made.
        names: Which servers; those of the world file when empty.
        rules: Faults, besides those of the world file.

    Attributes:
        world: The world.
        faults: What goes wrong.
        fleet: The servers.
    """

    def __init__(
        self,
        settings: WorldSettings,
        dewar: Dewar,
        clock: Clock,
        truth: Truth,
        options: Options,
        names: Sequence[str] = (),
        rules: Sequence[Rule] = (),
    ) -> None:
        given = read_rules(settings.faults, "faults of the world file")
        self.faults = Faults(clock, settings.seed, truth, (*given, *rules))
        self.world = World(settings, dewar, clock, truth, self.faults)
        self.fleet = Fleet(self.world, names or settings.servers, options)
        teach_world(self.faults, self.world)
        teach_detector(self.faults, self.fleet.detector.faults)
        self._proxies = Proxies(settings.proxies, clock, settings.seed)
        self.faults.on(NETWORK, self._proxies.act)
        self._truth = truth
        self._acting: asyncio.Task[None] | None = None

    async def start(self) -> Mapping[str, str]:
        """Start faults and servers; returns what clients must know.

        Raises:
            PortInUse: If a given port is taken.
            SettingsError: If a proxy leads nowhere.
        """
        facts = await self.fleet.start()
        facts = {**facts, **await self._proxies.start(facts)}
        # Not before: a fault of the network needs its proxy.
        self._act()
        return facts

    async def join(self, network: Network) -> Mapping[str, str]:
        """Serve within this process instead, where there is no network; see `require_no_network`."""
        self._act()
        return await self.fleet.join(network)

    async def rest(self) -> None:
        """Take down how everything was left, then end scans and robot programs where they are."""
        world, detector = self.world, self.fleet.detector.detector
        self._truth.at_end = {
            "shutter": world.shutter.state,
            "scan_runs": world.scanner.running,
            "moving": [name for name, axis in world.axes.items() if axis.moving],
            "robot_program": world.robot.program,
            "mounted": world.sample_name,
            "detector": detector.state,
        }
        await self.world.scanner.abort()
        await self.world.robot.abort()

    async def stop(self) -> None:
        """End faults and servers."""
        if self._acting is not None:
            self._acting.cancel()
            await asyncio.gather(self._acting, return_exceptions=True)
        await self._proxies.stop()
        await self.fleet.stop()

    def _act(self) -> None:
        self._acting = asyncio.get_running_loop().create_task(self.faults.run())


def require_no_network(settings: WorldSettings, rules: Sequence[Rule] = ()) -> None:
    """See that nothing is asked for that needs a network, which there is none of within a process.

    Args:
        settings: The world file.
        rules: Faults, besides those of the world file.

    Raises:
        SettingsError: If there are proxies, or faults of the network.
    """
    given = (*read_rules(settings.faults, "faults of the world file"), *rules)
    broken = sum(rule.kind == NETWORK for rule in given)
    if settings.proxies or broken:
        raise SettingsError(
            f"proxies ({', '.join(settings.proxies) or 'none'}) and faults of the network ({broken}) need a network, "
            "and virtual time has none; leave them out, or run the service in real or accelerated time"
        )
