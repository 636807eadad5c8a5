"""The command `mxplans-sim proxy`."""

import contextlib
import json
import socket
import subprocess
import sys
import time

import pytest

CODE = "from mxplans_sim.servers.proxy.cli import app; app()"


def command(*arguments):
    return [sys.executable, "-c", CODE, *arguments]


def ask_until(client, end):
    """Ask again and again: what comes before the modes take hold goes to the target, which does not answer."""
    client.settimeout(0.2)
    answer, deadline = b"", time.monotonic() + 20
    while not answer.endswith(end):
        assert time.monotonic() < deadline, f"got {answer!r} within 20 s, expected it to end with {end!r}"
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(TimeoutError):
            answer += client.recv(4096) or pytest.fail("closed before it answered")
    return answer


def test_it_passes_breaks_on_a_line_of_input_and_ends_with_its_input():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        target = f"127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(command("--to", target), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with process:
            ready = json.loads(process.stdout.readline())
            host, _, port = ready["proxy_addr"].partition(":")
            with socket.create_connection((host, int(port)), 10) as client:
                accepted, _ = server.accept()
                with accepted:
                    accepted.sendall(b"hello")
                    assert client.recv(5) == b"hello"
                    process.stdin.write(b"nonsense\ngarbage 4\nhttp_status 502\n")
                    process.stdin.flush()
                    answer = ask_until(client, b"on demand\n")
                    assert b"HTTP/1.1 502 " in answer
            process.stdin.close()
            assert process.wait(10) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to", "nowhere"), "allowed are HOST:PORT"),
        (("--to", "127.0.0.1:1", "--mode", "lag"), "knows no mode 'lag'"),
        (("--to", "127.0.0.1:1", "--mode", "slow", "--number", "-2"), "latency_s is -2.0 s"),
    ],
)
def test_it_says_what_is_wrong(arguments, told):
    done = subprocess.run(
        command(*arguments), check=False, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert told in done.stderr
