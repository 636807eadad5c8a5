"""Followers that die: at once, for ever, with their log gone, and at the end of a night."""

import sys

import pytest

from mxplans.app.followers import PATIENCE_S, Follower
from mxplans.profile import FollowerSection

READY = "import json, sys; print(json.dumps({'event': 'ready'}), flush=True); "
ANSWERS = "sys.stdin.readline(); print(json.dumps({'event': 'caught-up'}), flush=True); sys.stdin.read()"


@pytest.fixture
def start(tmp_path):
    """Starts a follower whose process runs some lines of Python."""
    (tmp_path / "logs").mkdir()
    started = []

    def follower(code):
        command = (sys.executable, str(tmp_path / "follower.py"))
        (tmp_path / "follower.py").write_text(code)
        section = FollowerSection(command=command, ready_timeout_s=20.0, stop_timeout_s=20.0)
        started.append(Follower("exporter", section, command, {}, tmp_path))
        return started[-1]

    yield follower
    for each in started:
        each.stop(10.0)


def wait_for_death(follower):
    follower._process._process.wait(20)


def test_one_that_dies_at_once_for_days_is_still_started_again(start):
    follower = start("pass")
    wait_for_death(follower)
    follower._starts = 5000  # once a minute
    assert follower.look(1e6) is True
    wait_for_death(follower)
    assert follower.look(1e6 + 0.9 * PATIENCE_S) is False
    assert follower.look(1e6 + 1.1 * PATIENCE_S) is True


def test_one_whose_logs_are_gone_waits_until_they_can_be_written(start, tmp_path, caplog):
    follower = start("pass")
    wait_for_death(follower)
    (tmp_path / "logs" / "exporter.log").unlink()
    (tmp_path / "logs").rmdir()
    assert follower.look(10.0) is False
    assert "cannot be started again" in caplog.text
    (tmp_path / "logs").mkdir()
    assert follower.look(100.0) is True


def test_one_that_somebody_starts_again_while_it_catches_up_is_asked_again(start, tmp_path, monkeypatch):
    """Who looks after it may be quicker than who waits for it."""
    flag = tmp_path / "flag"
    code = READY + f"import pathlib; p = pathlib.Path({str(flag)!r}); e = p.exists(); p.touch(); e or sys.exit(1); "
    follower = start(code + ANSWERS)
    first = follower._process
    wait = first.wait_for

    def slow(event, timeout_s):
        try:
            return wait(event, timeout_s)
        finally:
            if event == "caught-up":
                assert follower.look(1.0)

    monkeypatch.setattr(first, "wait_for", slow)
    assert follower.catch_up() == {"event": "caught-up"}
    assert follower._process is not first
