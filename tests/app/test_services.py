"""Processes of a profile: their messages, their death, their end. Real processes."""

import sys
import threading
import time

import pytest

from mxplans.app.services import ServiceProcess, check_port
from mxplans.errors import InvalidProfile, ServiceDied

READY = "import json, sys; print('noise'); print(json.dumps({'event': 'ready', 'port': 5}), flush=True); "


def service(tmp_path, code):
    return ServiceProcess("thing", [sys.executable, "-c", code], tmp_path / "thing.log")


def test_a_service_says_it_is_ready_and_ends_with_its_standard_input(tmp_path):
    thing = service(tmp_path, READY + "sys.stdin.read()")
    assert thing.wait_for("ready", 20)["port"] == 5
    assert thing.running
    thing.stop(10)
    assert not thing.running


def test_a_service_can_be_told_something(tmp_path):
    thing = service(tmp_path, READY + "print(json.dumps({'event': sys.stdin.readline().strip()}), flush=True)")
    thing.tell("hello")
    assert thing.wait_for("hello", 20)
    thing.stop(10)


def test_a_service_that_dies_early_leaves_its_last_words(tmp_path):
    thing = service(tmp_path, "import sys; print('no detector here', file=sys.stderr); sys.exit(3)")
    with pytest.raises(ServiceDied, match=r"thing ended with exit code 3 before it was ready: no detector here"):
        thing.wait_for("ready", 20)
    thing.stop(1)


def test_a_death_is_noticed_at_once_even_by_who_looks_before_the_reader_has_ended(tmp_path, monkeypatch):
    thing = service(tmp_path, "import sys; sys.exit(sys.stdin.readline())")
    monkeypatch.setattr(threading.Thread, "is_alive", lambda _: True)  # as it is for an instant after the last word
    begun_s = time.monotonic()
    thing.tell("so be it")
    with pytest.raises(ServiceDied, match="so be it"):
        thing.wait_for("ready", 20)
    assert time.monotonic() - begun_s < 15
    monkeypatch.undo()
    thing.stop(1)


def test_a_log_that_somebody_has_put_away_has_no_last_words(tmp_path):
    thing = service(tmp_path, "import sys; print('word ' * 10_000 + '\\nlast', file=sys.stderr)")
    with pytest.raises(ServiceDied, match="it was ready: last; see"):
        thing.wait_for("ready", 20)
    thing.log.unlink()
    assert thing.last_words() == "it left no message"
    thing.stop(1)


def test_a_silent_service_is_given_up(tmp_path):
    thing = service(tmp_path, "import sys; sys.stdin.read()")
    with pytest.raises(ServiceDied, match="silent for 0.2 s"):
        thing.wait_for("ready", 0.2)
    thing.stop(10)


def test_a_service_that_does_not_listen_is_ended_all_the_same(tmp_path):
    thing = service(tmp_path, READY + "import threading; threading.Event().wait()")
    thing.wait_for("ready", 20)
    thing.stop(0.2)
    assert not thing.running


def test_a_program_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InvalidProfile, match="no-such-program cannot be started"):
        ServiceProcess("thing", ["no-such-program"], tmp_path / "thing.log")


def test_port_zero_is_always_free():
    check_port(0, "anywhere")
