"""Run as a program: migrates hostile folders within bounds that the system holds, and measures what it takes.

`python profile_breaker.py each SOURCE...` migrates each to `result` beside it. `python profile_breaker.py break SOURCE
FILE` breaks FILE, below SOURCE, at every 100th byte and migrates the folder each time: cut there, that byte taken out,
that byte made another one. One JSON line each says what the command said and left, the last one how much memory the
process had at most.
"""

import json
import resource
import shutil
import sys
from pathlib import Path

from typer.testing import CliRunner

from mxplans.app.cli import app
from mxplans.errors import InvalidInput

MEMORY_MB = 300
CPU_S = 50
"""A hang is ended by the system after this time."""
STEP = 100


def migrate(source):
    """What the command says: an error of ours ends it with 2, as the command's entry point does."""
    result = CliRunner().invoke(app, ["profile", "migrate", str(source), str(source.with_name("result"))])
    error = None if isinstance(result.exception, SystemExit) else result.exception
    ours = isinstance(error, InvalidInput)
    return {
        "code": 2 if ours else result.exit_code,
        "said": f"{result.stderr}{error if ours else ''}",
        "raised": None if ours or error is None else repr(error),
    }


def broken(content):
    """(how, at, content) of each way."""
    for at in range(0, len(content), STEP):
        yield "cut", at, content[:at]
        yield "byte out", at, content[:at] + content[at + 1 :]
        yield "byte changed", at, content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


def break_and_migrate(source, name):
    """Tell each way."""
    whole = (source / name).read_bytes()
    for how, at, content in broken(whole):
        (source / name).write_bytes(content)
        told = migrate(source)
        beside = sorted(path.name for path in source.parent.iterdir())
        print(json.dumps({"how": how, "at": at, "beside": beside, **told}), flush=True)
        shutil.rmtree(source.with_name("result"), ignore_errors=True)


def peak_mb():
    """Of this process since it began; what `getrusage` tells counts the process that started it as well."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_MB << 20, MEMORY_MB << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    if sys.argv[1] == "each":
        for site in sys.argv[2:]:
            print(json.dumps(migrate(Path(site))))
    else:
        break_and_migrate(Path(sys.argv[2]), sys.argv[3])
    print(json.dumps({"memory_mb": peak_mb()}))
