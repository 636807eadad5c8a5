"""The classical detector on labelled images of real samples: where the tip is, what is foreground, how fast."""

from __future__ import annotations

import math
import time
from pathlib import Path

import numpy as np

from mxplans.centring.detection import ClassicalDetector
from mxplans.model.detection import Look, Notion, PinSide
from mxplans_sim.settings.samples import SampleTruth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.seeding import make_specimen
from support.labelled import read_labelled
from support.meter import Meter

TIP_MOST_UM = 30.0
OVERLAP_LEAST = 0.8
REPEATS = 5
LOOKS = 36
LOOK_MOST_MS = 12.0


def labelled_images(meter: Meter, folder: Path, um_per_px: float | None = None) -> None:
    """Figures for each image of a folder in the format of labelme; a tip that is not found is a whole image off.

    Args:
        meter: Prints them.
        folder: Holds NAME.json beside NAME.jpg; no image has a background of its own.
        um_per_px: Scale of all images; by the zoom in their names when None.
    """
    detector = ClassicalDetector()
    images = 0
    for labelled in read_labelled(folder, um_per_px):
        images += 1
        look = Look(labelled.image, labelled.um_per_px, PinSide(labelled.pin_side))
        times_ms = []
        for _ in range(REPEATS):
            begin = time.process_time()
            (found,) = detector.detect([look])
            times_ms.append((time.process_time() - begin) * 1e3)
        tip_um, overlap = labelled.image.shape[1] * labelled.um_per_px, 0.0
        if found.present:
            mask = found.masks[Notion.FOREGROUND]
            union = int(np.count_nonzero(mask | labelled.foreground))
            overlap = int(np.count_nonzero(mask & labelled.foreground)) / union
        if found.tip_px is not None:
            tip_um = math.dist(found.tip_px, labelled.tip_px) * labelled.um_per_px
        meter.figure(f"tip_error {labelled.name}", tip_um, "um", f"<= {TIP_MOST_UM:g}", tip_um <= TIP_MOST_UM)
        meter.figure(f"overlap {labelled.name}", overlap, "IoU", f">= {OVERLAP_LEAST:g}", overlap >= OVERLAP_LEAST)
        meter.figure(f"cpu_time {labelled.name}", float(np.median(times_ms)), "ms (median)")
    meter.figure("labelled_images", images, "images", ">= 1", images >= 1)


def detector_speed(meter: Meter, seed: int) -> None:
    """CPU for each image of a turn that the virtual viewer shows, 680 x 512 px.

    Args:
        meter: Prints the figures.
        seed: Of the mount, dust and noise.
    """
    viewer, zoom, exposure = Viewer(seed), ON_AXIS.zooms[0], Exposure()
    mount = make_specimen(seed, PinInDewar(1, 1, "", (Sample("one", "Lyso"),)), SampleTruth())
    images = []
    for index in range(LOOKS):
        c, s = math.cos(2 * math.pi * index / LOOKS), math.sin(2 * math.pi * index / LOOKS)
        turned = Placement(np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]]), np.zeros(3))
        images.append(viewer.take(mount, turned, zoom, 0.0, exposure, index))
    empty = viewer.take(None, Placement(np.eye(3), np.zeros(3)), zoom, 0.0, exposure, LOOKS)
    for name, background in (("with background", empty), ("without background", None)):
        looks = [Look(image, zoom.um_per_px, PinSide.RIGHT, background) for image in images]
        times_ms = []
        for _ in range(REPEATS):
            begin = time.process_time()
            ClassicalDetector().detect(looks)
            times_ms.append((time.process_time() - begin) * 1e3 / LOOKS)
        look_ms = float(np.median(times_ms))
        meter.figure(f"cpu_per_image {name}", look_ms, "ms", f"<= {LOOK_MOST_MS:g}", look_ms <= LOOK_MOST_MS)
