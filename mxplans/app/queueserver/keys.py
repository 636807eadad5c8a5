"""API keys: who they stand for, made at the first start, kept in a file that only its owner may read."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field

from mxplans.app.queueserver.private_files import read_private, write_private
from mxplans.errors import InvalidInput

PROVIDER = "mxplans"
Group: TypeAlias = Literal["staff", "user", "udc", "observer"]
GROUPS: tuple[Group, ...] = get_args(Group)


class Key(BaseModel):
    """One key, under the name of whom it stands for."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    group: Group
    secret: str = Field(pattern=r"^[0-9a-f]{64}$", description="32 bytes in hexadecimal")


def new_key(group: Group) -> Key:
    """A key that nobody can guess."""
    return Key(group=group, secret=secrets.token_hex(32))


def make_keys(path: Path) -> Mapping[str, Key]:
    """The keys of a file; one for each group is made where there is no file.

    Raises:
        InvalidInput: If it is no file of keys.
    """
    if not path.exists():
        write_private(path, {group: new_key(group).model_dump() for group in GROUPS})
    return read_keys(path)


def read_keys(path: Path) -> Mapping[str, Key]:
    """The keys of a file, by name.

    Raises:
        InvalidInput: If it is no file of keys, or others may read it.
    """
    content = read_private(path)
    if content is None:
        raise InvalidInput(
            f'{path} is no file of keys; allowed is JSON such as {{"alice": {{"group": "user", "secret": …}}}}'
        )
    if path.stat().st_mode & 0o077:
        raise InvalidInput(f"{path} can be read by others; make it the owner's alone: chmod 600")
    try:
        return {name: Key.model_validate(entry) for name, entry in content.items()}
    except ValueError as error:
        raise InvalidInput(f"{path}: {error}") from None
