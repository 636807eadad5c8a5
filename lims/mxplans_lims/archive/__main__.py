"""`python -m mxplans_lims.archive OUTDIR [--follow] [--port 0 | --url URL [--api-key-file FILE]]`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from mxplans_lims.archive._options import KEY_VARIABLE, Options


def main() -> int:
    """Run the archive; see `mxplans_lims.archive._process` for how it talks."""
    options = _options()
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    logging.getLogger("mxplans_lims").setLevel(logging.INFO)

    # Patience is the consumer's, which keeps the order and says why it waits: the library gives up soon.
    os.environ.setdefault("TILED_RETRY_ATTEMPTS", "2")
    os.environ.setdefault("TILED_RETRY_TIMEOUT", "5")
    from mxplans_lims.archive._process import run

    return run(options)


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="python -m mxplans_lims.archive", description=__doc__)
    parser.add_argument("outdir", type=Path, help="folder of a night")
    parser.add_argument("--port", type=int, default=0, help="of an own server on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--follow", action="store_true", help="take in OUTDIR/documents.jsonl as it grows")
    parser.add_argument("--url", help="of a Tiled server that runs already; without it an own one is started")
    parser.add_argument("--api-key-file", type=Path, help="holds the key of that server")
    parser.add_argument(
        "--api-key-env", default=KEY_VARIABLE, help="variable of the environment that holds it, without a file"
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--from-run", help="begin at this run, whatever was taken in before")
    begin.add_argument("--from-start", action="store_true", help="begin at the start of the journal")
    given = parser.parse_args()
    if given.api_key_file and not given.url:
        parser.error("--api-key-file is for a server given by --url; an own one takes its key from OUTDIR")
    return Options(
        given.outdir.resolve(),
        given.port,
        given.follow,
        given.url,
        given.api_key_file,
        given.api_key_env,
        given.from_run,
        given.from_start,
    )


if __name__ == "__main__":
    sys.exit(main())
