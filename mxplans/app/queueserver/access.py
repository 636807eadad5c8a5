"""Who is who for bluesky-httpserver: API keys only, and the group that each name belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from bluesky_httpserver.authentication import Mode
from bluesky_httpserver.database import orm
from bluesky_httpserver.database.core import (
    UninitializedDatabase,
    check_database,
    create_user,
    initialize_database,
)
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from mxplans.app.queueserver.keys import PROVIDER, Key

NOBODY = "observer"
"""Group of a name that stands in no file of keys any more."""


class KeysOnly:
    """An authenticator that knows no passwords. A site that has logins names its own class instead."""

    mode = Mode.password

    async def authenticate(self, username: str, password: str) -> str | None:
        """Nobody gets in this way."""
        return None


class GroupOfUser:
    """Tells the group of each name.

    Args:
        groups: By name.
    """

    def __init__(self, *, groups: Mapping[str, str]) -> None:
        self._groups = dict(groups)

    def get_resource_group(self, username: str) -> str:
        """The group of a name."""
        return self._groups.get(username, NOBODY)


def register_keys(uri: str, keys: Mapping[str, Key]) -> None:
    """Make the server's database say what the file of keys says: hashes only, and no key that the file lacks."""
    engine = create_engine(uri)
    try:
        try:
            check_database(engine)
        except UninitializedDatabase:
            initialize_database(engine)
        with Session(engine) as session:
            session.query(orm.APIKey).delete()
            for name, key in keys.items():
                session.add(_api_key(key, _principal(session, name)))
            session.commit()
    finally:
        engine.dispose()


def _principal(session: Session, name: str) -> Any:
    identity = session.query(orm.Identity).filter_by(id=name, provider=PROVIDER).first()
    return identity.principal if identity is not None else create_user(session, PROVIDER, name)


def _api_key(key: Key, principal: Any) -> Any:
    return orm.APIKey(
        principal_id=principal.id,
        first_eight=key.secret[:8],
        hashed_secret=hashlib.sha256(bytes.fromhex(key.secret)).digest(),
        scopes=["inherit"],
        note="from the file of keys",
    )
