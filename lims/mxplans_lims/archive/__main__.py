"""`python -m mxplans_lims.archive OUTDIR [--port 0] [--follow]`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path


def main() -> int:
    """Run the archive; see `mxplans_lims.archive._process` for how it talks."""
    parser = argparse.ArgumentParser(prog="python -m mxplans_lims.archive", description=__doc__)
    parser.add_argument("outdir", type=Path, help="folder of a night")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--follow", action="store_true", help="take in OUTDIR/documents.jsonl as it grows")
    options = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    logging.getLogger("mxplans_lims").setLevel(logging.INFO)

    os.environ.setdefault("TILED_RETRY_ATTEMPTS", "2")  # the server is our own: what fails twice fails
    os.environ.setdefault("TILED_RETRY_TIMEOUT", "5")
    from mxplans_lims.archive._process import run

    return run(options.outdir, options.port, follow=options.follow)


if __name__ == "__main__":
    sys.exit(main())
