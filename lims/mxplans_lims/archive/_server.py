"""A Tiled server on loopback, with authentication, in a thread."""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import re
import secrets
import socket
import threading
from pathlib import Path
from typing import Any

import uvicorn
from bluesky_tiled_plugins.exporters import json_seq_exporter
from sqlalchemy.ext.asyncio import create_async_engine
from tiled.alembic_utils import UninitializedDatabase, check_database, stamp_head
from tiled.catalog import from_uri as catalog_from_uri
from tiled.catalog.alembic_constants import ALEMBIC_DIR, ALEMBIC_INI_TEMPLATE_PATH
from tiled.catalog.core import ALL_REVISIONS, REQUIRED_REVISION, initialize_database
from tiled.config import Authentication
from tiled.media_type_registration import default_serialization_registry
from tiled.server.app import build_app
from tiled.utils import ensure_specified_sql_driver

from mxplans.errors import InvalidInput, ServiceDied
from mxplans_lims.archive._options import KEY_VARIABLE

log = logging.getLogger(__name__)

KEY_FILE = ".tiled-api-key"
START_TIMEOUT_S = 30.0
# Tiled imports these only when it writes a table or an array, and its minimal-server extra does not bring them.
STORAGE_MODULES = ("adbc_driver_sqlite", "obstore")


def api_key(outdir: Path) -> tuple[str, Path | None]:
    """The key of a night's catalogue and the file it stands in.

    The environment goes first; otherwise the file, made with a random key when missing, readable by its owner only.

    Raises:
        InvalidInput: If the key has characters that Tiled refuses.
    """
    given = os.environ.get(KEY_VARIABLE)
    path = None if given else outdir / KEY_FILE
    if path is None:
        key = given or ""
    else:
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        path.chmod(0o600)
        key = path.read_text().strip()
    if not re.fullmatch("[a-zA-Z0-9]{16,}", key):
        where = path or f"environment variable {KEY_VARIABLE}"
        raise InvalidInput(f"the API key in {where} is not allowed: give 16 or more letters and digits, or remove it")
    return key, path


class CatalogServer:
    """Serves OUTDIR/catalog.db on 127.0.0.1; frames are read from OUTDIR/data only.

    Args:
        outdir: The night's folder.
        port: 0 takes a free one.
        key: Every request must bring it.
    """

    def __init__(self, outdir: Path, port: int, key: str) -> None:
        missing = [name for name in STORAGE_MODULES if importlib.util.find_spec(name) is None]
        if missing:
            raise InvalidInput(
                f"the catalogue cannot store events without {', '.join(missing)}; install adbc-driver-sqlite and obstore"
            )
        try:
            self._socket = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise InvalidInput(
                f"port {port} on 127.0.0.1 cannot be used ({error.strerror}); give another port, or 0 for a free one"
            ) from error
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/api/v1"
        config = uvicorn.Config(
            _app(outdir, key), access_log=False, log_config=None, lifespan="on", timeout_graceful_shutdown=3
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), name="tiled")

    def start(self) -> None:
        """Start serving.

        Raises:
            ServiceDied: If it does not come up.
        """
        self._thread.start()
        if not self._server.up.wait(START_TIMEOUT_S) or not self._server.started:
            self.stop()
            raise ServiceDied(f"the Tiled server was not ready after {START_TIMEOUT_S:g} s; see what it logged before")

    def stop(self) -> None:
        """End it and wait."""
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()


class _Server(uvicorn.Server):
    """Tells when it is up, or that it will not be; leaves signals to the main thread."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        try:
            await super().startup(sockets)
        finally:
            self.up.set()


def _app(outdir: Path, key: str) -> Any:
    data, arrays = outdir / "data", outdir / "catalog_arrays"
    for folder in (data, arrays):
        folder.mkdir(parents=True, exist_ok=True)
    database = f"sqlite:///{outdir / 'catalog.db'}"
    _initialize(database)
    default_serialization_registry.register("BlueskyRun", "application/json-seq", json_seq_exporter)
    catalog = catalog_from_uri(
        database,
        specs=[{"name": "CatalogOfBlueskyRuns", "version": "3.0"}],
        writable_storage=[str(arrays), f"sqlite:///{outdir / 'catalog_tables.db'}"],
        readable_storage=[str(data)],
    )
    return build_app(catalog, authentication=Authentication(single_user_api_key=key, allow_anonymous_access=False))


def _initialize(database: str) -> None:
    """Make the catalogue's tables unless they are there, as `tiled catalog init` does."""
    url = ensure_specified_sql_driver(database)

    async def make() -> bool:
        engine = create_async_engine(url)
        try:
            await check_database(engine, REQUIRED_REVISION, ALL_REVISIONS)
        except UninitializedDatabase:
            await initialize_database(engine)
            return True
        finally:
            await engine.dispose()
        return False

    if asyncio.run(make()):
        stamp_head(ALEMBIC_INI_TEMPLATE_PATH, ALEMBIC_DIR, url)
