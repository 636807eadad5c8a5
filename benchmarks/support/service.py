"""The virtual beamline as a process, for measuring it from outside."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[2]
SIM = ROOT / "profiles/sim"
SITES = (SIM, ROOT / "profiles/sim-md3")
PORT = re.compile(r"127\.0\.0\.1:(\d+)")


class Service:
    """`mxplans-sim serve` with the world of a site; `ready_s` seconds from its start to its ready line.

    Args:
        data: Folder for its files.
        options: More options of the command.
        site: Folder with world file and shipment.

    Attributes:
        process: The process.
        ready_s: Real seconds from its start to its ready line.
        facts: What its ready line says.
    """

    def __init__(self, data: Path, *options: str, site: Path = SIM) -> None:
        command = [sys.executable, "-m", "mxplans_sim", "serve", "--world", str(site / "world.yaml")]
        command += ["--shipment", str(site / "shipment.json"), "--data", str(data), *options]
        begin = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout is None:
            raise RuntimeError("the service has no standard output")
        line = self.process.stdout.readline()
        self.ready_s = time.monotonic() - begin
        self.facts: dict[str, Any] = json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def ports(self) -> set[int]:
        """All ports that its ready line names."""
        return {int(number) for fact in self.facts.values() for number in PORT.findall(str(fact))}

    def end(self, timeout_s: float = 20.0) -> int:
        """Close its standard input; returns its exit code."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            code = self.process.wait(timeout_s)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()
        return code
