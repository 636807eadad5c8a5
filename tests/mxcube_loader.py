"""MXCuBE's own loader, let loose on a configuration folder; run as a program, in an environment of its own.

`python mxcube_loader.py FOLDER` prints one line of JSON behind `FOUND `: each object by its roles, with its class, its
properties and the commands and channels it was given. Classes are stand-ins, `standins.Plain` in XML, so that nothing
of a beamline is needed.
"""

import json
import sys
from types import ModuleType
from typing import Any

from outside_clients import bare


def stand_in_for_scipy() -> None:
    """MXCuBE takes three constants of nature from scipy, and uses none of them here."""
    package, constants = ModuleType("scipy"), ModuleType("scipy.constants")
    package.__path__ = []  # type: ignore[attr-defined]
    for name in ("c", "e", "h"):
        setattr(constants, name, 1.0)
    sys.modules |= {"scipy": package, "scipy.constants": constants}


def load(folder: str) -> dict[str, Any]:
    stand_in_for_scipy()
    bare("mxcubecore")
    from mxcubecore import HardwareRepository
    from mxcubecore.BaseHardwareObjects import HardwareObject

    class Plain(HardwareObject):  # type: ignore[misc]
        def __init__(self, name: str) -> None:
            super().__init__(name)
            self.calls: list[list[Any]] = []

        def add_command(self, told: Any, target: Any = None, add_now: bool = True) -> None:
            self.calls.append(["command", sorted(map(repr, dict(told).items())), target])

        def add_channel(self, told: Any, target: Any = None, add_now: bool = True) -> None:
            self.calls.append(["channel", sorted(map(repr, dict(told).items())), target])

    package, module = ModuleType("standins"), ModuleType("standins.Plain")
    package.__path__ = []  # type: ignore[attr-defined]
    module.Plain = Plain  # type: ignore[attr-defined]
    sys.modules |= {"standins": package, "standins.Plain": module}
    HardwareRepository.init_hardware_repository(folder)
    found: dict[str, Any] = {}

    def tell(way: str, made: Any) -> None:
        found[way] = {
            "class": type(made).__name__,
            "config": {name: repr(value) for name, value in sorted(made.config.model_dump().items())},
            "calls": sorted(made.calls, key=repr),
        }
        for role, child in {**made._objects_by_role, **made._hwobj_by_role}.items():
            tell(f"{way}/{role}", child)

    tell("beamline", HardwareRepository.beamline)
    return found


if __name__ == "__main__":
    sys.stdout.write(f"\nFOUND {json.dumps(load(sys.argv[1]))}\n")
