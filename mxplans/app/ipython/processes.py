"""Services of a profile that may fail to start, and followers that start behind the prompt."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mxplans.app.followers import Follower, open_followers
from mxplans.app.ipython.connecting import said
from mxplans.app.services import ServiceProcess
from mxplans.app.session import start_service
from mxplans.errors import InvalidInput, MxplansError, ServiceDied
from mxplans.profile import Profile

NOT_ASKED_FOR = "not started (--no-services)"
ARCHIVE_S = 60.0
"""Real seconds in which an archive must serve: its libraries take long to load on a busy machine."""
AGAIN_S = 5.0
"""Real seconds in which an archive that died is started again, unless it dies over and over."""
LOOK_S = 0.1
END_S = 30.0
"""Real seconds for what is left when the session ends."""


class Services:
    """Processes of the profile, started one after the other in a thread: later ones may use what earlier ones say.

    One that does not start leaves its reason, and the others go on.

    Args:
        profile: Whose services.
        known: Placeholders; what the services say joins them.
        out: Folder of the session, with its `logs/`.
        wanted: False starts none.

    Attributes:
        problems: Reasons by name.
    """

    def __init__(self, profile: Profile, known: dict[str, str], out: Path, wanted: bool = True) -> None:
        self.problems: dict[str, str] = {} if wanted else dict.fromkeys(profile.services, NOT_ASKED_FOR)
        self._profile = profile
        self._known = known
        self._out = out
        self._running: dict[str, ServiceProcess] = {}
        self._over = False
        self._thread = threading.Thread(target=self._start_all, name="services", daemon=True)
        if wanted:
            self._thread.start()

    def wait(self) -> None:
        """Until each is ready or has failed."""
        if self._thread.ident is not None:
            self._thread.join()

    def states(self) -> dict[str, str]:
        """What there is to say of each."""
        return {name: self.problems.get(name) or self._state(name) for name in self._profile.services}

    @property
    def down(self) -> frozenset[str]:
        """Names of those that do not run."""
        return frozenset(self.problems) | {name for name, process in self._running.items() if not process.running}

    def stop(self) -> None:
        """End all of them, also those that are still starting."""
        self._over = True
        for name, process in reversed(self._running.items()):
            process.stop(self._profile.services[name].stop_timeout_s)
        self.wait()

    def _start_all(self) -> None:
        for name, service in self._profile.services.items():
            if self._over:
                return
            try:
                started = start_service(f"services.{name}", name, service.command, service.port, self._known, self._out)
                self._running[name] = started
                ready = started.wait_for("ready", service.ready_timeout_s)
            except (MxplansError, OSError) as error:  # OSError: its log cannot be written
                self.problems[name] = said(error)
            else:
                self._known |= {f"{name}.{key}": str(value) for key, value in ready.items()}

    def _state(self, name: str) -> str:
        process = self._running.get(name)
        if process is None:
            return "starting"
        return f"runs, process {process.pid}" if process.running else f"has ended by itself: {process.last_words()}"


class Followers:
    """Archive and exporter. They start when there is time, or something for them: they read the journal, nothing is lost.

    Args:
        profile: Whose archive and targets.
        known: Placeholders, complete.
        out: Folder of the session.
        tell: Is told, in words, why the end takes a while.
        wanted: False never starts them.
    """

    def __init__(
        self,
        profile: Profile,
        known: Mapping[str, str],
        out: Path,
        tell: Callable[[str], None],
        wanted: bool = True,
    ) -> None:
        self._opened = contextlib.ExitStack()
        self._profile = profile
        self._known = known
        self._out = out
        self._tell = tell
        self._wanted = wanted
        self._lock = threading.Lock()
        self._never = threading.Event()
        self._found: Mapping[str, Follower] = {}
        self._problem: str | None = None
        self._thread = threading.Thread(target=self._start, name="start of followers", daemon=True)

    def start(self) -> None:
        """Start them unless they are, without waiting."""
        with self._lock:
            if self._wanted and self._thread.ident is None:
                self._thread.start()

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take one document: now there is something for them."""
        if name == "start":
            self.start()

    @property
    def names(self) -> tuple[str, ...]:
        """Which there are by the profile."""
        return ("exporter",) if self._profile.archive is None else ("archive", "exporter")

    def states(self) -> dict[str, str]:
        """What there is to say of each."""
        if self._thread.ident is None:
            return dict.fromkeys(self.names, "starts with the first run" if self._wanted else NOT_ASKED_FOR)
        told = dict.fromkeys(self.names, self._problem or "starting")
        for name, follower in self._found.items():
            running = f"runs, process {follower.pid}"
            told[name] = running if follower.running else f"has ended: {follower.last_words()}"
        return told

    @property
    def down(self) -> frozenset[str]:
        """Names of those that do not run."""
        if self._problem is not None or not self._wanted:
            return frozenset(self.names)
        return frozenset(name for name, follower in self._found.items() if not follower.running)

    def archive(self) -> Mapping[str, Any]:
        """What the archive says when it serves.

        Raises:
            InvalidInput: If there is none.
            ServiceDied: If it does not.
        """
        if self._profile.archive is None:
            raise InvalidInput("the profile has no archive, so there is no catalogue; add its section `archive`")
        if not self._wanted:
            raise ServiceDied(f"the archive was {NOT_ASKED_FOR}; start the session without that option")
        self.start()
        self._thread.join()
        if self._problem is not None:
            raise ServiceDied(f"the archive did not start: {self._problem}")
        archive = self._found["archive"]
        for _ in range(int(AGAIN_S / LOOK_S)):
            if archive.running:
                break
            self._never.wait(LOOK_S)  # until who looks after it has started it again, at another address
        return archive.ready(ARCHIVE_S)

    def stop(self) -> None:
        """End them; what they have not done by then is done when they run for this folder again."""
        if self._thread.ident is not None:
            self._thread.join()
            take = "takes" if len(self.names) == 1 else "take"
            self._tell(f"{' and '.join(self.names)} {take} in what is left, for up to {END_S:g} s ...")
            self._opened.close()

    def _start(self) -> None:
        try:
            opened = open_followers(self._profile, self._known, self._out, END_S)
            self._found = self._opened.enter_context(opened)
        except (MxplansError, OSError) as error:
            self._problem = said(error)
