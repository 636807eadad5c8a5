"""What a micro-diffractometer shapes and lights with: fast shutter, backlight, aperture."""

from __future__ import annotations

from typing import Any

from ophyd import Component
from pydantic import Field

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.device_settings import TimeoutS
from mxplans.roles import BacklightState, ShutterState
from mxplans_devices._jobs import FaultStatus, Task
from mxplans_devices.md3._parts import Exported, ExporterSettings, Followed
from mxplans_devices.md3.phases import CENTRING, DATA_COLLECTION, enter_phase
from mxplans_devices.protocols.exporter import Value


class MD3Shutter(Exported):
    """The fast shutter, set to a `ShutterState`; data key is its name.

    Args:
        name: Role, and data key.
        address: Host and port of the exporter.
        timeout_s: Real seconds until a change has failed.
    """

    class Settings(ExporterSettings):
        """Settings of an `MD3Shutter`."""

        timeout_s: TimeoutS = Field(default=10.0, description="Real seconds until a change has failed")

    selected = Component(
        Followed,
        value=ShutterState.CLOSED.value,
        exporter="FastShutterIsOpen",
        convert=lambda value: (ShutterState.OPEN if value else ShutterState.CLOSED).value,
        kind="hinted",
    )

    def __init__(self, prefix: str = "", *, name: str, address: str, timeout_s: float = 10.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, address=address, **kwargs)
        self.selected.name = self.name
        self._timeout_s = timeout_s

    def set(self, value: ShutterState | str) -> FaultStatus:
        """Open or close.

        Raises:
            LimitExceeded: If the value is not a `ShutterState`.
        """
        if value not in tuple(ShutterState):
            raise LimitExceeded(f"{self.name} cannot be {value!r}; use ShutterState.OPEN or ShutterState.CLOSED")
        is_open = value == ShutterState.OPEN
        return self.start(lambda task: self._change(task, is_open), f"move to {str(value)!r}", self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer; a shutter moves to its end by itself."""
        self._worker.interrupt(timeout_s=0.0)

    def _change(self, task: Task, is_open: bool) -> None:
        self.exporter.write("FastShutterIsOpen", is_open)
        task.until(
            lambda: self.exporter.read("FastShutterIsOpen") is is_open,
            lambda: f"FastShutterIsOpen reads {self.exporter.read('FastShutterIsOpen')}; look at the shutter",
            period_s=0.01,
        )


class MD3Backlight(Exported):
    """The backlight, set to a `BacklightState`; data key is its name.

    In brings the diffractometer into the phase for centring, Out into the one for data collection, because beamstop and
    aperture have to change places with the light. The sample stays where it is: its position is saved before.

    Args:
        name: Role, and data key.
        address: Host and port of the exporter.
        timeout_s: Real seconds until a change of phase has failed.
    """

    class Settings(ExporterSettings):
        """Settings of an `MD3Backlight`."""

        timeout_s: TimeoutS = Field(default=60.0, description="Real seconds until a change has failed")

    selected = Component(Followed, value="", exporter="CurrentPhase", convert=lambda phase: _side(phase), kind="hinted")

    def __init__(self, prefix: str = "", *, name: str, address: str, timeout_s: float = 60.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, address=address, **kwargs)
        self.selected.name = self.name
        self._timeout_s = timeout_s

    def set(self, value: BacklightState | str) -> FaultStatus:
        """Move in or out.

        Raises:
            LimitExceeded: If the value is not a `BacklightState`.
        """
        if value not in tuple(BacklightState):
            raise LimitExceeded(f"{self.name} cannot be {value!r}; use BacklightState.IN or BacklightState.OUT")
        phase = CENTRING if value == BacklightState.IN else DATA_COLLECTION
        return self.start(lambda task: self._change(task, phase), f"move to {str(value)!r}", self._timeout_s)

    def _change(self, task: Task, phase: str) -> None:
        enter_phase(self, task, phase)
        is_on = self.exporter.read("BackLightIsOn")
        if is_on is not (phase == CENTRING):
            raise DeviceFault(f"{self.name}: BackLightIsOn reads {is_on} in phase {phase}; look at the light")


class MD3Aperture(Exported):
    """The aperture, set by its diameter (um) as text; data keys are its name and `<name>_beam_size` (um).

    Args:
        name: Role, and data key.
        address: Host and port of the exporter.
        timeout_s: Real seconds until a change has failed.
    """

    class Settings(ExporterSettings):
        """Settings of an `MD3Aperture`."""

        timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until a change has failed")

    selected = Component(Followed, value="", exporter="CurrentApertureDiameterIndex", kind="hinted")
    beam_size = Component(Followed, value=0.0, exporter="CurrentApertureDiameterIndex", units="um", kind="normal")

    def __init__(self, prefix: str = "", *, name: str, address: str, timeout_s: float = 30.0, **kwargs: Any) -> None:
        self._diameters: tuple[str, ...] = ()
        super().__init__(prefix, name=name, address=address, **kwargs)
        self.selected.name = self.name
        self.selected.follow("CurrentApertureDiameterIndex", self._diameter)
        self.beam_size.follow("CurrentApertureDiameterIndex", self._size_um, "um")
        self._timeout_s = timeout_s

    def look(self) -> None:
        """Read which apertures there are, and the present one."""
        diameters = self.exporter.read("ApertureDiameters")
        self._diameters = tuple(map(str, diameters)) if isinstance(diameters, tuple) else ()
        super().look()

    def set(self, value: str | float) -> FaultStatus:
        """Start towards a size by its diameter; fails with `LimitExceeded` when there is no such aperture."""
        wanted = f"{value:g}" if isinstance(value, int | float) else str(value)
        return self.start(lambda task: self._change(task, wanted), f"move to {wanted!r}", self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer; an aperture moves to its end by itself."""
        self._worker.interrupt(timeout_s=0.0)

    def _change(self, task: Task, wanted: str) -> None:
        if wanted not in self._diameters:
            raise LimitExceeded(f"{self.name} cannot be {wanted!r}; it can be {', '.join(self._diameters)}")
        index = self._diameters.index(wanted)
        self.exporter.write("CurrentApertureDiameterIndex", index)
        task.until(
            lambda: self.exporter.read("CurrentApertureDiameterIndex") == index,
            lambda: (
                f"aperture {self.exporter.read('CurrentApertureDiameterIndex')} is in place, not {index}; look at it"
            ),
        )

    def _diameter(self, index: Value) -> str | None:
        return self._diameters[index] if isinstance(index, int) and 0 <= index < len(self._diameters) else None

    def _size_um(self, index: Value) -> float | None:
        name = self._diameter(index)
        return None if name is None else float(name)


def _side(phase: Value) -> str:
    """Where the backlight is in a phase; unknown on the way between two."""
    if phase == CENTRING:
        return BacklightState.IN.value
    return "Unknown" if phase == "Unknown" else BacklightState.OUT.value
