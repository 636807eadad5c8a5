"""The command `mxplans serve`: everything that a queue needs, until it is told to stop."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import zmq
from rich.console import Console

from mxplans.app.followers import open_followers
from mxplans.app.profile_options import read_ready
from mxplans.app.queueserver.execution import ExecutionQueue
from mxplans.app.queueserver.feeder import Feeder
from mxplans.app.queueserver.group import Group
from mxplans.app.queueserver.keys import make_keys
from mxplans.app.queueserver.places import Places, ServeState, free_ports
from mxplans.app.queueserver.re_manager import PERMISSIONS, STARTUP_MODULE, ManagerClient, ManagerSettings
from mxplans.app.queueserver.redis_server import parse_redis, prefix_of
from mxplans.app.queueserver.supervisor import Supervisor
from mxplans.app.services import check_port
from mxplans.app.session import known_places, open_services
from mxplans.app.unattended import logging_to
from mxplans.errors import InvalidInput
from mxplans.queue import Ledger, QueueStore

WHO = "mxplans serve"
FOLLOWERS_END_S = 2.0
"""What archive and exporter have not done when the queue is stopped they do when it is started again."""


@dataclass(frozen=True)
class ServeOptions:
    """What a queue is served with.

    Attributes:
        profile: Beamline profile.
        out: Folder of the queue; one that was used before goes on.
        shipment: For services that want to know what is in the dewar.
        port: Of the HTTP server, on 127.0.0.1; 0 takes a free one.
        redis: host:port of a Redis that runs already; None starts one.
        startup_module: What the worker imports; None takes ours.
        permissions: User groups of the RE manager; None takes ours.
        given: Values of the command line, in place of the profile's.
    """

    profile: Path
    out: Path
    shipment: Path | None = None
    port: int = 0
    redis: str | None = None
    startup_module: str | None = None
    permissions: Path | None = None
    given: tuple[str, ...] = ()


def serve(options: ServeOptions) -> None:
    """Serve a queue until SIGINT or SIGTERM.

    Raises:
        InvalidInput: If an option or the profile cannot be used, or the folder is served already.
        ServiceDied: If a service of the profile or Redis does not get ready.
        LedgerError: If the queue file cannot be used.
    """
    profile = read_ready(options.profile, options.given)
    redis = parse_redis(options.redis) if options.redis is not None else None
    check_port(options.port, "--port")
    if options.permissions is not None and not options.permissions.is_file():
        raise InvalidInput(f"--permissions {options.permissions}: there is no such file; give one like {PERMISSIONS}")
    os.umask(0o077)
    places = Places(options.out.resolve())
    places.make()
    with contextlib.ExitStack() as cleanup:
        cleanup.enter_context(_only_one(places))
        stop = cleanup.enter_context(_told_to_stop())
        logging_to(places.folder / "serve.log")
        make_keys(places.keys)
        known = known_places(profile, options.profile, places.folder, options.shipment)
        services = cleanup.enter_context(open_services(profile, known, places.folder))
        cleanup.enter_context(open_followers(profile, known, places.folder, FOLLOWERS_END_S))
        public_key, private_key = (key.decode() for key in zmq.curve_keypair())
        state = _state(options, places, known, public_key)

        def manager(redis_address: str) -> ManagerSettings:
            return ManagerSettings(
                control=state.zmq_control,
                info=state.zmq_info,
                redis=redis_address,
                redis_prefix=prefix_of(places.folder),
                private_key=private_key,
                folder=places.run,
                startup_module=options.startup_module or STARTUP_MODULE,
                permissions=(options.permissions or PERMISSIONS).resolve(),
            )

        queue = cleanup.enter_context(QueueStore(places.queue))
        ledger = cleanup.enter_context(Ledger(places.queue, WHO))
        state.write()
        cleanup.callback(places.state.unlink, missing_ok=True)
        group = cleanup.enter_context(Group(state, redis, manager, secrets.token_hex(32)))
        client = cleanup.enter_context(contextlib.closing(ManagerClient(state.zmq_control, public_key)))
        execution = ExecutionQueue(client)
        feeder = Feeder(execution, queue, ledger, places.wish, places.fault)
        Console().print(f"[bold]{profile.name}[/]: {state.http_url}/mx, keys in {places.keys}, Ctrl-C ends it")
        Supervisor(places, group, execution, feeder, services).run(stop)


def _state(options: ServeOptions, places: Places, known: dict[str, str], public_key: str) -> ServeState:
    http, control, info, redis_port = free_ports(4)
    return ServeState(
        folder=places.folder,
        profile=options.profile.resolve(),
        given=options.given,
        shipment=options.shipment.resolve() if options.shipment else None,
        places=known,
        http_url=f"http://127.0.0.1:{options.port or http}",
        zmq_control=f"tcp://127.0.0.1:{control}",
        zmq_info=f"tcp://127.0.0.1:{info}",
        zmq_public_key=public_key,
        redis_port=redis_port,
    )


@contextlib.contextmanager
def _only_one(places: Places) -> Iterator[None]:
    """Hold the folder's lock, which the kernel frees when this process ends."""
    with (places.folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InvalidInput(f"{places.folder} is served already; stop that one, or give another --out") from error
        yield


@contextlib.contextmanager
def _told_to_stop() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()

    def told(number: int, frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
