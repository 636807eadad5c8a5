"""Profiles and the way out of XML: `python benchmarks/profile.py [FOLDER]`.

FOLDER holds configurations of MXCuBE at any depth; without it, MXPLANS_MXCUBE_CONFIG or ../shared/mxcube-config is taken.
Prints one JSON line for each figure; ends with 1 when a goal is missed.
"""

from __future__ import annotations

import sys

# This folder comes last, so that libraries that want the standard library's `profile` find that and not this file.
sys.path.append(sys.path.pop(0))

import argparse
import os
from pathlib import Path

from support import profile_migration, profile_times
from support.meter import Meter

DEFAULT = Path(os.environ.get("MXPLANS_MXCUBE_CONFIG", Path(__file__).parents[1] / "../shared/mxcube-config"))

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT, help="with configurations of MXCuBE")
    folder = parser.parse_args().folder.resolve()
    if not folder.is_dir():
        parser.error(f"{folder} is no folder; give one with configurations of MXCuBE, or set MXPLANS_MXCUBE_CONFIG")
    meter = Meter()
    for part in (
        profile_times.loading(),
        profile_times.importing(),
        profile_migration.corpus(folder),
        profile_migration.generated(),
        profile_times.prompt(),
    ):
        for figure in part:
            meter.figure(**figure)
    sys.exit(0 if meter.good else 1)
