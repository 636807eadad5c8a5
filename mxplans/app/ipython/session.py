"""A session for people: everything of a profile that can be had, and the reason of everything that cannot."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bluesky import RunEngine

from mxplans.app.ipython.beamline import StaffBeamline
from mxplans.app.ipython.catalog import Catalog
from mxplans.app.ipython.connecting import Connected, connect_all, connect_one, let_go, said
from mxplans.app.ipython.desk import Desk
from mxplans.app.ipython.live import LiveView
from mxplans.app.ipython.processes import Followers, Services
from mxplans.app.ipython.readings import LOST, read_roles
from mxplans.app.ipython.stand_in import is_there
from mxplans.app.ipython.status import Status, free_gb, only_in_memory, sample_of
from mxplans.app.session import device_entries
from mxplans.centring.detection import Backgrounds
from mxplans.errors import MxplansError
from mxplans.model.acquisition import SampleLocation
from mxplans.profile import Profile
from mxplans.profile.entry_points import load_entry_point
from mxplans.udc import MountedSample


@dataclass
class Parts:
    """What a session is made of.

    Attributes:
        profile: As read.
        known: Placeholders.
        out: Its folder.
        run_engine: Runs the plans.
        journal: Takes every document.
        services: Processes of the profile.
        followers: Archive and exporter.
        view: Live tables and plots.
        names: Of samples in the dewar, by place.
    """

    profile: Profile
    known: Mapping[str, str]
    out: Path
    run_engine: RunEngine
    journal: Any
    services: Services
    followers: Followers
    view: LiveView
    names: Mapping[SampleLocation, str]


class StaffSession:
    """Connects the devices and holds what plans by hand work with.

    Args:
        parts: Of it.

    Attributes:
        bl: The beamline.
        desk: What plans are bound to.
        catalog: Of the archive.
        namespace: What is typed; made by the shell, kept up when a device is connected anew.
    """

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._entries = device_entries(parts.profile)
        self.connected = connect_all(self._entries, parts.known)
        self.bl = StaffBeamline(self.connected, self.status, self._reconnect, parts.view.console)
        sample = MountedSample(Backgrounds.kept_in(parts.out / "backgrounds"))
        self.desk = Desk(self.bl, parts.profile, parts.out, sample, parts.names)
        self.catalog = Catalog(parts.followers.archive)
        self.namespace: dict[str, Any] = {}

    def status(self) -> Status:
        """How everything does now."""
        parts = self.parts
        roles = read_roles(self.connected.values())
        told = parts.followers.states()
        records = {name: " ".join([text, _detail(name, parts.out)]).strip() for name, text in told.items()}
        memory = only_in_memory(parts.journal.state)
        return Status(
            title=parts.profile.name,
            roles=roles,
            sample=sample_of(roles, self.desk.sample.name),
            engine=parts.run_engine.state,
            services=parts.services.states(),
            records={"journal": memory or "takes every document"} | records,
            problems=parts.services.down | parts.followers.down | ({"journal"} if memory else set()),
            out=parts.out,
            free_gb=free_gb(parts.out),
        )

    def losses(self) -> dict[str, str]:
        """What was there and is not any more, by name, as far as that is known without asking anybody."""
        services = self.parts.services.states()
        found = {name: services[name] for name in self.parts.services.down}
        if memory := only_in_memory(self.parts.journal.state):
            found["journal"] = memory
        there = (one for one in self.connected.values() if is_there(one.device))
        return found | {one.role: LOST for one in there if not getattr(one.device, "connected", True)}

    def close(self) -> None:
        """Let go of devices and catalogue."""
        self.catalog.close()
        for one in self.connected.values():
            let_go(one.device)

    def _reconnect(self, role: str) -> Connected:
        let_go(self.connected[role].device)
        connected = connect_one(role, self._entries[role], self.parts.known)
        self.connected[role] = connected
        if role in self.namespace:
            self.namespace[role] = connected.device
        return connected


def _detail(name: str, out: Path) -> str:
    """What a follower last wrote down of itself, as far as people want to know."""
    try:
        return _archive_detail(out) if name == "archive" else _exporter_detail(out)
    except (MxplansError, OSError, ValueError) as error:
        return said(error)


def _archive_detail(out: Path) -> str:
    path = out / "lims" / "tiled_state.json"
    if not path.exists():
        return ""
    told = json.loads(path.read_text(encoding="utf-8"))
    away = f", away since {told['away_since']}: {told['last_error']}" if told.get("away_since") else ""
    failed = f", {len(told['failed'])} refused" if told.get("failed") else ""
    return f"({told.get('pending_runs', 0)} runs wait{failed}{away})"


def _exporter_detail(out: Path) -> str:
    path = out / "lims" / "outbox.sqlite"
    if not path.exists():
        return ""
    with contextlib.closing(load_entry_point("mxplans.records", "outbox", "records")(path)) as outbox:
        targets = outbox.statuses()
    told = (f"{one.name} {one.state}, {one.done} sent, {one.pending} wait, {one.dead} given up" for one in targets)
    return f"({'; '.join(told)})" if targets else ""
