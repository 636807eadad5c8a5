"""Opening and ending a session: what takes time goes on at the same time, what is left behind is nothing."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mxplans.app.channel_access import repeater, set_channel_access
from mxplans.app.ipython.processes import Followers, Services
from mxplans.app.session import device_entries, fresh_folder, known_places, running_engine
from mxplans.errors import InvalidProfile
from mxplans.profile import Epics, Profile
from mxplans.profile.class_paths import load_class
from mxplans.profile.entry_points import load_entry_point

if TYPE_CHECKING:
    from rich.console import Console

    from mxplans.app.ipython.session import StaffSession
    from mxplans.model.acquisition import SampleLocation

log = logging.getLogger("mxplans")

NEIGHBOUR = "shipment.json"


@dataclass(frozen=True)
class Opening:
    """What a session is opened with.

    Attributes:
        profile: As read.
        profile_path: Where from.
        out: Folder; where it holds a night or a session already, one beside it is taken.
        shipment: What is in the dewar; None takes `shipment.json` beside the profile, if it is there.
        processes: Whether to start services, archive and exporter.
    """

    profile: Profile
    profile_path: Path
    out: Path
    shipment: Path | None = None
    processes: bool = True

    @property
    def dewar(self) -> Path | None:
        """The shipment that is used."""
        neighbour = self.profile_path.resolve().parent / NEIGHBOUR
        return self.shipment or (neighbour if neighbour.exists() else None)


@contextlib.contextmanager
def open_staff_session(opening: Opening, console: Console) -> Iterator[StaffSession]:
    """Open a session; at the end a plan that has not ended is aborted, and everything that was started is stopped.

    Raises:
        InvalidInput: If the folder or the shipment cannot be used.
    """
    profile, out = opening.profile, fresh_folder(opening.out)
    (out / "logs").mkdir(exist_ok=True)
    known = known_places(profile, opening.profile_path, out, opening.dewar)
    with contextlib.ExitStack() as cleanup:
        services = Services(profile, known, out, opening.processes)
        cleanup.callback(services.stop)
        _load(profile)  # while the services start
        from mxplans.app.ipython.leaving import end_plan
        from mxplans.app.ipython.live import Drawing, LiveView
        from mxplans.app.ipython.session import Parts, StaffSession
        from mxplans.app.ipython.watching import Watch
        from mxplans.app.unattended import logging_to

        logging_to(out / "session.log")
        logging.raiseExceptions = False  # with a full disk each line would be a page at the prompt
        names = _names(opening)
        view = LiveView(console, out / "plots", profile.speed_up)
        followers = Followers(profile, known, out, console.print, opening.processes)
        cleanup.callback(followers.stop)
        journal = load_entry_point("mxplans.records", "journal", "records")(out / "documents.jsonl")
        cleanup.callback(journal.close)
        engine = cleanup.enter_context(running_engine(asyncio.new_event_loop(), **_manners(Drawing(view))))
        services.wait()
        _find_servers(profile, known, cleanup)
        session = StaffSession(Parts(profile, known, out, engine, journal, services, followers, view, names))
        cleanup.callback(session.close)
        view.watch = Watch(console, session.losses)
        for subscriber in (journal, followers, session.catalog, view):
            engine.subscribe(subscriber)
        cleanup.callback(view.draw)
        cleanup.callback(end_plan, engine, console)
        yield session


def _load(profile: Profile) -> None:
    """Import what a session needs, device classes too; what is wrong with one is told when it is made."""
    import IPython.terminal.interactiveshell  # noqa: F401  # loaded for later

    import mxplans.app.ipython.plans.groups
    import mxplans.app.ipython.session  # noqa: F401  # loaded for later

    for role, entry in device_entries(profile).items():
        with contextlib.suppress(InvalidProfile):
            load_class(entry.cls, f"devices.{role}.class")


def _manners(during_task: Any) -> dict[str, Any]:
    """Of the RunEngine: one Ctrl-C pauses at the next checkpoint, two at once; plans give their results."""
    from bluesky.utils import SigintHandler

    return {"context_managers": [SigintHandler], "during_task": during_task, "call_returns_result": True}


def _find_servers(profile: Profile, known: Mapping[str, str], cleanup: contextlib.ExitStack) -> None:
    """Tell the Channel Access client where servers are; without the service that says so, nowhere but here."""
    try:
        set_channel_access(profile.epics, known)
    except InvalidProfile as error:
        log.warning("%s; devices of EPICS are not found", error)
        set_channel_access(Epics(), known)
    if not profile.epics.auto_addr_list:
        cleanup.enter_context(repeater())


def _names(opening: Opening) -> dict[SampleLocation, str]:
    """Of the samples in the dewar."""
    from mxplans.model import build_queue, read_message

    if opening.dewar is None:
        return {}
    usual = opening.profile.experiment
    items = build_queue(read_message(opening.dewar), usual.sweep, usual.strategy)
    return {item.location: item.sample_name for item in items if item.location is not None}
