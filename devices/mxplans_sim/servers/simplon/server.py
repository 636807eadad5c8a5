"""The virtual detector behind HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from starlette.types import ASGIApp

from mxplans_sim.clock import Clock
from mxplans_sim.diffraction.spots import PHYSICS
from mxplans_sim.servers.http_host import HttpHost
from mxplans_sim.servers.simplon.api import Simplon
from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.servers.simplon.faults import SimplonFaults
from mxplans_sim.servers.simplon.series import SINGLE_AXIS
from mxplans_sim.servers.simplon.triggers import Watch
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.world.gate import Gate


class SimplonServer:
    """A detector that answers on a port.

    Args:
        gate: Where the bursts of motions come from.
        clock: Simulated time.
        detector: What the detector is like.
        data_dir: Where its files go.
        seed: Of the noise.
        watch: Frames at the detector's own times.
        physics: How crystals diffract.
        processes: Processes that draw frames; 0 to do it in this one.
        gonio: The goniometer, for the headers.

    Attributes:
        detector: The detector.
    """

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        detector: DetectorSettings,
        data_dir: Path,
        seed: int,
        watch: Watch,
        physics: DiffractionSettings = PHYSICS,
        processes: int = 1,
        gonio: GoniometerSettings = SINGLE_AXIS,
    ) -> None:
        self.detector = VirtualDetector(clock, detector, data_dir, seed, watch, physics, processes, gonio)
        self._simplon = Simplon(self.detector, clock, data_dir)
        gate.subscribe(self.detector.on_burst)
        self._host = HttpHost(self._simplon.app())

    @property
    def faults(self) -> SimplonFaults:
        """What goes wrong with it."""
        return self.detector.faults

    def app(self) -> ASGIApp:
        """The application, for whatever serves it; the detector is to be started by itself then."""
        return self._simplon.app()

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one. Returns the base URL as `simplon_url`.

        Raises:
            OSError: If the port is in use.
        """
        url = await self._host.start(port)
        self.detector.start()
        return {"simplon_url": url}

    async def stop(self) -> None:
        """Stop listening, end the renderers. Does nothing when it was not started."""
        await self._host.stop()
        self.detector.stop()

    async def wait(self) -> None:
        """Return when it is stopped, or raise what ended it."""
        await self._host.wait()
