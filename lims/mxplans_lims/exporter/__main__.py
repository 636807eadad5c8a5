"""`python -m mxplans_lims.exporter OUT [--follow | --once]`."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.exporter._process import export_once, follow


def main() -> int:
    """Run the exporter; see `mxplans_lims.exporter._process` for how it talks."""
    parser = argparse.ArgumentParser(prog="python -m mxplans_lims.exporter", description=__doc__)
    parser.add_argument("out", type=Path, help="folder of a night")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--follow", action="store_true", help="export the journal as it grows, until standard input ends")
    how.add_argument("--once", action="store_true", help="export what the journal has, and end (the default)")
    parser.add_argument("--limit-s", type=float, default=60.0, help="once: longest time for sending")
    parser.add_argument("--retry-base-s", type=float, default=1.0, help="longest wait after a first failure")
    parser.add_argument("--retry-most-s", type=float, default=300.0, help="longest wait between two tries")
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    logging.getLogger("mxplans_lims").setLevel(logging.INFO)
    backoff = Backoff(options.retry_base_s, options.retry_most_s)
    out = options.out.resolve()
    return follow(out, backoff) if options.follow else export_once(out, backoff, options.limit_s)


if __name__ == "__main__":
    sys.exit(main())
