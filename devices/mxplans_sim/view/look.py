"""Pictures for a person who looks on: taken beside the beamline's own cameras, so that looking changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

import cv2

from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.servers.simplon.monitor import image
from mxplans_sim.view.preview import png, preview
from mxplans_sim.view.snapshot import frame_name
from mxplans_sim.world.camera import Camera
from mxplans_sim.world.state import World

JPEG_QUALITY = 85
FRAME_EDGE_PX = 512


@dataclass(frozen=True)
class Photo:
    """A picture as a file.

    Attributes:
        name: Tells it from the one before.
        content: Of the file.
    """

    name: str
    content: bytes


class Look:
    """Looks through the cameras without moving their frame counters.

    Args:
        world: What it looks at.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._camera = Camera(world, world.settings.camera, lambda: world.zoom.state, world.camera.controls)

        side = world.side_camera
        self._side = Camera(world, side.settings, lambda: side.level.name, side.controls)

    async def picture(self) -> Photo:
        """What the on-axis camera shows, JPEG; the last picture again while the camera is frozen."""
        return await self._photo(self._camera)

    async def side_picture(self) -> Photo:
        """What the side camera shows, JPEG."""
        return await self._photo(self._side)

    async def _photo(self, camera: Camera) -> Photo:
        picture = await camera.take()
        return Photo(str(picture.number), await self._world.clock.compute(lambda: jpeg(picture.pixels)))


def jpeg(pixels: cv2.typing.MatLike) -> bytes:
    """A picture as a JPEG file."""
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def latest_frame(detector: VirtualDetector) -> Photo | None:
    """The latest frame of the detector for the eye, PNG; None before the first."""
    last = detector.last
    if last is None:
        return None
    return Photo(frame_name(last), png(preview(image(last), FRAME_EDGE_PX)))
