"""The device for identifiers that a LIMS gives before a collection starts: it waits for them in the outbox."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Literal

from ophyd.status import Status
from pydantic import Field

from mxplans.errors import DeliveryError, DeviceFault
from mxplans.model.device_settings import DeviceSettings, TimeoutS
from mxplans_lims.outbox import Outbox

LOOK_S = 0.2
SETTLE_S = 2.0
"""What is hopeless must stay so for so long: it may be of an earlier attempt, before the exporter has read of this one."""
_STOP_S = 2.0


class _Ids:
    """Reads the identifiers of the last experiment, by the key of what they stand for."""

    def __init__(self, name: str, parent: LimsIds) -> None:
        self.name = name
        self.parent = parent
        self.values: dict[str, str] = {}
        self._changed_s = time.time()

    def keep(self, values: dict[str, str]) -> None:
        """These are the last ones."""
        self.values = values
        self._changed_s = time.time()

    def read(self) -> dict[str, dict[str, Any]]:
        """As a mapping in one value, `{"group": "1234"}`."""
        return {self.name: {"value": dict(self.values), "timestamp": self._changed_s}}

    def describe(self) -> dict[str, dict[str, Any]]:
        """One value; which keys it has is the target's affair."""
        return {self.name: {"source": f"outbox:{self.parent.target}", "dtype": "string", "shape": []}}


class LimsIds:
    """Plays the role of `mxplans.roles.LimsIds`: set to the uuid of an item, it waits for what its target gives.

    Args:
        prefix: Not used.
        name: Prefix of its keys.
        outbox: The outbox's file; it may come into being later.
        target: As in the profile.
        key: Which identifier the collection needs.
        timeout_s: How long to wait.
        otherwise: What becomes of the experiment without.
    """

    class Settings(DeviceSettings):
        """Settings of a `LimsIds`."""

        outbox: Path = Field(description="The outbox's file; it may come into being later")
        target: str = Field(min_length=1, description="As in the profile's `lims.targets`")
        key: str = Field(default="group", min_length=1, description="Which identifier the collection needs")
        timeout_s: TimeoutS = Field(default=30.0, description="How long to wait for it")
        otherwise: Literal["go_on", "skip", "stop"] = Field(
            default="go_on", description="What then: collect without, leave this sample out, or end the night"
        )

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        outbox: Path | str,
        target: str,
        key: str = "group",
        timeout_s: float = 30.0,
        otherwise: Literal["go_on", "skip", "stop"] = "go_on",
    ) -> None:
        self.name = name
        self.parent: Any = None
        self.target = target
        self.timeout_s = timeout_s
        self.otherwise: Literal["go_on", "skip", "stop"] = otherwise
        self.ids = _Ids(f"{name}_ids", self)
        self._key = key
        self._path = Path(outbox)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def set(self, value: Any) -> Status:
        """Wait for the identifiers of a queue item, by its uuid; the Status fails as soon as they cannot come.

        Raises:
            DeviceFault: If it waits for others already.
        """
        if self._thread is not None and self._thread.is_alive():
            raise DeviceFault(f"{self.name} waits for identifiers already; stop it first")
        self.ids.keep({})
        self._stopped = threading.Event()
        status = Status(obj=self)
        self._thread = threading.Thread(
            target=self._run, args=(str(value), status, self._stopped), name=f"{self.name}: wait", daemon=True
        )
        self._thread.start()
        return status

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer: the Status fails."""
        thread = self._thread
        self._stopped.set()
        if thread is not None:
            thread.join(_STOP_S)

    def read(self) -> dict[str, dict[str, Any]]:
        """The identifiers."""
        return self.ids.read()

    def describe(self) -> dict[str, dict[str, Any]]:
        """Their type."""
        return self.ids.describe()

    def _run(self, item_uid: str, status: Status, stopped: threading.Event) -> None:
        try:
            self.ids.keep(self._wait(item_uid, stopped))
        except DeviceFault as fault:
            status.set_exception(fault)
        except Exception as error:  # noqa: BLE001  a thread has no caller: the Status carries whatever it is
            failure = DeviceFault(f"{self.name}: identifiers cannot be waited for: {type(error).__name__}: {error}")
            failure.__cause__ = error
            status.set_exception(failure)
        else:
            status.set_finished()

    def _wait(self, item_uid: str, stopped: threading.Event) -> dict[str, str]:
        deadline = time.monotonic() + self.timeout_s
        last = "the exporter has not made an outbox yet"
        while not stopped.is_set():
            if self._path.exists():
                try:
                    with Outbox(self._path) as outbox:
                        return self._look(outbox, item_uid, stopped, deadline)
                except DeliveryError as error:
                    last = str(error)
            if time.monotonic() > deadline:
                raise self._late(item_uid, last)
            stopped.wait(LOOK_S)
        raise DeviceFault(f"{self.name}: waiting for identifiers of {item_uid} was stopped")

    def _look(self, outbox: Outbox, item_uid: str, stopped: threading.Event, deadline: float) -> dict[str, str]:
        hopeful_s = time.monotonic()
        while not stopped.is_set():
            ids = outbox.ids(self.target, item_uid)
            if self._key in ids:
                return ids
            hopeless = self._hopeless(outbox, item_uid)
            if not hopeless:
                hopeful_s = time.monotonic()
            elif time.monotonic() > hopeful_s + SETTLE_S:
                raise DeviceFault(
                    f"{self.name}: {self.target} gives no {self._key} to {item_uid}: {hopeless}; "
                    "see `mxplans lims status`"
                )
            if time.monotonic() > deadline:
                raise self._late(item_uid, hopeless or self._state(outbox))
            stopped.wait(LOOK_S)
        raise DeviceFault(f"{self.name}: waiting for identifiers of {item_uid} was stopped")

    def _hopeless(self, outbox: Outbox, item_uid: str) -> str:
        """Why they will not come; empty where they may."""
        for step in outbox.steps(item_uid):
            if step.target == self.target and step.state == "dead":
                return f"{step.key} was given up: {step.reason}"
        for problem in outbox.problems():
            if problem.item_uid == item_uid and problem.target == self.target and not problem.again:
                return problem.reason
        for status in outbox.statuses():
            if status.name == self.target and status.state in ("misconfigured", "removed"):
                return f"it is {status.state}: {status.reason}"
        return ""

    def _state(self, outbox: Outbox) -> str:
        for status in outbox.statuses():
            if status.name == self.target:
                return f"it is {status.state}{f': {status.reason}' if status.reason else ''}"
        return "the exporter does not know it"

    def _late(self, item_uid: str, why: str) -> DeviceFault:
        return DeviceFault(
            f"{self.name}: {self.target} gave no {self._key} to {item_uid} within {self.timeout_s:g} s: {why}; "
            "see `mxplans lims status`, or raise the timeout in the profile"
        )
