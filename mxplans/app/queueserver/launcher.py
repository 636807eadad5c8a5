"""`python -m mxplans.app.queueserver.launcher PARENT COMMAND ...`: become a program that dies with its parent.

A process that its parent's death leaves behind would go on moving hardware. The kernel is asked to kill it instead
(prctl, PR_SET_PDEATHSIG: it holds over exec, but not for children). For a module of Python (`-m NAME ARGUMENTS`) the
processes that it forks are bound to it in the same way.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
from collections.abc import Callable
from typing import TypeAlias

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


Bind: TypeAlias = Callable[[int], None]


def binding() -> Bind:
    """What asks for SIGKILL at the death of a parent, and ends at once if that is dead already.

    Everything that takes a lock is done here: a child that is forked beside running threads could wait for it for ever.
    """
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind(parent: int) -> None:
        if prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed; the queue server needs Linux")
        if os.getppid() != parent:
            os._exit(1)

    return bind


def _bind_forks(bind: Bind) -> None:
    """Every process that this one forks dies with it."""
    parent = [os.getpid()]

    def before() -> None:
        parent[0] = os.getpid()

    os.register_at_fork(before=before, after_in_child=lambda: bind(parent[0]))


def main(arguments: list[str]) -> None:
    """Bind this process to its parent and become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    os.umask(0o077)
    bind = binding()
    bind(parent)
    if command[0] != "-m":
        os.execvp(command[0], command)
    _bind_forks(bind)
    sys.argv = command[1:]
    runpy.run_module(command[1], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
