"""Secrets stand in a profile by reference only: `{file: /etc/mxplans/password}` or `{env: ISPYB_PASSWORD}`.

What looks like one is refused with its place, and never repeated in a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mxplans.model.device_settings import PLACEHOLDER_PATTERN
from mxplans.profile.places import Finding, Severity
from mxplans.profile.tree import Loc
from mxplans.profile.yaml12 import Mapping, Node, Scalar, Sequence, written

REFERENCES = ("file", "env")
SECRET_NAMES = (
    *("password", "passwords", "passwd", "pwd", "passcode", "passphrase"),
    *("secret", "secrets", "token", "tokens", "credential", "credentials"),
    *("api_key", "apikey", "access_key", "secret_key", "authorization"),
)
HIDDEN = "(not shown)"
_LONGEST = 80
_IN_ADDRESS = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]*:)(?!\d+/)[^\s@]+@")
_ASSIGNED = re.compile(
    r"(?P<before>(?:password|passwd|pwd|passcode|passphrase|secret|token|(?:api|access|secret)[_-]?key|credentials?)="
    r"|\bbearer\s+)[^\s&;{][^\s&;]*",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PLACEHOLDER = re.compile(PLACEHOLDER_PATTERN)


def is_secret(key: str) -> bool:
    """Whether a key holds secrets, by its name or the end of its name.

    >>> [is_secret(key) for key in ("password", "db_password", "API-Key", "secretKey", "api_key_file", "tokens_most")]
    [True, True, True, True, False, False]
    """
    return _HUMP.sub("_", key).lower().replace("-", "_").endswith(SECRET_NAMES)


def veiled(text: str) -> str:
    """A text without the passwords within it.

    >>> veiled("mysql://mx:hunter2@db/ispyb")
    'mysql://mx:...@db/ispyb'
    >>> veiled("http://localhost:8080/a@b")
    'http://localhost:8080/a@b'
    """
    return _ASSIGNED.sub(r"\g<before>...", _IN_ADDRESS.sub(r"\g<before>...@", text))


def shown(loc: Loc, node: Node) -> str:
    """A single value as messages say it; nothing of a secret."""
    if any(isinstance(part, str) and is_secret(part) for part in loc):
        return HIDDEN
    if not isinstance(node, Scalar):
        return "a mapping" if isinstance(node, Mapping) else "a list"
    text = repr(veiled(node.value)) if isinstance(node.value, str) else written(node.value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def plain_secrets(node: Node, loc: Loc = (), within: bool = False) -> Iterator[Finding]:
    """What stands in the open and should not.

    Args:
        node: Where to look, in all its depth.
        loc: Its way.
        within: Whether a key above it, or an option before it as `--password`, holds secrets.
    """
    if isinstance(node, Scalar):
        if within and node.value is not None and not _PLACEHOLDER.fullmatch(node.text):
            yield _refused(node, loc, "holds a secret in plain text")
        elif isinstance(node.value, str) and veiled(node.value) != node.value:
            yield _refused(node, loc, "has a password within its text")
    elif isinstance(node, Sequence):
        before: Node | None = None
        for index, item in enumerate(node.items):
            yield from plain_secrets(item, (*loc, index), within or _is_option(before))
            before = item
    elif not (within and _is_reference(node)):
        for key, value in node:
            if within and isinstance(value, Scalar) and value.value is None and not is_secret(key.text):
                yield _refused(key, loc, "holds a secret in plain text")  # `{abc}` without quotes: a key of its own
            yield from plain_secrets(value, (*loc, key.text), within or is_secret(key.text))


def _is_option(node: Node | None) -> bool:
    """Whether it says of the next word of a command that it is a secret."""
    return isinstance(node, Scalar) and node.text.startswith("-") and is_secret(node.text)


def _is_reference(node: Mapping) -> bool:
    if len(node.items) != 1:
        return False
    key, value = node.items[0]
    return key.text in REFERENCES and isinstance(value, Scalar) and isinstance(value.value, str)


def _refused(node: Node, loc: Loc, what: str) -> Finding:
    return Finding(
        Severity.ERROR,
        node.place,
        f"{'.'.join(map(str, loc))}: {what}, which is {HIDDEN}; allowed is where it stands",
        "write {file: PATH} or {env: NAME}, and change the secret: it was readable here",
    )
