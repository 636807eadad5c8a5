"""The beam: energy by monochromator and undulator gap together, flux, size; the axes also as motors."""

from __future__ import annotations

import asyncio
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Number, Refused, Whole
from mxplans_sim.servers.epics.live import LiveNumber, LiveWhole, Part
from mxplans_sim.servers.epics.motor import MotorRecord
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.source import EV_A, SourceFault

_POST_S = 0.2
"""Real seconds between two readbacks during a change."""


class BeamStatus(Part):
    """A put to ENERGY completes when monochromator, gap and mirrors have settled.

    Args:
        prefix: Of all process variables of the beamline.
        beam: The beam.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, beam: Beam, clock: Clock) -> None:
        source = beam.source
        low, high = source.settings.energy_range_ev
        limits: dict[str, Any] = {"units": "eV", "precision": 1, "lower_ctrl_limit": low, "upper_ctrl_limit": high}
        self._beam = beam
        self._name = f"{prefix}BEAM:ENERGY"
        self._waiting = 0
        self._posting: asyncio.Task[None] | None = None
        self._setpoint = Number(value=source.energy_ev, on_put=self._put, **limits)
        self._motors = (
            MotorRecord(f"{prefix}MONO:BRAGG", source.bragg, clock, "deg"),
            MotorRecord(f"{prefix}UNDULATOR:GAP", source.gap, clock, "mm"),
            MotorRecord(f"{prefix}SLITS:XGAP", beam.slits.x, clock, "mm"),
            MotorRecord(f"{prefix}SLITS:YGAP", beam.slits.y, clock, "mm"),
        )
        named = {
            "ENERGY": self._setpoint,
            "ENERGY_RBV": LiveNumber(lambda: source.energy_ev, **limits),
            "ENERGY:MOVING_RBV": LiveWhole(lambda: int(source.changing)),
            "ENERGY:STOP": Whole(value=0, on_put=self._put_stop),
            "WAVELENGTH_RBV": LiveNumber(lambda: EV_A / source.energy_ev, units="Angstrom", precision=5),
            "BANDWIDTH_RBV": LiveNumber(lambda: source.bandwidth_ev, units="eV", precision=2),
            "FLUX_RBV": LiveNumber(lambda: beam.full_flux_hz, units="ph/s"),
            "SIZE_X_RBV": LiveNumber(lambda: beam.fwhm_um[0], units="um", precision=1),
            "SIZE_Y_RBV": LiveNumber(lambda: beam.fwhm_um[1], units="um", precision=1),
        }
        channels = {f"{prefix}BEAM:{name}": channel for name, channel in named.items()}
        for motor in self._motors:
            channels |= motor.channels
        super().__init__(clock, channels)

    def next_step_s(self) -> float:
        """Begin or end of an outage."""
        return self._beam.ring.next_change_s()

    async def stop(self) -> None:
        """Publish no longer."""
        for motor in self._motors:
            await motor.stop()

    async def _put(self, value: Any) -> None:
        energy_ev = float(value)
        source = self._beam.source
        if not source.allows(energy_ev):
            low, high = source.settings.energy_range_ev
            raise Refused(f"{self._name}: {energy_ev:g} eV is outside of {low:g} to {high:g} eV; not changed")
        await self._setpoint.show(energy_ev)
        self._waiting += 1
        if self._posting is None:
            self._posting = asyncio.get_running_loop().create_task(self._keep_posting())
        try:
            await self._beam.change_energy(energy_ev)
        except (SourceFault, ValueError) as fault:
            raise Refused(f"{self._name}: {fault}") from fault
        finally:
            self._waiting -= 1
            await self.post()
            await self._end_posting()

    async def _end_posting(self) -> None:
        """With the last of those who wait."""
        posting = self._posting
        if posting is not None and not self._waiting:
            self._posting = None
            posting.cancel()
            await asyncio.gather(posting, return_exceptions=True)

    async def _keep_posting(self) -> None:
        while True:
            await self.post()
            await self._clock.sleep(self._clock.watch_period_s(_POST_S))

    async def _put_stop(self, value: Any) -> None:
        if value:
            await self._beam.source.stop()
            await self._setpoint.show(self._beam.source.asked_ev)
            await self.post()
