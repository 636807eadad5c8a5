"""What shapes and lights: shutter, attenuator, backlight, aperture, and what is known of the beam."""

from __future__ import annotations

import math
from typing import Any

from ophyd import Component, Device, FormattedComponent
from pydantic import Field

from mxplans.errors import LimitExceeded
from mxplans.model.device_settings import DeviceSettings, PvPrefix, TimeoutS
from mxplans.roles import BacklightState, ShutterState
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Choice, ReadOnly, Setting


class Shutter(Choice):
    """The fast shutter, set to a `ShutterState`; data key is its name."""

    def set(self, value: ShutterState | str) -> FaultStatus:
        """Open or close.

        Raises:
            LimitExceeded: If the value is not a `ShutterState`.
        """
        if value not in tuple(ShutterState):
            raise LimitExceeded(f"{self.name} cannot be {value!r}; use ShutterState.OPEN or ShutterState.CLOSED")
        return super().set(value)


class Backlight(Choice):
    """The backlight, set to a `BacklightState`; data key is its name."""

    def set(self, value: BacklightState | str) -> FaultStatus:
        """Move in or out.

        Raises:
            LimitExceeded: If the value is not a `BacklightState`.
        """
        if value not in tuple(BacklightState):
            raise LimitExceeded(f"{self.name} cannot be {value!r}; use BacklightState.IN or BacklightState.OUT")
        return super().set(value)


class Aperture(Choice):
    """The aperture, set by the name of a size; data keys are its name and `<name>_beam_size` (um)."""

    beam_size = Component(ReadOnly, ":SIZE_RBV", units="um", kind="normal")


class Attenuator(Device):
    """The attenuator, set to the fraction of the beam that passes; data key is its name.

    Args:
        prefix: Process variable of the setpoint; the readback has `_RBV` behind.
        name: Role, and data key.
        timeout_s: Real seconds until a change has failed.
        tolerance_frac: How far the readback may be from what was asked, as a fraction of it; filters come in steps.
    """

    class Settings(DeviceSettings):
        """Settings of an `Attenuator`."""

        prefix: PvPrefix = Field(description="Process variable of the setpoint; the readback has `_RBV` behind")
        timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until a change has failed")
        tolerance_frac: float = Field(
            default=0.1,
            ge=0,
            lt=1,
            description="How far the readback may be from what was asked, as a fraction of it; filters come in steps",
        )

    transmission = Component(Setting, "_RBV", write_pv="", units="fraction", kind="hinted")

    def __init__(
        self, prefix: str = "", *, name: str, timeout_s: float = 30.0, tolerance_frac: float = 0.1, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.transmission.name = self.name
        self._tolerance_frac = tolerance_frac
        self._timeout_s = timeout_s
        self._worker = Worker(self)

    def set(self, value: float) -> FaultStatus:
        """Start towards a transmission, 0..1.

        The Status fails with `DeviceFault` when the readback is too far from it.

        Raises:
            LimitExceeded: If the value is outside 0..1; nothing moves then.
        """
        if not 0.0 <= value <= 1.0:
            raise LimitExceeded(f"{self.name}: transmission {value} is not within 0..1; give a fraction, not percent")

        def work(task: Task) -> None:
            self.transmission.wait_for_connection()
            task.wait(self.transmission.set(float(value)))
            task.until(
                lambda: abs(self._reached() - value) <= self._tolerance_frac * value + 1e-6,
                lambda: f"it reads {self._reached():g}; ask for a transmission that the filters can give",
                timeout_s=5.0,
            )

        return self._worker.start(work, f"go to transmission {value:g}", self._timeout_s)

    def _reached(self) -> float:
        return float(self.transmission.get(use_monitor=False))

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer; filters move to their end by themselves."""
        self._worker.interrupt()


class Energy(Device):
    """The photon energy (eV); setting it ends when monochromator, undulator and mirrors have settled.

    Args:
        prefix: Process variable of the setpoint; the readback has `_RBV` behind, the moving flag `:MOVING_RBV`.
        name: Data key.
        timeout_s: Real seconds until a change has failed.
        tolerance_ev: How far the readback may be from what was asked.
    """

    class Settings(DeviceSettings):
        """Settings of an `Energy`."""

        prefix: PvPrefix = Field(
            description="Process variable of the setpoint; the readback has `_RBV` behind, the moving flag `:MOVING_RBV`",
        )
        timeout_s: TimeoutS = Field(default=300.0, description="Real seconds until a change has failed")
        tolerance_ev: float = Field(default=1.0, gt=0, description="How far the readback may be from what was asked")

    readback = Component(Setting, "_RBV", write_pv="", units="eV", kind="hinted")

    def __init__(
        self, prefix: str = "", *, name: str, timeout_s: float = 300.0, tolerance_ev: float = 1.0, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.readback.name = self.name
        self._tolerance_ev = tolerance_ev
        self._timeout_s = timeout_s
        self._worker = Worker(self)

    def set(self, value: float) -> FaultStatus:
        """Start towards an energy, eV.

        The Status fails with `DeviceFault` when the readback is too far from it.

        Raises:
            LimitExceeded: If the limits of its record do not allow it; nothing moves then.
        """
        energy_ev = float(value)
        low, high = self.readback.limits
        if not math.isfinite(energy_ev) or (low < high and not low <= energy_ev <= high):
            raise LimitExceeded(f"{self.name}: {energy_ev:g} eV is outside of {low:g}..{high:g} eV; choose one within")

        def work(task: Task) -> None:
            task.wait(self.readback.set(energy_ev))
            task.until(
                lambda: abs(self._reached() - energy_ev) <= self._tolerance_ev,
                lambda: f"it reads {self._reached():g} eV; look at monochromator and undulator",
                timeout_s=5.0,
            )

        return self._worker.start(work, f"change to {energy_ev:g} eV", self._timeout_s)

    def _reached(self) -> float:
        return float(self.readback.get(use_monitor=False))

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer; a change goes on to its end by itself."""
        self._worker.interrupt()


class Beam(Device):
    """What is known of the beam; data keys `<name>_energy` (eV), `_flux` (photons/s), `_ring_current` (mA).

    Its `energy` can be set.

    Args:
        prefix: Prefix of energy and flux.
        name: Role.
        ring_prefix: Prefix of the ring current.
    """

    class Settings(DeviceSettings):
        """Settings of a `Beam`."""

        prefix: PvPrefix = Field(description="Prefix of energy and flux")
        ring_prefix: PvPrefix = Field(description="Prefix of the ring current")

    energy = Component(Energy, "ENERGY", kind="normal")
    flux = Component(ReadOnly, "FLUX_RBV", units="photons/s", kind="normal")
    ring_current = FormattedComponent(ReadOnly, "{ring_prefix}CURRENT_RBV", units="mA", kind="normal")

    def __init__(self, prefix: str = "", *, name: str, ring_prefix: str, **kwargs: Any) -> None:
        self.ring_prefix = ring_prefix
        super().__init__(prefix, name=name, **kwargs)
