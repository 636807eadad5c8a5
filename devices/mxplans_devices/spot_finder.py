"""A spot finder behind HTTP that works through a series while it is taken."""

from __future__ import annotations

from typing import Any

import httpx
from ophyd import Device
from pydantic import Field

from mxplans.errors import DeviceFault
from mxplans.model.acquisition import FrameSpots, Spot, SpotRequest
from mxplans.model.device_settings import DeviceSettings, HttpUrl, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker


class HttpSpotFinder(Device):
    """Asks `GET /spotfinder/1/series/{id}?from=K` until every frame has an answer.

    Args:
        prefix: Unused, spot finders have a `url`.
        name: Role.
        url: Address of the service.
        timeout_s: Real seconds until a request has failed, from setting to the last frame.
        stall_timeout_s: Real seconds without any new frame until a request has failed.
        http_timeout_s: Real seconds to wait for one answer.
        period_s: Real seconds between two questions.
    """

    class Settings(DeviceSettings):
        """Settings of an `HttpSpotFinder`."""

        url: HttpUrl = Field(description="Address of the service")
        timeout_s: TimeoutS = Field(
            default=1800.0, description="Real seconds until a request has failed, from setting to the last frame"
        )
        stall_timeout_s: TimeoutS = Field(
            default=180.0, description="Real seconds without any new frame until a request has failed"
        )
        http_timeout_s: TimeoutS = Field(default=10.0, description="Real seconds to wait for one answer")
        period_s: TimeoutS = Field(default=0.1, description="Real seconds between two questions")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        url: str,
        timeout_s: float = 1800.0,
        stall_timeout_s: float = 180.0,
        http_timeout_s: float = 10.0,
        period_s: float = 0.1,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._url = url
        self._timeout_s = timeout_s
        self._stall_timeout_s = stall_timeout_s
        self._http_timeout_s = http_timeout_s
        self._period_s = period_s
        self._worker = Worker(self)
        self._frames: tuple[FrameSpots, ...] = ()

    @property
    def frames(self) -> tuple[FrameSpots, ...]:
        """Answers to the last request, in image order; all of them once its Status has ended well."""
        return self._frames

    def set(self, value: SpotRequest) -> FaultStatus:
        """Ask for a series; ends when every frame has an answer."""
        what = f"spots of {value.number_images} frames of series {value.sequence_id}"
        return self._worker.start(lambda task: self._poll(task, value), what, self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Ask no longer."""
        self._worker.interrupt()

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, timeout=self._http_timeout_s, trust_env=False)

    def _poll(self, task: Task, request: SpotRequest) -> None:
        self._frames = ()
        found: dict[int, FrameSpots] = {}
        with self._client() as client:
            while len(found) < request.number_images:
                known = len(found)
                task.until(
                    lambda known=known: self._ask(client, request, found) > known,  # type: ignore[misc]
                    f"{known} frames are analysed and nothing new comes; check the service and that frames are taken",
                    self._stall_timeout_s,
                    self._period_s,
                )
                self._frames = tuple(found[image] for image in sorted(found))

    def _ask(self, client: httpx.Client, request: SpotRequest, found: dict[int, FrameSpots]) -> int:
        """Add what is new; returns how many frames are known."""
        path = f"/spotfinder/1/series/{request.sequence_id}"
        try:
            response = client.get(path, params={"from": _complete_up_to(found)})
            response.raise_for_status()
            answer = response.json()
            if answer["series"] != request.sequence_id:
                raise ValueError(f"it is about series {answer['series']}")
            for frame in _frames(answer):
                found[frame.image] = frame
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise DeviceFault(
                f"{self.name}: {self._url}{path} gave no usable answer ({type(error).__name__}: {error}); "
                "check the service and the sequence id"
            ) from error
        return len(found)


def _complete_up_to(found: dict[int, FrameSpots]) -> int:
    """Last image before the first gap: what comes out of order must not be skipped.

    >>> _complete_up_to({image: FrameSpots(image=image) for image in (1, 2, 4)})
    2
    """
    image = 0
    while image + 1 in found:
        image += 1
    return image


def _frames(answer: Any) -> list[FrameSpots]:
    """Frames of an answer; a spot is [x_px, y_px, intensity, sigma, d_a]."""
    return [
        FrameSpots(
            image=frame["image"],
            spots=tuple(
                Spot(x_px=x, y_px=y, intensity=intensity, sigma=sigma, d_a=d)
                for x, y, intensity, sigma, d in frame["spots"]
            ),
        )
        for frame in answer["frames"]
    ]
