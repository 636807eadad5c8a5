"""`python -m mxplans.app.queueserver.http_process SETTINGS`: bluesky-httpserver with our routes in it.

Its own start command would print its settings, secrets included.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn
from bluesky_httpserver.app import build_app
from bluesky_httpserver.config import construct_build_app_kwargs, parse_configs

from mxplans.app.queueserver.access import register_keys
from mxplans.app.queueserver.keys import read_keys
from mxplans.app.queueserver.places import Places, state_from_environment


def main(settings: Path) -> None:
    """Serve until SIGTERM."""
    configuration = parse_configs(settings)
    listening = configuration.pop("uvicorn")
    keys = read_keys(Places(state_from_environment().folder).keys)
    register_keys(configuration["database"]["uri"], keys)
    app = build_app(**construct_build_app_kwargs(configuration, source_filepath=settings))
    # An access log would hold the keys of clients that send them in the query.
    uvicorn.run(app, **listening, access_log=False, log_level="info", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
