"""A crystal finder that has zocalo analyse grids, over a message broker."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from ophyd import Device
from pydantic import Field

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.crystal_search import CrystalAnswer, CrystalRequest
from mxplans.model.device_settings import Address, DeviceSettings, Password, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices.protocols.stomp import LineLost, StompLine, stomp_library
from mxplans_devices.protocols.zocalo import NoResult, messages, read_crystals, read_result

_ADDRESS = re.compile(r"([A-Za-z0-9_.-]+):([0-9]{1,5})")
_BETWEEN_TRIES_S = 0.2
_log = logging.getLogger(__name__)


class ZocaloCrystalFinder(Device):
    """Tells zocalo of grids and waits for the crystals in them.

    Its results come to one queue per beamline. Those that lie there before the grids are told of, and those of other
    data collections, are passed over.

    Args:
        prefix: Unused, brokers have an `address`.
        name: Role.
        address: Host and port of the broker, as `127.0.0.1:61613`.
        results_queue: Where results come, as `/queue/xrc.i03`.
        trigger_queue: Where grids are told of.
        recipes: Names of the recipes to run.
        login: Of the broker's account.
        passcode: Its password.
        timeout_s: Real seconds until a request has failed.
        connect_timeout_s: Real seconds to connect, and for each confirmation of the broker.
        purge_s: Real seconds in which results of earlier requests may still come in, before the grids are told of.
        tries: How often to connect when the connection is lost; what was confirmed is not sent again.
        total_count_min: Weaker results are dropped: one or two counts are noise.

    Raises:
        DeviceFault: If the package stomp.py is missing.
        InvalidInput: If the address is none.
    """

    class Settings(DeviceSettings):
        """Settings of a `ZocaloCrystalFinder`."""

        address: Address = Field(description="Host and port of the broker")
        results_queue: str = Field(min_length=1, description="Where results come, as `/queue/xrc.i03`")
        trigger_queue: str = Field(
            default="/queue/processing_recipe", min_length=1, description="Where grids are told of"
        )
        recipes: tuple[str, ...] = Field(default=("mimas",), min_length=1, description="Names of the recipes to run")
        login: str = Field(default="guest", description="Of the broker's account")
        passcode: Password = Field(
            default="guest", description="Its password, by reference; none is that of a new broker"
        )
        timeout_s: TimeoutS = Field(default=180.0, description="Real seconds until a request has failed")
        connect_timeout_s: TimeoutS = Field(
            default=5.0, description="Real seconds to connect, and for each confirmation of the broker"
        )
        purge_s: float = Field(
            default=0.5,
            ge=0,
            description="Real seconds in which results of earlier requests may still come in, before grids are told of",
        )
        tries: int = Field(
            default=3,
            ge=1,
            description="How often to connect when the connection is lost; what was confirmed is not sent again",
        )
        total_count_min: float = Field(
            default=3.0, ge=0, description="Weaker results are dropped: one or two counts are noise"
        )

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        address: str,
        results_queue: str,
        trigger_queue: str = "/queue/processing_recipe",
        recipes: Sequence[str] = ("mimas",),
        login: str = "guest",
        passcode: str = "guest",
        timeout_s: float = 180.0,
        connect_timeout_s: float = 5.0,
        purge_s: float = 0.5,
        tries: int = 3,
        total_count_min: float = 3.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        found = _ADDRESS.fullmatch(address)
        if found is None or not 0 < int(found[2]) < 2**16 or tries < 1:
            raise InvalidInput(
                f"{name}: the broker is at {address!r}, {tries} tries; allowed are host:port, as 127.0.0.1:61613, and "
                "one try or more"
            )
        stomp_library()
        self._address = (found[1], int(found[2]))
        self._account = (login, passcode)
        self._results_queue = results_queue
        self._trigger_queue = trigger_queue
        self._recipes = tuple(recipes)
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._purge_s = purge_s
        self._tries = tries
        self._total_count_min = total_count_min
        self._worker = Worker(self)
        self._answer: CrystalAnswer | None = None

    @property
    def answer(self) -> CrystalAnswer | None:
        """Crystals of the last request; None before they have come."""
        return self._answer

    def set(self, value: CrystalRequest) -> FaultStatus:
        """Tell of one grid or two whose frames are taken; ends with the answer."""
        self._answer = None
        ids = " and ".join(str(grid.data_collection_id) for grid in value.grids)
        return self._worker.start(lambda task: self._find(task, value), f"crystals in grid {ids}", self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer."""
        self._worker.interrupt()

    def _find(self, task: Task, request: CrystalRequest) -> None:
        unsent = messages(request, self._recipes)
        number, reason = len(unsent), ""
        for attempt in range(self._tries):
            if attempt:
                task.pause(_BETWEEN_TRIES_S)
            try:
                with StompLine(self._address, *self._account, self._connect_timeout_s, task.until) as line:
                    line.subscribe(self._results_queue)
                    if len(unsent) == number:
                        self._purge(task, line)
                    while unsent:
                        line.send(self._trigger_queue, unsent[0])
                        del unsent[0]
                    self._answer = self._wait_for(task, line, request)
                return
            except LineLost as lost:
                reason = str(lost)
        raise DeviceFault(f"{self.name}: {task.what} failed, {self._tries} tries: {reason}")

    def _purge(self, task: Task, line: StompLine) -> None:
        """Pass over what lies in the queue from before: it may have the same ids and be about something else."""
        task.pause(self._purge_s)
        old = 0
        while line.next_message() is not None:
            old += 1
        if old:
            _log.warning("%s: %d results of earlier requests were passed over", self.name, old)

    def _wait_for(self, task: Task, line: StompLine, request: CrystalRequest) -> CrystalAnswer:
        wanted = request.grids[-1].data_collection_id
        others: list[int] = []
        found: list[CrystalAnswer] = []

        def came() -> bool:
            while (body := line.next_message()) is not None:
                try:
                    data_collection_id, results = read_result(body)
                    if data_collection_id == wanted:
                        found.append(read_crystals(results, request, self._total_count_min))
                        return True
                except NoResult as error:
                    raise DeviceFault(
                        f"{self.name}: {task.what} failed: a message in {self._results_queue} is no result of X-ray "
                        f"centring: {error}; see the log of zocalo"
                    ) from error
                others.append(data_collection_id)
            return False

        def missing() -> str:
            also = f"; results of {', '.join(map(str, others[-5:]))} came instead" if others else ""
            return f"no result of {wanted} in {self._results_queue} within {self._timeout_s:g} s{also}; see zocalo"

        task.until(came, missing)
        return found[0]
