"""Processes that may not outlive their parent, and Redis as one of them. Real processes."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import redis

from mxplans.app.queueserver.child import Child, alive
from mxplans.app.queueserver.places import free_ports
from mxplans.app.queueserver.re_manager import ManagerSettings, start_manager
from mxplans.app.queueserver.redis_server import own_redis, parse_redis, prefix_of, start_redis, wait_ready
from mxplans.errors import InvalidInput, ServiceDied

WAIT = "import threading; threading.Event().wait()"


def wait_dead(pid):
    for _ in range(100):
        if not alive(pid):
            return True
        threading.Event().wait(0.1)
    return False


def child(tmp_path, *command, stop_s=5.0):
    return Child("thing", [sys.executable, *command], tmp_path / "thing.log", os.environ, stop_s)


def test_it_ends_on_request(tmp_path):
    thing = child(tmp_path, "-c", WAIT)
    assert thing.running
    thing.stop()
    assert not thing.running
    assert not alive(thing.pid)


def test_one_that_does_not_listen_is_killed_with_what_it_started(tmp_path):
    code = (
        "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"print(subprocess.Popen([sys.executable, '-c', {WAIT!r}]).pid, flush=True); {WAIT}"
    )
    thing = child(tmp_path, "-c", code, stop_s=0.2)
    grandchild = None
    while not grandchild:
        threading.Event().wait(0.05)
        grandchild = thing.log.read_text().strip()
    thing.stop()
    assert not thing.running
    assert wait_dead(int(grandchild))


def test_it_dies_with_its_parent_however_that_dies(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from mxplans.app.queueserver.child import Child;"
        f"thing = Child('thing', [sys.executable, '-c', {WAIT!r}], Path({str(tmp_path / 'log')!r}), os.environ);"
        f"print(thing.pid, flush=True); {WAIT}"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.send_signal(signal.SIGKILL)
    assert wait_dead(pid)


def test_what_a_python_module_forks_dies_with_it(tmp_path, monkeypatch):
    (tmp_path / "forking.py").write_text(
        "import os, threading\nif os.fork() == 0:\n    print(os.getpid(), flush=True)\nthreading.Event().wait()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    thing = Child("thing", ["-m", "forking"], tmp_path / "thing.log", os.environ)
    while not (forked := thing.log.read_text().strip()):
        threading.Event().wait(0.05)
    assert alive(int(forked))
    os.kill(thing.pid, signal.SIGKILL)  # the watchdog's death, as it was seen to orphan the worker
    assert wait_dead(int(forked))
    thing.stop()


@pytest.fixture
def address():
    return own_redis(free_ports(1)[0])


def start(tmp_path, address):
    process = start_redis(tmp_path, address, tmp_path / "redis.log", os.environ)
    wait_ready(address, process)
    return process


def test_redis_has_its_data_again_after_a_kill(tmp_path, address):
    process = start(tmp_path, address)
    client = redis.Redis(address.host, address.port, password=address.password)
    client.set("queue", "12")
    client.close()
    process.kill()
    process = start(tmp_path, address)
    client = redis.Redis(address.host, address.port, password=address.password)
    assert client.get("queue") == b"12"
    client.close()
    process.stop()


def test_queues_of_two_folders_do_not_share_their_keys_in_one_redis(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr("mxplans.app.queueserver.re_manager.Child", lambda name, command, *_: commands.append(command))
    prefixes = []
    for name in ("a", "b", "a"):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        settings = ManagerSettings("", "", "127.0.0.1:1", prefix_of(folder), "", folder)
        start_manager(settings, folder / "log", {})
        written = json.loads(Path(commands[-1][-1]).read_text())
        prefixes.append(written["network"]["redis_name_prefix"])
    assert prefixes[0] == prefixes[2] != prefixes[1]


def test_redis_lets_nobody_in_without_its_password_which_others_cannot_read(tmp_path, address):
    process = start(tmp_path, address)
    client = redis.Redis(address.host, address.port)
    with pytest.raises(redis.AuthenticationError):
        client.ping()
    client.close()
    process.stop()
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0


def test_a_redis_that_is_not_there_is_said(address):
    with pytest.raises(ServiceDied, match=f"redis does not answer on 127.0.0.1:{address.port}: is it up"):
        wait_ready(address, None, timeout_s=0.2)


@pytest.mark.parametrize(
    "text", ["6379", "redis://localhost:6379", "localhost", "localhost:0", "localhost:99999", ":1"]
)
def test_only_host_and_port_are_an_address(text):
    with pytest.raises(InvalidInput, match="allowed is HOST:PORT"):
        parse_redis(text)


def test_one_that_even_the_kernel_cannot_end_is_told_and_not_waited_for(tmp_path, monkeypatch, caplog):
    thing = child(tmp_path, "-c", WAIT)
    monkeypatch.setattr("mxplans.app.queueserver.child.KILL_S", 0.1)
    with monkeypatch.context() as deaf:
        deaf.setattr(os, "killpg", lambda group, number: None)  # as for a process that hangs in the kernel
        thing.kill()
    assert f"process {thing.pid}) does not end" in caplog.text
    thing.stop()
    assert not thing.running
