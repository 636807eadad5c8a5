"""Giving modules another time: their names `time`, `threading`, `httpx` and `socket` lead elsewhere for a while."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType, SimpleNamespace


@contextlib.contextmanager
def taken_over(
    packages: Sequence[str], instead: Mapping[str, SimpleNamespace], spared: Sequence[str] = ()
) -> Iterator[None]:
    """Replace modules by others, in the names of all loaded modules of some packages, under whatever alias.

    Args:
        packages: Names of packages or modules; what is below belongs to them.
        instead: By name of the module that is replaced.
        spared: Modules that are left as they are.
    """
    replaced: list[tuple[ModuleType, str, ModuleType]] = []
    originals = {id(sys.modules[name]): stand_in for name, stand_in in instead.items() if name in sys.modules}
    try:
        for name, module in list(sys.modules.items()):
            if module is None or name in spared or not _within(name, packages):
                continue
            for alias, value in list(vars(module).items()):
                if isinstance(value, ModuleType) and id(value) in originals:
                    setattr(module, alias, originals[id(value)])
                    replaced.append((module, alias, value))
        yield
    finally:
        for module, alias, value in replaced:
            setattr(module, alias, value)


def _within(name: str, packages: Sequence[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
