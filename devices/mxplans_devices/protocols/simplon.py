"""The SIMPLON 1.8 REST interface of DECTRIS detectors: every answer is checked, every value is read back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx

from mxplans.errors import DetectorFault

Value = str | int | float | bool
_VERSION = "1.8.0"
_RELATIVE_TOLERANCE = 1e-5


class SimplonClient:
    """One conversation with a detector; a context manager that closes its connections.

    Args:
        url: Address of the detector's control unit.
        timeout_s: Real seconds to wait for an answer.
        transport: Another way to send requests.
    """

    def __init__(self, url: str, *, timeout_s: float = 10.0, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._client = httpx.Client(base_url=url, timeout=timeout_s, transport=transport, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def config(self, key: str, module: str = "detector") -> Any:
        """Value of a configuration parameter."""
        return self._value(f"/{module}/api/{_VERSION}/config/{key}")

    def set_config(self, key: str, value: Value, module: str = "detector") -> tuple[str, ...]:
        """Set a configuration parameter.

        Returns:
            Names of all parameters that have changed by it.
        """
        path = f"/{module}/api/{_VERSION}/config/{key}"
        changed = self._request("PUT", path, {"value": value})
        if not isinstance(changed, list):
            raise DetectorFault(f"{self._url}{path} answered {changed!r}, a list of changed parameters was expected")
        return tuple(map(str, changed))

    def configure(self, values: Mapping[str, Value], module: str = "detector") -> None:
        """Set parameters in order, then read all of them back.

        Raises:
            DetectorFault: If a value is refused or does not read as it was set.
        """
        moved_by: dict[str, str] = {}
        for key, value in values.items():
            moved_by |= dict.fromkeys(self.set_config(key, value, module), key)
        for key, value in values.items():
            found = self.config(key, module)
            if not agrees(value, found):
                raise DetectorFault(
                    f"{self._url}: {module} {key} was set to {value} and reads {found} "
                    f"(last changed by setting {moved_by.get(key, 'nothing')}); ask for a value that fits the others"
                )

    def command(self, name: str, timeout_s: float = 60.0) -> Any:
        """Give a command of the detector and wait for its answer."""
        return self._request("PUT", f"/detector/api/{_VERSION}/command/{name}", timeout_s=timeout_s)

    def arm(self, timeout_s: float = 60.0) -> int:
        """Arm the detector.

        Returns:
            Id of the series.
        """
        answer = self.command("arm", timeout_s)
        sequence_id = answer.get("sequence id") if isinstance(answer, dict) else None
        if not isinstance(sequence_id, int) or isinstance(sequence_id, bool):
            raise DetectorFault(f"{self._url}: arm answered {answer!r} without a sequence id; disarm and arm again")
        return sequence_id

    def state(self) -> str:
        """State of the detector: na, idle, ready, acquire, error, ..."""
        return str(self._value(f"/detector/api/{_VERSION}/status/state"))

    def writer_state(self) -> str:
        """State of the file writer: ready, acquire, error, ..."""
        return str(self._value(f"/filewriter/api/{_VERSION}/status/state"))

    def require_writer(self) -> None:
        """See that the file writer has nothing to complain of.

        Raises:
            DetectorFault: If it is in an error.
        """
        if self.writer_state() == "error":
            told = self._value(f"/filewriter/api/{_VERSION}/status/error")
            raise DetectorFault(
                f"{self._url}: the file writer is in an error: {told}; mend it, initialise it and take the series again"
            )

    def files(self) -> tuple[str, ...]:
        """Names of the files that the file writer has written and closed."""
        answer = self._request("GET", f"/filewriter/api/{_VERSION}/files")
        names = answer.get("value") if isinstance(answer, dict) else answer
        if not isinstance(names, list):
            raise DetectorFault(f"{self._url}: the file writer listed {answer!r}, a list of names was expected")
        return tuple(map(str, names))

    def disarm(self) -> None:
        """Leave the detector disarmed, whatever it does; an exposure is aborted."""
        state = self.state()
        if state == "acquire":
            self.command("abort")
            state = self.state()
        if state not in ("na", "idle", "error"):
            self.command("disarm")

    def _value(self, path: str) -> Any:
        answer = self._request("GET", path)
        if not isinstance(answer, dict) or "value" not in answer:
            raise DetectorFault(f"{self._url}{path} answered {answer!r}, a dictionary with 'value' was expected")
        return answer["value"]

    def _request(self, method: str, path: str, body: Any = None, timeout_s: float | None = None) -> Any:
        timeout = self._client.timeout if timeout_s is None else httpx.Timeout(timeout_s)
        try:
            response = self._client.request(method, path, json=body, timeout=timeout)
        except httpx.HTTPError as error:
            raise DetectorFault(
                f"{self._url}{path} gave no answer ({type(error).__name__}: {error}); check the control unit"
            ) from error
        if response.is_error:
            asked = "" if body is None else f" of {body['value']!r}"
            raise DetectorFault(
                f"{self._url}{path}: {method}{asked} was refused with HTTP {response.status_code}: {response.text[:300]}"
            )
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError as error:
            raise DetectorFault(f"{self._url}{path} answered what is not JSON: {response.text[:100]!r}") from error


def agrees(wanted: Value, found: object) -> bool:
    """Whether a value reads back as it was set; numbers may be rounded to single precision.

    >>> agrees(0.02, 0.0200000009), agrees(100, 101), agrees("exts", "ints"), agrees(True, 1)
    (True, False, False, False)
    """
    if isinstance(wanted, bool | str) or isinstance(found, bool | str):
        return type(wanted) is type(found) and wanted == found
    if not isinstance(found, int | float):
        return False
    return math.isclose(wanted, found, rel_tol=_RELATIVE_TOLERANCE, abs_tol=1e-12)
