"""Devices of a profile, connected at the same time, each with the reason when it cannot be had."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from mxplans.app.building import build
from mxplans.app.ipython.reaching import Address, address_of, unreachable
from mxplans.app.ipython.stand_in import StandIn
from mxplans.profile import DeviceEntry
from mxplans.roles import OPTIONAL_ROLES, ROLES

CONNECT_S = 5.0
"""Real seconds that all devices together may take: one that is dead makes nobody wait for each of its signals."""
GRACE_S = 1.0
"""For those that give up by themselves at the same moment, with a better reason."""
REASON_CHARS = 200


@dataclass(frozen=True)
class Connected:
    """What came of a role.

    Attributes:
        role: Of the profile.
        device: Plays it; a stand-in where nothing else does.
        problem: Why that is so; None if all is well.
        address: Where its server listens, as far as its settings say that plainly.
        seconds: Until all that was known.
    """

    role: str
    device: Any
    problem: str | None = None
    address: Address | None = None
    seconds: float = 0.0


def connect_all(
    entries: Mapping[str, DeviceEntry], known: Mapping[str, str], timeout_s: float = CONNECT_S
) -> dict[str, Connected]:
    """Make and connect devices.

    Args:
        entries: By role. A role that a beamline must have and that is not there gets a stand-in.
        known: Placeholders.
        timeout_s: Real seconds for all of them.
    """
    missing = {
        role: Connected(role, StandIn(role, "the profile has no device for it"), "the profile has no device for it")
        for role in ROLES
        if role not in entries
    }
    # One after the other in this thread, since libca's first user gives it its context; it takes milliseconds.
    made = {role: _made(role, entry, known) for role, entry in entries.items()}
    attempts = {role: _Attempt(one, timeout_s) for role, one in made.items() if one.problem is None}
    until_s = time.monotonic() + timeout_s + GRACE_S
    return made | missing | {role: attempt.result(until_s) for role, attempt in attempts.items()}


def connect_one(role: str, entry: DeviceEntry, known: Mapping[str, str], timeout_s: float = CONNECT_S) -> Connected:
    """Make and connect the device of one role."""
    made = _made(role, entry, known)
    if made.problem is not None:
        return made
    return _Attempt(made, timeout_s).result(time.monotonic() + timeout_s + GRACE_S)


def _made(role: str, entry: DeviceEntry, known: Mapping[str, str]) -> Connected:
    try:
        device = build(entry, known, f"devices.{role}", name=role)
    except Exception as error:  # noqa: BLE001  # whatever a class of a site raises: the other devices are usable
        return _refused(role, said(error))
    wanted = {**ROLES, **OPTIONAL_ROLES}.get(role)
    if wanted is None:
        return _refused(role, f"there is no such role; the roles are {', '.join((*ROLES, *OPTIONAL_ROLES))}")
    return Connected(role, device, None, address_of(entry, known))


def _refused(role: str, reason: str, seconds: float = 0.0) -> Connected:
    return Connected(role, StandIn(role, reason), reason, None, seconds)


def said(error: BaseException) -> str:
    r"""An error in one line of bounded length.

    >>> said(ValueError("no  such\nthing"))
    'no such thing'
    >>> said(KeyError())
    'KeyError'
    """
    told = " ".join(str(error).split()) or type(error).__name__
    return told if len(told) <= REASON_CHARS else f"{told[: REASON_CHARS - 3]}..."


class _Attempt:
    """One device that connects, in a thread of its own: some clients wait as long as they like."""

    def __init__(self, made: Connected, timeout_s: float) -> None:
        self._made = made
        self._role = role = made.role
        self._device = made.device
        self._timeout_s = timeout_s
        self._begun_s = time.monotonic()
        self._problem: str | None = None
        self._thread = threading.Thread(target=self._connect, name=f"connect {role}", daemon=True)
        self._thread.start()

    def result(self, until_s: float) -> Connected:
        """What came of it by a moment (`time.monotonic`); what comes later is not used any more."""
        self._thread.join(max(0.0, until_s - time.monotonic()))
        seconds = time.monotonic() - self._begun_s
        late = self._thread.is_alive()
        problem = f"did not answer within {self._timeout_s:g} s" if late else self._problem
        if problem is None and not isinstance(self._device, {**ROLES, **OPTIONAL_ROLES}[self._role]):
            problem = f"{type(self._device).__name__} does not play the role; see mxplans.roles"
        if problem is None:
            return replace(self._made, seconds=seconds)
        if not late:
            let_go(self._device)
        return _refused(self._role, problem, seconds)

    def _connect(self) -> None:
        self._problem = unreachable(self._made.address, self._timeout_s)
        wait = getattr(self._device, "wait_for_connection", None)
        if wait is None or self._problem is not None:
            return
        try:
            wait(timeout=self._timeout_s)
        except TimeoutError as error:
            self._problem = f"did not connect within {self._timeout_s:g} s: {said(error)}; is its server up?"
        except Exception as error:  # noqa: BLE001  # as above
            self._problem = said(error)


def let_go(device: Any) -> None:
    """End a device's connections; one that cannot is left as it is."""
    destroy = None if isinstance(device, StandIn) else getattr(device, "destroy", None)
    if destroy is not None:
        with contextlib.suppress(Exception):
            destroy()
