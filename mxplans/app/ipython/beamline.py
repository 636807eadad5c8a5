"""`bl`: the beamline of a session, with its status, and devices that can be connected again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from mxplans.app.ipython.connecting import Connected
from mxplans.app.ipython.status import Status, panel
from mxplans.errors import DeviceFault, InvalidInput
from mxplans.roles import OPTIONAL_ROLES, ROLES, Beamline


class StaffBeamline(Beamline):
    """A `Beamline` for every plan, and a few words for people: `bl.status()`, `bl.reconnect("role")`.

    Args:
        connected: By role; a stand-in where there is no device.
        look: Finds out how everything does.
        connect: Makes and connects the device of a role anew; ends what was there.
        console: To print on.
    """

    def __init__(
        self,
        connected: Mapping[str, Connected],
        look: Callable[[], Status],
        connect: Callable[[str], Connected],
        console: Console,
    ) -> None:
        devices = {role: one.device for role, one in connected.items() if role in (*ROLES, *OPTIONAL_ROLES)}
        super().__init__(**devices)
        # The dataclass is frozen for plans, which must not change it; this is its owner.
        object.__setattr__(self, "_look", look)
        object.__setattr__(self, "_connect", connect)
        object.__setattr__(self, "_console", console)

    @property
    def devices(self) -> dict[str, Any]:
        """By role, stand-ins too; optional roles that nobody plays are left out."""
        found = {role: getattr(self, role) for role in (*ROLES, *OPTIONAL_ROLES)}
        return {role: device for role, device in found.items() if device is not None}

    def status(self) -> None:
        """Print how devices, beam, sample, archive, LIMS and disk do. Nothing moves; works while a plan is paused."""
        console: Console = vars(self)["_console"]
        console.print(panel(self.look()))

    def look(self) -> Status:
        """What `status` prints, for programs."""
        look: Callable[[], Status] = vars(self)["_look"]
        return look()

    def reconnect(self, role: str) -> None:
        """Try once more to have the device of a role.

        Args:
            role: As in the profile.

        Raises:
            InvalidInput: If there is no such role.
            DeviceFault: If it cannot be had, with the reason.
        """
        known = self.devices
        if role not in known:
            raise InvalidInput(f"there is no role {role!r}; allowed are {', '.join(known)}")
        connect: Callable[[str], Connected] = vars(self)["_connect"]
        connected = connect(role)
        object.__setattr__(self, role, connected.device)
        if connected.problem is not None:
            raise DeviceFault(f"{role} is still down: {connected.problem}")
        console: Console = vars(self)["_console"]
        console.print(f"{role} is connected")

    def __repr__(self) -> str:
        return f"<beamline with {', '.join(self.devices)}: bl.status() says how they do>"
