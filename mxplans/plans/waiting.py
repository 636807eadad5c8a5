"""Waiting with a limit, and failures that carry their own name.

What is done for every scan yields messages itself: each stub of bluesky writes the whole stack down in words first, for a
warning should nobody run it, and that is half of what a message costs.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from bluesky.utils import FailedStatus, Msg, MsgGenerator

from mxplans.errors import DeviceFault, MxplansError

# Real seconds after which a beamline is not slow but broken; peers' caps are given in the comment where there is one.
MOVE_TIMEOUT_S = 120.0
ROBOT_TIMEOUT_S = 400.0  # 300 s for a busy program and 60 s for the exchange
SCAN_TIMEOUT_S = 900.0
FILES_TIMEOUT_S = 300.0  # 120 s at a peer, for files that are shorter
ARM_TIMEOUT_S = 60.0
ENERGY_TIMEOUT_S = 400.0


def wait_for(group: Hashable, timeout_s: float) -> MsgGenerator[None]:
    """Wait for a group.

    Raises:
        MxplansError: What the device said, where it said something of ours.
        DeviceFault: If a device failed otherwise or was not done in time.
    """
    try:
        yield Msg("wait", None, group=group, error_on_timeout=True, timeout=timeout_s, watch=())
    except FailedStatus as failed:
        raise _cause(failed, group) from failed
    except TimeoutError as late:
        raise DeviceFault(f"{group}: not done after {timeout_s:g} s; look at the device and start again") from late


def value_of(device: Any) -> MsgGenerator[Any]:
    """The present value of a device whose key is its name."""
    reading = yield Msg("read", device)
    return reading[device.name]["value"]


def set_and_wait(timeout_s: float, *pairs: Any) -> MsgGenerator[None]:
    """Set devices to values at the same time, device, value, device, value, ..., and wait for all."""
    devices = pairs[::2]
    group = "set " + ", ".join(device.name for device in devices)
    try:
        for device, value in zip(devices, pairs[1::2], strict=True):
            yield Msg("set", device, value, group=group)
    except FailedStatus as failed:  # so soon that nobody waited yet
        raise _cause(failed, group) from failed
    yield from wait_for(group, timeout_s)


def prepare_and_wait(device: Any, value: Any, group: Hashable, timeout_s: float) -> MsgGenerator[None]:
    """Prepare a device for a value and wait for it."""
    try:
        yield Msg("prepare", device, value, group=group)
    except FailedStatus as failed:
        raise _cause(failed, group) from failed
    yield from wait_for(group, timeout_s)


def trigger_and_wait(device: Any, timeout_s: float) -> MsgGenerator[None]:
    """Trigger a device and wait for it."""
    group = f"trigger {device.name}"
    yield Msg("trigger", device, group=group)
    yield from wait_for(group, timeout_s)


def _cause(failed: FailedStatus, group: Hashable) -> MxplansError:
    cause: BaseException | None = failed.__cause__
    if cause is None and failed.args and hasattr(failed.args[0], "exception"):
        cause = failed.args[0].exception()
    if isinstance(cause, MxplansError):
        return cause
    return DeviceFault(f"{group}: {type(cause).__name__}: {cause}; look at the device and start again")
