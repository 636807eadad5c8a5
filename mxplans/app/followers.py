"""Processes that follow the journal: the archive (Tiled) and the exporter (LIMS).

Each works in a process of its own, so that it can neither delay nor fail a plan, and is started again when it dies: it
goes on where it was.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mxplans.app.services import ServiceProcess
from mxplans.app.session import start_service
from mxplans.errors import MxplansError, ServiceDied
from mxplans.profile import FollowerSection, Profile
from mxplans.profile.lims_settings import filled_plugin

log = logging.getLogger("mxplans")

LOOK_S = 1.0
PATIENCE_S = 60.0
"""Longest pause between two starts of one that dies at once."""
STARTS_AT_END = 3
"""How often one that dies while it catches up at the end is started again."""


class Follower:
    """One such process.

    Args:
        name: For messages and its log.
        section: Of the profile.
        command: Program and arguments, with placeholders.
        known: Placeholders.
        out: The night's folder.

    Raises:
        InvalidProfile: If its port is taken or its command cannot be run.
    """

    def __init__(
        self, name: str, section: FollowerSection, command: tuple[str, ...], known: Mapping[str, str], out: Path
    ) -> None:
        self.name = name
        self._section = section
        self._command = command
        self._known = known
        self._out = out
        self._starts = 1
        self._next_s = 0.0
        self._lock = threading.Lock()
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Number of its process, which changes when it is started again."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether its process has not ended."""
        return self._process.running

    def ready(self, timeout_s: float) -> dict[str, Any]:
        """What it says when it is ready, as the archive where it serves.

        Raises:
            ServiceDied: If it ends first, or is silent for too long.
        """
        return self._process.wait_for("ready", timeout_s)

    def last_words(self) -> str:
        """Last line of its log."""
        return self._process.last_words()

    def look(self, now_s: float) -> bool:
        """Start it again if it has died, ever more patiently; True if so."""
        with self._lock:
            if self._process.running or now_s < self._next_s:
                return False
            log.warning("%s has ended by itself: %s; it is started again", self.name, self._process.last_words())
            self._process.stop(0.0)
            self._next_s = now_s + min(2.0 ** min(self._starts, 60), PATIENCE_S)
            self._starts += 1
            try:
                self._process = self._start()
            except (MxplansError, OSError) as error:
                log.error("%s cannot be started again: %s", self.name, error)
                return False
            return True

    def catch_up(self) -> dict[str, Any] | None:
        """Wait until every document is taken in; what it says then, None if it dies of it, which loses nothing."""
        for _ in range(STARTS_AT_END):
            process = self._process  # whoever looks after it may start another meanwhile
            try:
                process.wait_for("ready", self._section.ready_timeout_s)
                process.tell("flush")
                return process.wait_for("caught-up", self._section.stop_timeout_s)
            except ServiceDied as error:
                log.warning("%s; the journal has every document", error)
                if process.running:
                    return None
                self.look(float("inf"))
        return None

    def ask_to_end(self) -> None:
        """Let it come to its end, without waiting."""
        with self._lock:
            self._process.ask_to_end()

    def stop(self, patience_s: float) -> None:
        """End the process; what it has not done within this time it does when it is started again."""
        with self._lock:
            self._process.stop(min(patience_s, self._section.stop_timeout_s))

    def _start(self) -> ServiceProcess:
        return start_service(self.name, self.name, self._command, self._section.port, self._known, self._out)


@contextlib.contextmanager
def open_followers(
    profile: Profile, known: Mapping[str, str], out: Path, patience_s: float = float("inf")
) -> Iterator[dict[str, Follower]]:
    """Start the followers of a profile, look after them, stop them at the end.

    Args:
        profile: Whose archive and LIMS targets.
        known: Placeholders.
        out: The night's folder.
        patience_s: How long each may take to end, no longer than its section allows.

    Raises:
        InvalidProfile: If one cannot be started, or a target's settings are wrong.
    """
    (out / "logs").mkdir(parents=True, exist_ok=True)
    write_targets(profile, known, out)
    over = threading.Event()
    followers: dict[str, Follower] = {}
    with contextlib.ExitStack() as cleanup:
        if profile.archive is not None:
            followers["archive"] = Follower("archive", profile.archive, profile.archive.arguments, known, out)
            cleanup.callback(followers["archive"].stop, patience_s)
        followers["exporter"] = Follower("exporter", profile.lims, profile.lims.command, known, out)
        cleanup.callback(followers["exporter"].stop, patience_s)
        cleanup.callback(_ask_all_to_end, followers)

        def watch() -> None:
            while not over.wait(LOOK_S):
                for follower in followers.values():
                    follower.look(time.monotonic())

        watcher = threading.Thread(target=watch, name="followers", daemon=True)
        watcher.start()
        cleanup.callback(watcher.join)
        cleanup.callback(over.set)
        yield followers


def _ask_all_to_end(followers: Mapping[str, Follower]) -> None:
    for follower in followers.values():
        follower.ask_to_end()


def write_targets(profile: Profile, known: Mapping[str, str], out: Path) -> None:
    """Check the targets' settings and put them where the exporter and `mxplans lims` find them: `OUT/lims/targets.json`.

    A target that wants to know the goniometer's axes gets those of the profile, unless its settings say others.

    Raises:
        InvalidProfile: If there is no such target, its package is missing, or its settings are wrong.
    """
    told = {
        name: {"type": target.type, "settings": filled_plugin(profile, "targets", name, known)}
        for name, target in profile.lims.targets.items()
    }
    path = out / "lims" / "targets.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".json.partial")
    partial.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)
