"""Phases of a micro-diffractometer: what stands where for centring, for data collection and for the robot."""

from __future__ import annotations

from mxplans.errors import DeviceFault
from mxplans_devices._jobs import Task
from mxplans_devices.md3._parts import REST_TIMEOUT_S, Exported

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
