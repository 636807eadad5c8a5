"""At a terminal: the prompt, Ctrl-C, and the way out, with a plan that was left."""

import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest
from ipython_support import ROOT, left_behind

from mxplans.app.ipython.shell import PAUSED

MXPLANS = str(Path(sys.executable).with_name("mxplans"))
CONTROL = re.compile(rb"\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07]*\x07|\x1b[=>]")
# Without an archive, whose libraries take long to load: nothing is looked up here.
SESSION = ("ipython", "--profile", str(ROOT / "profiles/sim/beamline.yaml"), "--set", "archive=null")
CTRL_C = b"\x03"
ROTATION = "RE(collect.rotation(number_images=3600, image_width_deg=0.1, exposure_s=0.02))"
"""72 s of the beamline's time, 14 s at the speed of the profile: long enough for a busy machine to press keys within."""


class Terminal:
    """A session in a pseudo-terminal, as people have it."""

    def __init__(self, folder):
        self.folder = folder
        self.pid, self._fd = pty.fork()
        if not self.pid:
            environment = {**os.environ, "TERM": "xterm", "IPYTHONDIR": str(folder / "ipython")}
            os.chdir(ROOT)
            os.execve(MXPLANS, [MXPLANS, *SESSION, "--out", str(folder / "out")], environment)
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 180, 0, 0))
        self._told = b""

    def type(self, text):
        os.write(self._fd, text.encode() + b"\r")

    def press(self, key):
        os.write(self._fd, key)

    def until(self, words, timeout_s=60.0):
        """What is shown until these words are, without control sequences."""
        until_s = time.monotonic() + timeout_s
        while words not in self._plain():
            assert time.monotonic() < until_s, f"no {words!r} in:\n{self._plain()[-3000:]}"
            if not self._more(0.5):
                break
        before, found, after = self._plain().partition(words)
        assert found, f"it ended without {words!r}:\n{before[-3000:]}"
        self._told = after.encode()
        return before + found

    def watch(self, seconds):
        """Look at what comes for a while."""
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            self._more(left_s)

    def close(self):
        """Close its window, as people do; its exit code."""
        os.close(self._fd)
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _more(self, timeout_s):
        readable, _, _ = select.select([self._fd], [], [], timeout_s)
        if readable:
            try:
                self._told += os.read(self._fd, 65536)
            except OSError:  # the other end is closed
                return False
        return True

    def _plain(self):
        return CONTROL.sub(b"", self._told).decode(errors="replace")


@pytest.fixture
def terminal(tmp_path):
    made = Terminal(tmp_path)
    yield made
    try:
        os.kill(made.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it has ended, as it should
    os.waitpid(made.pid, 0)


def start(terminal):
    terminal.type(ROTATION)
    terminal.until("images take about 14 s")


def runs_of(folder):
    """How the runs ended, as the journal says it."""
    documents = [json.loads(line) for line in (folder / "out/documents.jsonl").read_text().splitlines()]
    return [document["exit_status"] for name, document in documents if name == "stop"]


@pytest.mark.timeout(120)
def test_ctrl_c_pauses_and_a_closed_window_aborts_safely_and_leaves_nothing(terminal):
    greeting = terminal.until("In [1]: ")
    assert "Virtual beamline; everything goes to" in greeting
    assert "down" not in greeting
    start(terminal)
    terminal.press(CTRL_C)
    terminal.until("A 'deferred pause' has been requested")
    terminal.watch(0.3)  # keys within 0.1 s count as one
    terminal.press(CTRL_C)
    terminal.until(PAUSED[:20])
    terminal.type("%wa fast_shutter")
    terminal.until("Closed")
    terminal.type("%abort")
    terminal.until("abort; runs: ")
    start(terminal)
    assert terminal.close() == 128 + signal.SIGHUP
    assert runs_of(terminal.folder) == ["abort", "abort"]
    log = (terminal.folder / "out/session.log").read_text()
    assert "could not" not in log
    assert "making safe failed" not in log
    assert left_behind(terminal.folder) == []
