"""The whole virtual beamline in this process and in virtual time, for the RunEngine and the devices of this process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import ophyd

from mxplans_sim.faults import load_scenario
from mxplans_sim.servers.epics.records import PREFIX
from mxplans_sim.servers.fleet import Options
from mxplans_sim.settings import load_world
from mxplans_sim.site import Site, require_no_network
from mxplans_sim.truth import Truth
from mxplans_sim.virtual_time.control_layer import ControlLayer
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.virtual_time.network import Network
from mxplans_sim.virtual_time.takeover import taken_over
from mxplans_sim.virtual_time.threads import virtual_clock, virtual_threading
from mxplans_sim.world.dewar import read_dewar

T = TypeVar("T")
DOCUMENT_PACKAGES = ("bluesky", "event_model")
REAL_CONTROL_LAYER = ("ophyd._dispatch", "ophyd._pyepics_shim")
"""ophyd's threads for the network; they go on in real time, with nothing to do."""
RENDERERS = 2
START_TIMEOUT_S = 60.0


class VirtualBeamline:
    """World, servers and time in one; a context manager that gives everything back at its end.

    The RunEngine must live on `loop`; time passes only while it runs a plan. The servers live on a loop of their own,
    since a device may wait for them in the RunEngine's thread.

    Args:
        world: World file.
        shipment: MXLIMS message that tells what is in the dewar.
        data: Folder for the detector's files; made when missing.
        truth: Where to write what really happened.
        scenario: File of faults, besides those of the world file.

    Attributes:
        loop: Event loop for the RunEngine.
        kernel: The time.
        faults: What goes wrong.

    Raises:
        SettingsError: If world file, shipment or scenario cannot be used, or need a network.
    """

    def __init__(
        self,
        world: str | Path,
        shipment: str | Path,
        data: str | Path,
        truth: str | Path | None = None,
        scenario: str | Path | None = None,
    ) -> None:
        settings, dewar = load_world(Path(world)), read_dewar(Path(shipment))
        rules = () if scenario is None else load_scenario(Path(scenario))
        require_no_network(settings, rules)
        self.kernel = Kernel()
        self.loop = VirtualLoop(self.kernel)
        self._server_loop = VirtualLoop(self.kernel)
        clock = VirtualClock(self.kernel, self._server_loop)
        Path(data).mkdir(parents=True, exist_ok=True)
        self._truth = Truth(None if truth is None else Path(truth), clock)
        options = Options(Path(data), renderers=RENDERERS)
        self._site = Site(settings, dewar, clock, self._truth, options, rules=rules)
        self.faults = self._site.faults
        self._threading = virtual_threading(self.kernel)
        self._network = Network(self._server_loop, self._threading.Event)
        self._cleanup = contextlib.ExitStack()
        self._standing = False

    def take_over(self, device_packages: Sequence[str], plan_packages: Sequence[str]) -> None:
        """Let devices, documents and plans live in this time and on this network; their modules must be loaded.

        Args:
            device_packages: Packages with device classes.
            plan_packages: Packages that stamp documents, and let analyses work in threads.
        """
        clock = virtual_clock(self.kernel)
        devices = {"time": clock, "threading": self._threading, **self._network.modules()}
        self._cleanup.enter_context(taken_over(("ophyd", *device_packages), devices, REAL_CONTROL_LAYER))
        self._cleanup.enter_context(taken_over(DOCUMENT_PACKAGES, {"time": clock}))
        self._cleanup.enter_context(taken_over(plan_packages, {"time": clock, "threading": self._threading}))
        layer = ControlLayer(self._site.fleet.records.channels, self._server_loop, self.kernel, self._threading.Thread)
        self._cleanup.callback(setattr, ophyd, "cl", ophyd.cl)
        ophyd.cl = layer

    def attend(self, run_engine: Any) -> None:
        """Let time pass while this RunEngine runs, and at no other time."""
        run_engine.state_hook = lambda state, before: self._pass() if state == "running" else self._stand()

    def start(self) -> Mapping[str, str]:
        """Start the servers; returns where they answer."""
        return {"ca_addr": "127.0.0.1", "ca_prefix": PREFIX, **self._do(self._site.join(self._network))}

    def stop(self) -> None:
        """Stop the servers and write the truth."""
        with self._really():
            self._do(self._close())
        self._truth.write()

    def __enter__(self) -> Self:
        self._stand()
        thread = threading.Thread(target=self._server_loop.run_forever, name="virtual beamline", daemon=True)
        thread.start()
        self._cleanup.callback(self._end_loop, thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    async def _close(self) -> None:
        await self._site.rest()
        await self._site.stop()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._server_loop).result(START_TIMEOUT_S)

    def _end_loop(self, thread: threading.Thread) -> None:
        self._server_loop.call_soon_threadsafe(self._server_loop.stop)
        thread.join()
        self._server_loop.close()

    @contextlib.contextmanager
    def _really(self) -> Iterator[None]:
        """Time passes although no plan runs, for what has to come to its end."""
        was_standing = self._standing
        self._pass()
        try:
            yield
        finally:
            if was_standing:
                self._stand()

    def _stand(self) -> None:
        if not self._standing:
            self._standing = True
            self.kernel.begin()

    def _pass(self) -> None:
        if self._standing:
            self._standing = False
            self.kernel.end()
