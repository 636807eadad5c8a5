"""What the HTTP server is told: addresses, who may do what with the stock interface, our routes."""

from __future__ import annotations

from pathlib import Path

from mxplans.app.queueserver.keys import PROVIDER, read_keys
from mxplans.app.queueserver.places import Places, ServeState
from mxplans.app.queueserver.private_files import write_private

READING = ["read:status", "read:queue", "read:history", "read:resources", "read:monitor", "read:console"]
"""Scopes of the stock interface for everybody: what is put on the queue passes our own routes."""
STAFF = [*READING, "read:config", "write:manager:control"]
"""Staff may replace the worker. What starts, pauses or aborts goes through `/mx/queue` alone, where it is written down who
asked: the supervisor would undo anything else at its next step."""
GROUPS = {"staff": STAFF, "udc": READING, "user": READING, "observer": READING}


def write_http_settings(places: Places, state: ServeState, secret_key: str) -> Path:
    """Write the server's configuration, which holds secrets, for its owner only."""
    address, port = state.http_url.removeprefix("http://").rsplit(":", 1)
    keys = read_keys(places.keys)
    path = places.run / "http_server.json"  # JSON is YAML
    write_private(
        path,
        {
            "qserver_zmq_configuration": {
                "control_address": state.zmq_control,
                "info_address": state.zmq_info,
                "public_key": state.zmq_public_key,
            },
            "server_configuration": {"custom_routers": ["mxplans.app.queueserver.front_door.router"]},
            "authentication": {
                "allow_anonymous_access": False,
                "secret_keys": [secret_key],
                "providers": [
                    {"provider": PROVIDER, "authenticator": "mxplans.app.queueserver.access:KeysOnly", "args": {}}
                ],
            },
            "api_access": {
                "policy": "bluesky_httpserver.authorization:DictionaryAPIAccessControl",
                "args": {
                    "users": {name: {"roles": [key.group]} for name, key in keys.items()},
                    "roles": {name: {"scopes_set": scopes} for name, scopes in GROUPS.items()},
                },
            },
            "resource_access": {
                "policy": "mxplans.app.queueserver.access:GroupOfUser",
                "args": {"groups": {name: key.group for name, key in keys.items()}},
            },
            "database": {"uri": f"sqlite:///{places.folder / 'access.sqlite'}", "pool_pre_ping": True},
            "uvicorn": {"host": address, "port": int(port)},
        },
    )
    return path
