"""Documents to Tiled and LIMS: `python benchmarks/lims.py [journal|fold|replay|kills ...] [--kills 100]`, all without a name.

What is killed: the plan process, the exporter, the archive; MariaDB, ICAT's broker, ingester and REST server are away for
two minutes each meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TILED_RETRY_ATTEMPTS", "2")
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # the servers that tests start

from support import fold_bench, ispyb_bench, journal_bench
from support.lims_kills import AWAY_S, kills
from support.meter import Meter

MEASURED = {"journal": journal_bench.measure, "fold": fold_bench.measure, "replay": ispyb_bench.measure}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    names = [*MEASURED, "kills"]
    parser.add_argument("parts", nargs="*", choices=[[], *names], help="all without a name")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--away", type=float, default=AWAY_S, help="s that each server is away")
    options = parser.parse_args()
    meter = Meter()
    for name in options.parts or names:
        if name == "kills":
            kills(meter, options.kills, away_s=options.away)
            continue
        for figure in MEASURED[name]():
            meter.figure(**figure)
    sys.exit(0 if meter.good else 1)
