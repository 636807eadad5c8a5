"""Virtual time: what stands for a service in this process, and how a session lives in its time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from mxplans.app.building import classes_of
from mxplans.errors import InvalidProfile
from mxplans.profile import Profile, fill
from mxplans.profile.class_paths import load_class

PLAN_PACKAGES = ("mxplans.plans", "mxplans.udc")


class TimeKeeper(Protocol):
    """A service in this process that owns the time; a context manager that gives it back."""

    loop: asyncio.AbstractEventLoop

    def take_over(self, device_packages: Sequence[str], plan_packages: Sequence[str]) -> None:
        """Let the loaded modules of these packages live in virtual time."""
        ...

    def attend(self, run_engine: Any) -> None:
        """Let time pass while this RunEngine runs."""
        ...

    def start(self) -> Mapping[str, str]:
        """Start; returns what a service says when it is ready."""
        ...

    def stop(self) -> None:
        """Stop."""
        ...


def time_keeper(profile: Profile, known: Mapping[str, str]) -> tuple[str, AbstractContextManager[TimeKeeper]]:
    """The service that can be had in virtual time: its name, and itself.

    Raises:
        InvalidProfile: If there is none, more than one, or another service besides.
    """
    names = list(profile.services)
    able = [name for name in names if profile.services[name].in_process is not None]
    if len(able) != 1 or names != able:
        raise InvalidProfile(
            f"services: in virtual time all must run in one process; {', '.join(able) or 'none'} of "
            f"{', '.join(names) or 'none'} have in_process, exactly one service with in_process is needed"
        )
    entry = profile.services[able[0]].in_process
    if entry is None:  # for the type checker: `able` says otherwise
        raise InvalidProfile("services: in_process is missing")
    where = f"services.{able[0]}.in_process"
    cls: Any = load_class(entry.cls, f"{where}.class")
    try:
        return able[0], cls(**fill(entry.settings, known, f"{where}.settings"))
    except (TypeError, ValueError) as error:
        raise InvalidProfile(f"{where}.settings: {error}") from error


def device_packages(profile: Profile) -> tuple[str, ...]:
    """Packages that the profile's device classes come from; loads them."""
    paths = [(role, path) for role, entry in profile.devices.items() for path in classes_of(entry)]
    for role, path in paths:
        load_class(path, f"devices.{role}.class")
    return tuple(sorted({path.partition(":")[0].partition(".")[0] for _, path in paths}))
