"""What runs and answers: services, Channel Access, devices."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from mxplans.model.device_settings import CLASS_PATH, DeviceEntry
from mxplans.profile.sections.base import Section

__all__ = ["DeviceEntry", "Epics", "InProcess", "Service"]


class InProcess(Section):
    """What stands for a service in virtual time, within this process: a class by path and its arguments."""

    cls: str = Field(alias="class", pattern=CLASS_PATH, description="Its class, as package.module:Class")
    settings: dict[str, Any] = Field(default={}, description="Keyword arguments of its constructor; {placeholders}")


class Service(Section):
    """A process that the profile starts, and that ends with the session.

    It prints one line of JSON with `"event": "ready"` and its addresses on standard output, and ends when its standard
    input is closed. `{name.key}` in later entries of the profile stands for a value of that line.
    """

    command: tuple[str, ...] = Field(min_length=1, description="Program and arguments, no shell; {placeholders}")
    ready_timeout_s: float = Field(default=60.0, gt=0, description="Longest time (s) until it is ready")
    stop_timeout_s: float = Field(default=20.0, gt=0, description="Longest time (s) to end before it is killed")
    port: int = Field(default=0, ge=0, le=65535, description="0 takes a free port; given to the command as {port}")
    in_process: InProcess | None = Field(default=None, description="Used instead of the command in virtual time")


class Epics(Section):
    """Where Channel Access looks for its servers."""

    addr_list: str = Field(
        default="127.0.0.1", description="Addresses, with spaces between them, as EPICS_CA_ADDR_LIST; {placeholders}"
    )
    auto_addr_list: bool = Field(default=False, description="Whether to ask on all of this computer's networks as well")
