"""The RE manager: its process, and a client that waits for nobody for long."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zmq

from mxplans.app.queueserver.child import Child
from mxplans.app.queueserver.private_files import write_private
from mxplans.errors import BeamlineFault

STARTUP_MODULE = "mxplans.app.queueserver.startup"
PERMISSIONS = Path(__file__).with_name("permissions.yaml")
USER, GROUP = "mxplans", "udc"
"""Who puts our items on the execution queue."""

ANSWER_S = 3.0
STATUS_S = 1.0
"""For the status, which is asked for all the time."""


class ManagerSilent(BeamlineFault):
    """The RE manager did not answer in time."""


class ManagerRefused(BeamlineFault):
    """The RE manager answered that it will not do it, and why."""


@dataclass(frozen=True)
class ManagerSettings:
    """What an RE manager is started with.

    Attributes:
        control: ZMQ address that takes commands.
        info: ZMQ address that says what goes on.
        redis: As the manager takes it.
        redis_prefix: Of the names of its keys; two managers with the same one would share a queue.
        private_key: Of the CURVE encryption of commands.
        folder: For its configuration and its list of plans.
        startup_module: What the worker imports.
        permissions: File with the user groups.
    """

    control: str
    info: str
    redis: str
    redis_prefix: str
    private_key: str
    folder: Path
    startup_module: str = STARTUP_MODULE
    permissions: Path = PERMISSIONS


def start_manager(settings: ManagerSettings, log: Path, environment: Mapping[str, str]) -> Child:
    """Start watchdog and manager; the worker comes with the environment.

    Args:
        settings: Written to a file of the owner's, since arguments can be read by everybody on the machine.
        log: Of all three.
        environment: Of all three.
    """
    configuration = settings.folder / "re_manager.json"  # JSON is YAML
    write_private(
        configuration,
        {
            "network": {
                "zmq_control_addr": settings.control,
                "zmq_private_key": settings.private_key,
                "zmq_info_addr": settings.info,
                "zmq_publish_console": True,
                "redis_addr": settings.redis,
                "redis_name_prefix": settings.redis_prefix,
            },
            "worker": {"use_ipython_kernel": False},
            "startup": {
                "startup_module": settings.startup_module,
                "existing_plans_and_devices_path": str(settings.folder / "existing_plans.yaml"),
                "user_group_permissions_path": str(settings.permissions),
            },
            "operation": {
                # At NORMAL it would print its configuration, password and key included.
                "console_logging_level": "QUIET",
                "print_console_output": True,
                "update_existing_plans_and_devices": "ENVIRONMENT_OPEN",
                "user_group_permissions_reload": "ON_STARTUP",
            },
        },
    )
    command = ["-m", "mxplans.app.queueserver.manager_process", "--config", str(configuration)]
    return Child("RE manager", command, log, environment)


class ManagerClient:
    """Asks the RE manager, one question at a time.

    Args:
        address: Its control address.
        public_key: Of its encryption.
        answer_s: How long to wait for an answer.
    """

    def __init__(self, address: str, public_key: str, answer_s: float = ANSWER_S) -> None:
        self._address = address
        self._server_key = public_key.encode()
        self._answer_ms = round(answer_s * 1000)
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] | None = None
        self._public, self._secret = zmq.curve_keypair()

    def status(self) -> dict[str, Any]:
        """How the manager does.

        Raises:
            ManagerSilent: If it does not say so soon.
        """
        return self._ask("status", {}, round(STATUS_S * 1000))

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One question, one answer.

        Raises:
            ManagerSilent: If there is no answer in time; it may have been done nevertheless.
            ManagerRefused: If the answer is no.
        """
        return self._ask(method, parameters, self._answer_ms)

    def _ask(self, method: str, parameters: dict[str, Any], answer_ms: int) -> dict[str, Any]:
        socket = self._open()
        try:
            socket.send(json.dumps({"method": method, "params": parameters}).encode())
            if not socket.poll(answer_ms):
                raise ManagerSilent(f"RE manager: no answer to {method} within {answer_ms / 1000:g} s")
            answer: dict[str, Any] = json.loads(socket.recv())
        except zmq.ZMQError as error:
            self._drop()
            raise ManagerSilent(f"RE manager: {method} could not be sent: {error}") from error
        except ManagerSilent:
            self._drop()  # a REQ socket that waits for an answer takes no further question
            raise
        if answer.get("success") is False:
            raise ManagerRefused(f"RE manager: {method} refused: {answer.get('msg') or 'no reason given'}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._drop()
        self._context.term()

    def _open(self) -> zmq.Socket[bytes]:
        if self._socket is None:
            socket = self._context.socket(zmq.REQ)
            socket.linger = 0
            socket.sndtimeo = self._answer_ms
            socket.curve_serverkey = self._server_key
            socket.curve_publickey = self._public
            socket.curve_secretkey = self._secret
            socket.connect(self._address)
            self._socket = socket
        return self._socket

    def _drop(self) -> None:
        if self._socket is not None:
            self._socket.close(linger=0)
            self._socket = None


def plan_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item of ours as the execution queue takes it."""
    return {"item_type": "plan", "name": "experiment", "kwargs": {"item": dict(item)}}


def uuid_of(content: Mapping[str, Any]) -> str | None:
    """Our identity of an item; the execution queue's own changes whenever it is put back."""
    experiment = content.get("experiment")
    found = experiment.get("uuid") if isinstance(experiment, Mapping) else None
    return found if isinstance(found, str) else None
