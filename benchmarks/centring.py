"""Centring: loops with light, models and points in three dimensions, crystals with X-rays.

Prints one JSON line for each figure; ends with 1 when a goal is missed. Real images come from a folder of labelled ones
(`--images`, else the one that MXPLANS_OAV names, else ../shared/oav beside the project); without one they are left out.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from support.centring_geometry import centring_geometry
from support.centring_images import detector_speed, labelled_images
from support.centring_mounts import centring_mounts
from support.centring_spots import centring_spots
from support.centring_xray import centring_xray
from support.meter import Meter

PARTS = ("mounts", "images", "geometry", "xray", "spots")
IMAGES = Path(os.environ.get("MXPLANS_OAV", Path(__file__).parents[1] / "../shared/oav"))


def main() -> int:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="Only these; all of them when none is named")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="Of everything that is random")
    parser.add_argument("--mounts", type=int, default=200, help="Random mounts for each seed")
    parser.add_argument("--images", type=Path, default=IMAGES, help="Folder of labelled images")
    parser.add_argument("--um-per-px", type=float, help="Scale of the images, where their names do not tell the zoom")
    asked = parser.parse_args()
    parts = asked.parts or PARTS
    meter = Meter()
    for seed in asked.seeds:
        if "mounts" in parts:
            centring_mounts(meter, seed, asked.mounts)
        if "images" in parts:
            detector_speed(meter, seed)
        if "xray" in parts:
            centring_xray(meter, seed)
        if "spots" in parts:
            centring_spots(meter, seed)
    if "geometry" in parts:
        centring_geometry(meter, asked.seeds)
    if "images" in parts:
        if asked.images.is_dir():
            labelled_images(meter, asked.images, asked.um_per_px)
        else:
            print(f"no images: {asked.images} is no folder; name one with --images", file=sys.stderr)
    return 0 if meter.good else 1


if __name__ == "__main__":
    sys.exit(main())
