"""A request: the images that are to be looked at, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from mxplans_sim.servers.murko.unpickle import Refused, load
from mxplans_sim.world.recent import Image

HEADS = ("crystal", "loop_inside", "loop", "stem", "pin", "foreground")
"""What the network tells apart, in the order of its outputs."""
NEEDED = (
    ("foreground",),
    ("crystal",),
    ("loop_inside",),
    ("loop",),
    ("crystal", "loop"),
    ("crystal", "loop", "stem"),
)
"""The reply is made of these."""
MIN_SIZE_PX = 64
_MOST_PIXELS = 100_000_000
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class NotANotion(KeyError):
    """A description asks for what the network does not know, or leaves out what the reply is made of.

    Args:
        shape: Of the images, which were read well.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(f"the description must hold {', '.join(map(joined, NEEDED))}, made of {', '.join(HEADS)}")
        self.shape = shape


@dataclass(frozen=True)
class Request:
    """What a client wants.

    Attributes:
        images: Each (H, W, 3), all of one size.
        notions: What to describe, each of one head or of several together; None for the bare outputs of the network.
        raw: Whether the outputs are wanted beside the descriptions.
        min_size_px: Smallest object, pixels of the prediction.
    """

    images: tuple[Image, ...]
    notions: tuple[tuple[str, ...], ...] | None
    raw: bool
    min_size_px: int


def read_request(content: bytes) -> Request:
    """Read a request.

    Raises:
        Refused: If it is no pickle, holds what it must not, or lacks images.
        NotANotion: See `read_notions`.
    """
    asked = load(content)
    if not isinstance(asked, dict) or "to_predict" not in asked:
        raise Refused("a request is a dict with the key to_predict")
    size = asked.get("min_size", MIN_SIZE_PX)
    if not isinstance(size, int) or size < 0:
        raise Refused(f"min_size is {size!r}, it must be a whole number of pixels")
    images = read_images(asked["to_predict"])
    description = asked.get("description", False)
    notions = read_notions(description, images[0].shape) if description else None
    return Request(images, notions, bool(asked.get("raw_predictions", False)), size)


def read_notions(description: Any, shape: tuple[int, ...]) -> tuple[tuple[str, ...], ...]:
    """Notions of a description; lists are joined.

    Raises:
        NotANotion: If one is unknown, or a needed one is missing.
        Refused: If it is no list.
    """
    try:
        notions = tuple((item,) if isinstance(item, str) else tuple(item) for item in description)
        known = all(part in HEADS for notion in notions for part in notion)
    except TypeError as error:
        raise Refused(f"the description is {description!r}, it must be a list of notions") from error
    if not known or not set(NEEDED) <= set(notions):
        raise NotANotion(shape)
    return notions


def read_images(given: Any) -> tuple[Image, ...]:
    """Images as arrays or JPEG, one or several of one size. Paths are refused: a client does not choose what is read.

    Raises:
        Refused: If it is anything else.
    """
    match given:
        case bytes() | bytearray():
            images = _decoded([bytes(given)])
        case np.ndarray() if given.ndim == 4:
            images = list(given)
        case np.ndarray():
            images = [given]
        case list() if given and all(isinstance(item, np.ndarray) for item in given):
            images = list(given)
        case list() if given and all(isinstance(item, bytes) for item in given):
            images = _decoded(given)
        case _:
            raise Refused(f"to_predict is a {type(given).__name__}; send an array (N, H, W, 3) or the bytes of a JPEG")
    shapes = {image.shape for image in images}
    if len(shapes) != 1:
        raise Refused(f"{len(images)} images of {len(shapes)} shapes; a request has at least one, all of one shape")
    (shape,) = shapes
    if len(shape) != 3 or shape[2] != 3 or 0 in shape or images[0].dtype != np.uint8:
        raise Refused(f"images of shape {shape} and type {images[0].dtype}; allowed is (H, W, 3) of uint8")
    return tuple(images)


def _decoded(files: Sequence[bytes]) -> list[Image]:
    sizes = [jpeg_size(content) for content in files]
    pixels = sum(width * height for width, height in sizes)
    if not 0 < pixels <= _MOST_PIXELS:
        raise Refused(f"JPEG of {pixels} pixels; allowed are {_MOST_PIXELS} in a request")
    return [_decoded_one(content) for content in files]


def _decoded_one(content: bytes) -> Image:
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error as error:
        raise Refused(f"a JPEG that cannot be decoded: {error}") from error
    if image is None:
        raise Refused("bytes that begin like a JPEG and are none")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height that a JPEG claims, without decoding it.

    Raises:
        Refused: If it is none.
    """
    at = 2
    while content[:2] == b"\xff\xd8" and at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if marker in _FRAME_HEADERS:
            height, width = (int.from_bytes(content[at + k : at + k + 2], "big") for k in (5, 7))
            return width, height
        at += 1 if marker == 0xFF else 2 + length
    raise Refused(f"{len(content)} bytes that are no JPEG; send JPEG or arrays")


def joined(notion: tuple[str, ...]) -> str:
    """Key of a notion in a reply.

    >>> joined(("crystal", "loop"))
    'crystal,loop'
    """
    return ",".join(notion)
