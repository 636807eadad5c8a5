"""Phases of a micro-diffractometer: what stands where for centring, for data collection and for the robot."""

from __future__ import annotations

from typing import Any

from ophyd import Component
from pydantic import Field

from mxplans.errors import DeviceFault
from mxplans.model.device_settings import TimeoutS
from mxplans_devices._jobs import FaultStatus, Task
from mxplans_devices.md3._parts import REST_TIMEOUT_S, Exported, ExporterSettings, Followed

CENTRING = "Centring"
DATA_COLLECTION = "DataCollection"
TRANSFER = "Transfer"


def enter_phase(device: Exported, task: Task, phase: str) -> None:
    """Bring the diffractometer into a phase, unless it is; the sample's position is saved before.

    Raises:
        DeviceFault: If the change is refused, fails, or leaves another phase behind.
    """
    client = device.exporter
    device.wait_until_ready(task, REST_TIMEOUT_S)
    if client.read("CurrentPhase") == phase:
        return
    # Phases bring the sample to the position that was saved last, wherever it has been moved since.
    client.execute("saveCentringPositions")
    device.run(task, "startSetPhase", phase)
    found = client.read("CurrentPhase")
    if found != phase:
        raise DeviceFault(
            f"{device.name}: the diffractometer is in phase {found!r} after a change to {phase!r}; "
            "look what keeps it from there"
        )


class MD3Phase(Exported):
    """The phase of a micro-diffractometer, set by its name; data key is its name.

    Args:
        name: Name, and data key.
        address: Host and port of the exporter.
        timeout_s: Real seconds until a change has failed.
    """

    class Settings(ExporterSettings):
        """Settings of an `MD3Phase`."""

        timeout_s: TimeoutS = Field(default=60.0, description="Real seconds until a change has failed")

    selected = Component(Followed, value="", exporter="CurrentPhase", kind="hinted")

    def __init__(self, prefix: str = "", *, name: str, address: str, timeout_s: float = 60.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, address=address, **kwargs)
        self.selected.name = self.name
        self._timeout_s = timeout_s

    def set(self, value: str) -> FaultStatus:
        """Start towards a phase."""
        return self.start(lambda task: enter_phase(self, task, value), f"change to phase {value!r}", self._timeout_s)
