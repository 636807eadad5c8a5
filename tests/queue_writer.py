"""A process that writes into a queue file and says what it has been told is done.

`python queue_writer.py <file> <name> <batches>`: after each batch of experiments and each scan, one JSON line.
"""

import itertools
import json
import sys

from queue_support import VISIT, item

from mxplans.queue import Ledger, NewSession, QueueStore

BATCH = 50


def write(path: str, name: str, batches: int) -> None:
    """Add batches of experiments to a sample of one's own; begin the first of each and commit a scan of it."""
    place = (1, 1 + sum(name.encode()) % 16)
    with QueueStore(path) as store, Ledger(path) as ledger:
        store.add_session(NewSession(name=VISIT), name)
        for number in itertools.islice(itertools.count(), batches or None):
            asked = [item(f"{name}-{number}-{each}", f"s-{name}", place) for each in range(BATCH)]
            store.add_items(VISIT, asked, name)
            _say(added=[one.uuid for one in asked])
            first = asked[0].uuid
            key = (str(asked[0].sweeps[0].uuid), 1, 10)
            ledger.begin(first, scans_all=1)
            ledger.begin_scan(first, key, 1, "f")
            ledger.commit(first, key, 1, f"run-{first}", "f")
            _say(committed=[first, *key])
            ledger.finish(first, "Completed")
            _say(finished=first, run_number=ledger.run_number("/data", "p"))


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]))
