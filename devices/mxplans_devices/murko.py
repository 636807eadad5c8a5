"""A sample detector that asks a Murko segmentation service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.detection import Detection, Image, Look
from mxplans.model.device_settings import Address, DeviceSettings, TimeoutS
from mxplans_devices._murko_sight import as_jpeg, detection_of, fault_of, not_found, reduced
from mxplans_devices.protocols._murko_reply import Described
from mxplans_devices.protocols.murko import MurkoClient

_REQUEST_BYTES = 64 * 2**20
_MOST_IMAGES = 100


class MurkoDetector:
    """Segments looks with Murko. Its network sees 256 x 320 pixels, so that smaller images lose nothing.

    An image of which the service says nothing, or something that cannot be true, is not found, with the reason; in the
    latter case `evidence["answer_used"]` is False, because it says nothing about the sample.

    Args:
        address: Host and port of the service.
        name: For results and messages.
        send: Arrays of many images in a request, or one JPEG after the other.
        width_px: Wider images are reduced to this; None sends them as they are.
        jpeg_quality: 1 to 100.
        timeout_s: Real seconds to wait for an answer; the first one after a start of the service takes 10 s or more.
        connect_timeout_s: Real seconds until nobody listens there.
        tries: How often to ask before giving up.
        largest_frac: Part of an image beyond which a foreground is not believed.

    Raises:
        InvalidInput: If one of these is not usable.
    """

    class Settings(DeviceSettings):
        """Settings of a `MurkoDetector`."""

        address: Address = Field(description="Host and port of the service")
        name: str = Field(
            default="murko", min_length=1, description="Of a detector among several, for results and messages"
        )
        send: Literal["array", "jpeg"] = Field(
            default="array", description="Arrays of many images in a request, or one JPEG after the other"
        )
        width_px: int | None = Field(
            default=640, ge=320, description="Wider images are reduced to this; None sends them as they are"
        )
        jpeg_quality: int = Field(default=90, ge=1, le=100, description="Of what is sent as JPEG")
        timeout_s: TimeoutS = Field(
            default=20.0,
            description="Real seconds to wait for an answer; the first after a start of the service takes 10 s or more",
        )
        connect_timeout_s: TimeoutS = Field(default=2.0, description="Real seconds until nobody listens there")
        tries: int = Field(default=3, ge=1, description="How often to ask before giving up")
        largest_frac: float = Field(
            default=0.9, gt=0, le=1, description="Part of an image beyond which a foreground is not believed"
        )

    def __init__(
        self,
        address: str,
        *,
        name: str = "murko",
        send: Literal["array", "jpeg"] = "array",
        width_px: int | None = 640,
        jpeg_quality: int = 90,
        timeout_s: float = 20.0,
        connect_timeout_s: float = 2.0,
        tries: int = 3,
        largest_frac: float = 0.9,
    ) -> None:
        if send not in ("array", "jpeg") or not 1 <= jpeg_quality <= 100 or not 0 < largest_frac <= 1:
            raise InvalidInput(
                f"{name}: send is {send!r}, jpeg_quality {jpeg_quality}, largest_frac {largest_frac}; "
                "allowed are array or jpeg, 1 to 100, above 0 to 1"
            )
        if width_px is not None and width_px < 320:
            raise InvalidInput(f"{name}: width_px is {width_px}; give 320 or more, which the network sees, or None")
        self._client = MurkoClient(address, timeout_s=timeout_s, connect_timeout_s=connect_timeout_s, tries=tries)
        self._name = name
        self._send = send
        self._width_px = width_px
        self._quality = jpeg_quality
        self._largest_frac = largest_frac

    @property
    def name(self) -> str:
        """For results and messages."""
        return self._name

    def detect(self, looks: Sequence[Look]) -> Sequence[Detection]:
        """One detection for each look, in their order; takes up to `tries` times `timeout_s` when the service hangs.

        Raises:
            DeviceFault: If the service is away, answers with something else than it should, or with nothing of use for
                any of the looks.
        """
        detections: dict[int, Detection] = {}
        images: dict[int, Image] = {}
        for index, look in enumerate(looks):
            if fault := fault_of(look.image):
                detections[index] = not_found(self._name, fault, answer_used=False)
            else:
                images[index] = reduced(look.image, self._width_px)
        described = {index: each for part in _parts(images, self._send) for index, each in self._ask(part, images)}
        if described and all(each.problem for each in described.values()):
            first = next(iter(described.values())).problem
            raise DeviceFault(
                f"{self._name} at {self._client.address}: no answer for {len(described)} images can be used; the first: "
                f"{first}; check the version of the service, and its log"
            )
        for index, each in described.items():
            detections[index] = detection_of(self._name, each, looks[index], self._largest_frac)
        return [detections[index] for index in range(len(looks))]

    def _ask(self, part: Sequence[int], images: dict[int, Image]) -> Iterator[tuple[int, Described]]:
        stack = np.stack([images[index] for index in part])
        content = as_jpeg(stack[0], self._quality) if self._send == "jpeg" else stack
        height, width = stack.shape[1:3]
        return zip(part, self._client.describe(content, len(part), (height, width)), strict=True)


def _parts(images: dict[int, Image], send: str) -> Iterator[Sequence[int]]:
    """Which images go together: of one size, not too many at a time."""
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for index, image in images.items():
        by_shape.setdefault(image.shape, []).append(index)
    for shape, indices in by_shape.items():
        most = 1 if send == "jpeg" else max(1, min(_MOST_IMAGES, _REQUEST_BYTES // int(np.prod(shape))))
        yield from (indices[begin : begin + most] for begin in range(0, len(indices), most))
