"""What the archive is asked to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from mxplans.errors import InvalidInput
from mxplans_lims.archive._state import ArchiveState
from mxplans_lims.journal import journal_identity, offset_of_run
from mxplans_lims.secret import Secret

KEY_VARIABLE = "MXPLANS_TILED_API_KEY"


@dataclass(frozen=True)
class Options:
    """Of the command line.

    Attributes:
        outdir: Folder of a night or a queue.
        port: Of an own server on 127.0.0.1; 0 takes a free one.
        follow: Take in the journal as it grows.
        url: Of a server that somebody else runs; None starts an own one.
        api_key_file: Holds the key of that server; None takes it from the environment.
        api_key_env: The variable of the environment.
        from_run: Begin at this run, whatever was taken in before.
        from_start: Begin at the start of the journal.
    """

    outdir: Path
    port: int = 0
    follow: bool = False
    url: str | None = None
    api_key_file: Path | None = None
    api_key_env: str = KEY_VARIABLE
    from_run: str | None = None
    from_start: bool = False

    @property
    def journal(self) -> Path:
        """What is taken in."""
        return self.outdir / "documents.jsonl"

    @property
    def state_path(self) -> Path:
        """Where it stands how far that has come."""
        return self.outdir / "lims" / "tiled_state.json"

    def server_elsewhere(self) -> tuple[str, Callable[[], str]] | None:
        """Address of the server that was asked for, and what reads its key; None for an own server.

        Raises:
            InvalidInput: If the address cannot be one, or holds a secret, which would stand in logs.
        """
        if self.url is None:
            return None
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidInput(f"{self.url} is no address of a Tiled server; give http:// or https:// and its name")
        if parts.username or parts.password or "api_key" in parse_qs(parts.query):
            raise InvalidInput(
                f"the address of the Tiled server at {parts.hostname} holds a secret; put the key into a file "
                f"(--api-key-file) or into the environment ({self.api_key_env})"
            )
        secret = Secret(file=self.api_key_file) if self.api_key_file is not None else Secret(env=self.api_key_env)
        return self.url, secret.read

    def start(self, state: ArchiveState) -> int:
        """Byte offset of the journal to begin at.

        Args:
            state: Of the last start.

        Raises:
            InvalidInput: If the journal does not hold the run that is asked for.
        """
        if self.from_start:
            return 0
        if self.from_run is not None:
            return offset_of_run(self.journal, self.from_run)
        if state.journal and state.journal != journal_identity(self.journal):
            return 0
        size = self.journal.stat().st_size if self.journal.exists() else 0
        return state.position if state.position <= size else 0
