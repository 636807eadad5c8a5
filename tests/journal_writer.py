"""Writers of a journal in a process of their own: `python journal_writer.py MODE JOURNAL`, told and telling by lines."""

import json
import os
import random
import resource
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from mxplans_lims.journal import Journal

NOBODY = 65534
LIMIT_BYTES = 20_000


def say(**told: object) -> None:
    print(json.dumps(told), flush=True)


def event(run: str, number: int, size: int = 100) -> dict[str, object]:
    return {
        "uid": f"{run}/{number}",
        "descriptor": run,
        "seq_num": number,
        "time": float(number),
        "data": {"a": "x" * size},
    }


def mortal(path: Path) -> None:
    """For each line of standard input one child, which writes until it is killed and tells what was returned."""
    for line in sys.stdin:
        run = line.strip()
        child = os.fork()
        if not child:
            write_for_ever(path, run)
        say(pid=child)
        os.waitpid(child, 0)
        say(dead=child)


def write_for_ever(path: Path, run: str) -> None:
    sizes = random.Random(run)
    journal = Journal(path)
    journal("start", {"uid": run, "time": 0.0})
    number = 0
    while True:
        number += 1
        journal("event", event(run, number, sizes.choice([10, 1000, 200_000])))
        os.write(1, b"%d\n" % number)


def limited(path: Path) -> None:
    """Write beyond what the system allows a file to have, then be allowed more."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    journal = Journal(path)
    for number in range(300):
        journal("event", event("a", number))
    say(**asdict(journal.state), size=path.stat().st_size)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    journal("event", event("a", 300))
    journal.close()
    say(**asdict(journal.state))


def unwritable(path: Path) -> None:
    """Write as somebody who may not, until somebody else opens the folder."""
    if os.getuid() == 0:
        os.setresuid(NOBODY, NOBODY, NOBODY)
    journal = Journal(path)
    for number in range(3):
        journal("event", event("a", number))
    say(**asdict(journal.state))
    sys.stdin.readline()
    until_well = threading.Event()
    while journal.state.status != "ok":
        until_well.wait(0.05)
    journal.close()
    say(**asdict(journal.state))


def unclosed(path: Path) -> None:
    """End without a word to the journal."""
    Journal(path)("start", {"uid": "a", "time": 1.0})


if __name__ == "__main__":
    {mode.__name__: mode for mode in (mortal, limited, unwritable, unclosed)}[sys.argv[1]](Path(sys.argv[2]))
