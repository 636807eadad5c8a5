"""Processes that a session has started, and the pages and files that it is run with."""

import os
import re
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ENDS_S = 10.0


def started_for(folder):
    """Processes whose command line has a folder in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has just ended
        if int(path.parent.name) != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


def left_behind(folder):
    """The same, when those that have been told to end have had the time for it."""
    until_s = time.monotonic() + ENDS_S
    while started_for(folder) and time.monotonic() < until_s:
        os.sched_yield()
    return started_for(folder)


def page_lines():
    """What the how-to lets people type, line by line."""
    blocks = re.findall(r"```ipython\n(.*?)```", (ROOT / "docs/how-to/ipython.md").read_text(), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]
