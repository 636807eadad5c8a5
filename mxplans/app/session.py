"""The composition root: from a profile to running services, connected devices and a RunEngine."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mxplans.app.building import build
from mxplans.app.channel_access import repeater, set_channel_access
from mxplans.app.services import ServiceProcess, check_port
from mxplans.app.virtual_time import PLAN_PACKAGES, device_packages, time_keeper
from mxplans.errors import DeviceFault, InvalidInput, InvalidProfile
from mxplans.profile import DeviceEntry, Profile, fill
from mxplans.profile.casting import USUAL_DEVICES
from mxplans.profile.settings import require_settings
from mxplans.roles import OPTIONAL_ROLES, ROLES, Beamline

if TYPE_CHECKING:
    from bluesky import RunEngine
    from bluesky.utils import MsgGenerator

T = TypeVar("T")

CONNECT_TIMEOUT_S = 30.0
WAKE_S = 0.2


@dataclass
class Session:
    """A profile come to life.

    Attributes:
        profile: As read.
        out: Folder that everything is written to.
        beamline: The devices, by role.
        run_engine: Runs the plans; it does not catch Ctrl-C by itself.
        services: Processes of the profile, by name.
    """

    profile: Profile
    out: Path
    beamline: Beamline
    run_engine: RunEngine
    services: dict[str, ServiceProcess] = field(default_factory=dict)

    @property
    def backgrounds(self) -> Path:
        """Folder of on-axis views without a sample: those that sessions before this one have left, and new ones."""
        return self.out / "backgrounds"

    def run(self, plan: MsgGenerator[T]) -> T:
        """Run a plan, and give what it returns; the RunEngine itself gives the uids of its runs."""
        found: list[T] = []

        def keep() -> MsgGenerator[None]:
            found.append((yield from plan))

        self.run_engine(keep())
        return found[0]


@contextlib.contextmanager
def open_session(
    profile: Profile,
    profile_path: Path,
    out: Path,
    shipment: Path | None = None,
    virtual_time: bool = False,
    places: Mapping[str, str] | None = None,
) -> Iterator[Session]:
    """Start the services, connect the devices; stop everything at the end, also after an exception.

    Args:
        profile: What to build.
        profile_path: Where it was read from, for its neighbours.
        out: Folder for all output; made when missing.
        shipment: For services that want to know what is in the dewar.
        virtual_time: Whether to run the services in this process and to jump from event to event.
        places: Placeholders with the addresses of services that run already (`open_services`); none is started then.

    Raises:
        InvalidProfile: If a class, a setting, a placeholder or a port is wrong; a class or a setting before anything is
            started.
        ServiceDied: If a service does not get ready.
        DeviceFault: If a device does not answer.
    """
    require_settings(profile, str(profile_path))
    out = out.resolve()
    (out / "logs").mkdir(parents=True, exist_ok=True)
    known = dict(places) if places is not None else known_places(profile, profile_path, out, shipment)
    with contextlib.ExitStack() as cleanup:
        services: dict[str, ServiceProcess] = {}
        if virtual_time:
            run_engine = _in_virtual_time(profile, known, cleanup)
        else:
            run_engine = cleanup.enter_context(running_engine(asyncio.new_event_loop()))
            if places is None:
                services = cleanup.enter_context(open_services(profile, known, out))
            set_channel_access(profile.epics, known)
            if not profile.epics.auto_addr_list:
                cleanup.enter_context(repeater())
        beamline = build_beamline(profile, known)
        cleanup.callback(disconnect, beamline)
        yield Session(profile, out, beamline, run_engine, services)


@contextlib.contextmanager
def open_services(profile: Profile, known: dict[str, str], out: Path) -> Iterator[dict[str, ServiceProcess]]:
    """Start the processes, one after the other, and stop them at the end.

    Args:
        profile: Whose services.
        known: Placeholders; what the services say joins them.
        out: Folder for all output, with its `logs/`.

    Raises:
        InvalidProfile: If a command or a port is wrong.
        ServiceDied: If one does not get ready.
    """
    services: dict[str, ServiceProcess] = {}
    with contextlib.ExitStack() as cleanup:
        for name, service in profile.services.items():
            process = start_service(f"services.{name}", name, service.command, service.port, known, out)
            cleanup.callback(process.stop, service.stop_timeout_s)
            ready = process.wait_for("ready", service.ready_timeout_s)
            known |= {f"{name}.{key}": str(value) for key, value in ready.items()}
            services[name] = process
        yield services


def _in_virtual_time(profile: Profile, known: dict[str, str], cleanup: contextlib.ExitStack) -> RunEngine:
    """Start what stands for the services in this process; what it says joins `known`."""
    name, opening = time_keeper(profile, known)
    packages = device_packages(profile)
    keeper = cleanup.enter_context(opening)
    keeper.take_over(packages, PLAN_PACKAGES)
    run_engine = cleanup.enter_context(running_engine(keeper.loop))
    keeper.attend(run_engine)
    cleanup.callback(keeper.stop)
    known |= {f"{name}.{key}": str(value) for key, value in keeper.start().items()}
    return run_engine


def known_places(profile: Profile, profile_path: Path, out: Path, shipment: Path | None) -> dict[str, str]:
    """Placeholders that every profile may use."""
    known = {
        "python": sys.executable,
        "profile_dir": str(profile_path.resolve().parent),
        "out": str(out),
        "speed_up": f"{profile.speed_up:g}",
        "shipment": str(shipment.resolve()) if shipment else "",
    }
    return {**known, "data": fill(profile.storage.data, known, "storage.data")}


def fresh_folder(out: Path) -> Path:
    """`out`, or the first of `out-2`, `out-3`, ... that holds no night yet; made when missing.

    Raises:
        InvalidInput: If it cannot be made, or nothing can be written to it.
    """
    folder, number = out, 1
    try:
        while (folder / "documents.jsonl").exists():
            number += 1
            folder = out.with_name(f"{out.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise InvalidInput(f"{folder} cannot be written to: {error.strerror}; give another folder (--out)") from error
    return folder.resolve()


def start_service(
    where: str, name: str, command: tuple[str, ...], port: int, known: Mapping[str, str], out: Path
) -> ServiceProcess:
    """Start one process of the profile; its messages go to `logs/`.

    Raises:
        InvalidProfile: If its port is taken or its command cannot be run.
    """
    check_port(port, f"{where}.port")
    filled = fill(command, {**known, "port": str(port)}, f"{where}.command")
    return ServiceProcess(name, filled, out / "logs" / f"{name}.log")


def build_beamline(profile: Profile, known: Mapping[str, str]) -> Beamline:
    """Make and connect every device.

    Raises:
        InvalidProfile: If a class does not play its role, or a setting is wrong.
        DeviceFault: If a device does not connect.
    """
    entries = device_entries(profile)
    roles = {**ROLES, **OPTIONAL_ROLES}
    devices: dict[str, Any] = {}
    for role, entry in entries.items():
        devices[role] = build(entry, known, f"devices.{role}", name=role)
    for role, device in devices.items():
        _connect(role, device)
        if not isinstance(device, roles[role]):
            raise InvalidProfile(f"devices.{role}: {type(device).__name__} does not play the role; see mxplans.roles")
    return Beamline(**devices)


def device_entries(profile: Profile) -> dict[str, DeviceEntry]:
    """What plays each role: as the profile says, with what is usual where it says nothing."""
    return USUAL_DEVICES | _lims_ids(profile) | profile.devices


def _lims_ids(profile: Profile) -> dict[str, DeviceEntry]:
    """What waits for the identifiers of a LIMS, where the profile wants them before a collection starts."""
    ids = profile.lims.ids_before_collection
    if ids is None:
        return {}
    settings = {
        "outbox": "{out}/lims/outbox.sqlite",
        **ids.model_dump(include={"target", "key", "timeout_s", "otherwise"}),
    }
    return {"lims_ids": DeviceEntry.model_validate({"class": "mxplans_lims.lims_ids:LimsIds", "settings": settings})}


def disconnect(beamline: Beamline) -> None:
    """Close the devices' connections before the servers behind them go."""
    for role in (*ROLES, *OPTIONAL_ROLES):
        destroy = getattr(getattr(beamline, role), "destroy", None)
        if destroy is not None:
            destroy()


def _connect(role: str, device: Any) -> None:
    if not hasattr(device, "wait_for_connection"):
        return
    try:
        device.wait_for_connection(timeout=CONNECT_TIMEOUT_S)
    except TimeoutError as error:
        raise DeviceFault(
            f"{role} did not connect within {CONNECT_TIMEOUT_S:g} s: {error}; is its server up?"
        ) from error


@contextlib.contextmanager
def running_engine(loop: asyncio.AbstractEventLoop, **options: Any) -> Iterator[RunEngine]:
    """A RunEngine on a loop that leaves Ctrl-C to the application, and neither a thread nor a loop behind.

    Args:
        loop: Its own.
        **options: Of the RunEngine, in place of those.
    """
    from bluesky import RunEngine
    from bluesky.utils import DuringTask

    class Polling(DuringTask):
        """Waits in short steps: a signal that another thread's library took is handled between two of them."""

        def block(self, blocking_event: threading.Event) -> None:
            while not blocking_event.wait(WAKE_S):
                pass

    before = set(threading.enumerate())
    engine = RunEngine(loop=loop, **{"context_managers": [], "during_task": Polling(), **options})
    # Others may start at the same time: the first RunEngine of a process brings ophyd's dispatcher to life.
    threads = [
        thread for thread in threading.enumerate() if thread not in before and thread.name == "bluesky-run-engine"
    ]
    try:
        yield engine
    finally:
        loop.call_soon_threadsafe(loop.stop)
        for thread in threads:
            thread.join()
        loop.close()
