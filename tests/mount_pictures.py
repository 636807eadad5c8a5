"""Pictures of random mounts in the virtual viewer, with the truth beside them."""

from dataclasses import dataclass

import numpy as np
from viewer_support import at_motors, specimen

from mxplans.model.detection import Look, Notion, PinSide
from mxplans_sim.settings.camera import CameraSettings
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.shadow import masks

BEAM_Y_MM = 0.004
CLASSES = ({}, {}, {"iced": True}, {"no_crystal": True}, {"too_long": True}, {"too_short": True}, {"crystals": 3})
LARGE = CameraSettings.model_validate({"width_px": 1360, "height_px": 1024})


@dataclass(frozen=True)
class Picture:
    """What a camera took of a mount, pin on the right, and where its bodies are."""

    look: Look
    truth: dict[str, np.ndarray]

    @property
    def area_um2(self):
        return self.truth["foreground"].sum() * self.look.um_per_px**2

    @property
    def tip_column(self):
        """Of the truth, None where the mount leaves the image there, above, below or in front."""
        mask = self.truth["foreground"]
        column = int(np.flatnonzero(mask.any(axis=0))[0])
        return None if column < 3 or mask[0].any() or mask[-1].any() else column


def mirrored(picture):
    """The same with the pin on the left."""

    def turned(array):
        return None if array is None else np.ascontiguousarray(array[:, ::-1])

    look = picture.look
    side = PinSide.LEFT if look.pin_side is PinSide.RIGHT else PinSide.RIGHT
    return Picture(
        Look(turned(look.image), look.um_per_px, side, turned(look.background)),
        {name: turned(mask) for name, mask in picture.truth.items()},
    )


def picture(seed, exposure=None, settings=ON_AXIS, zoom=None, background=True, **truth):
    """A mount of a seed, turned and shifted by chance; without keywords of any class but an empty one."""
    dice = np.random.default_rng(seed)
    exposure = exposure or Exposure()
    viewer = Viewer(seed, settings)
    level = settings.zooms[int(dice.integers(2)) if zoom is None else zoom]
    placement = at_motors(*dice.uniform(-0.1, 0.1, 3), dice.uniform(0, 360))
    sample = specimen(seed, **(truth or CLASSES[seed % len(CLASSES)]))
    image = viewer.take(sample, placement, level, BEAM_Y_MM, exposure, seed)
    empty = viewer.take(None, placement, level, BEAM_Y_MM, exposure, seed + 1) if background else None
    return Picture(
        Look(image, level.um_per_px, PinSide.RIGHT, empty),
        dict(masks(viewer.shadow(sample, placement, level, BEAM_Y_MM))),
    )


def overlap(found, truth):
    """Intersection over union."""
    return np.count_nonzero(found & truth) / max(np.count_nonzero(found | truth), 1)


def foreground(detection):
    return detection.masks[Notion.FOREGROUND]
