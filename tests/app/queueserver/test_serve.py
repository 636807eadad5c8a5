"""The served queue as a whole: real Redis, real RE manager, real HTTP server, the virtual beamline. Its processes are killed."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys

import httpx
import pytest
import websockets
from served_queue import (
    ROOT,
    ended,
    frames_asked,
    frames_on_disk,
    item,
    processes_of,
    served,
    wait_until,
)

pytestmark = pytest.mark.timeout(240)

END_S = 120.0
WEDGE = 10


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    with served(tmp_path_factory.mktemp("served")) as queue:
        yield queue


@pytest.fixture
def client(queue):
    with queue.client() as client:
        client.post("/queue/start").raise_for_status()
        yield client


def submit(client, *contents):
    answer = client.post("/items", json=list(contents))
    assert answer.status_code == 201, answer.text
    return [each["uuid"] for each in answer.json()["items"]]


def await_end(client, uuids):
    return wait_until(lambda: ended(client, uuids), END_S, "the experiments have ended")


def await_scans(client, uuid, number):
    wait_until(lambda: client.get(f"/items/{uuid}").json()["scansDone"] >= number, END_S, f"{number} scans are done")


def close_to(frames):
    """Omega as the goniometer's encoder tells it."""
    return [(ordinal, pytest.approx(omega, abs=0.01)) for ordinal, omega in frames]


def test_an_experiment_is_collected_in_the_order_asked_for(queue, client):
    asked = item(sweeps=2)
    (uuid,) = submit(client, asked)
    told = await_end(client, [uuid])[uuid]
    assert (told["outcome"], told["imagesDone"], told["scansDone"], told["attempt"]) == ("Completed", 80, 8, 1)
    assert frames_on_disk(queue, uuid) == close_to(frames_asked(asked, WEDGE))


def test_events_tell_of_it_in_order_as_a_stream_and_as_a_websocket(queue, client):
    after = client.get("/queue").json()["sequence"]
    (uuid,) = submit(client, item(images=20))
    kinds, numbers = [], []
    with client.stream("GET", "/events", params={"after": after}, timeout=END_S) as stream:
        for line in stream.iter_lines():
            if line.startswith("data: "):
                event = json.loads(line.removeprefix("data: "))
                numbers.append(event["sequence"])
                kinds += [event["what"]] if event["itemUuid"] == uuid else []
            if kinds[-1:] == ["ended"]:
                break
    assert [kind for kind in kinds if kind != "changed"] == ["added", "started", "progressed", "progressed", "ended"]
    assert numbers == list(range(after + 1, after + 1 + len(numbers)))
    url = queue.state["http_url"].replace("http", "ws", 1) + f"/mx/events/ws?after={after}"
    assert asyncio.run(first_events(url, dict(client.headers), len(numbers))) == numbers


async def first_events(url, headers, number):
    kept = {"Authorization": headers["authorization"]}
    async with websockets.connect(url, additional_headers=kept) as socket:
        return [json.loads(await socket.recv())["sequence"] for _ in range(number)]


def test_nobody_gets_in_without_a_key(queue):
    with httpx.Client(base_url=queue.state["http_url"], timeout=20) as nobody:
        for headers in ({}, {"Authorization": f"ApiKey {'0' * 64}"}, {"Authorization": "ApiKey nothing"}):
            assert nobody.get("/mx/queue", headers=headers).status_code == 401
            assert nobody.post("/mx/items", json=item(), headers=headers).status_code == 401
            assert nobody.get("/api/status", headers=headers).status_code == 401
    url = queue.state["http_url"].replace("http", "ws", 1) + "/mx/events/ws"
    with pytest.raises(websockets.InvalidStatus, match="403"):
        asyncio.run(first_events(url, {"authorization": "ApiKey nothing"}, 1))


def test_an_observer_looks_and_the_stock_interface_takes_no_plans(queue):
    with queue.client("observer") as observer:
        assert observer.get("/queue").status_code == 200
        assert observer.post("/items", json=item()).status_code == 403
    plan = {"item": {"item_type": "plan", "name": "experiment", "kwargs": {"item": item()}}}
    for name in ("observer", "user", "udc", "staff"):
        with queue.client(name) as client:
            assert client.get("/../api/status").status_code == 200
            assert client.post("/../api/queue/item/add", json=plan).status_code == 401
            assert client.post("/../api/script/upload", json={"script": "x = 1"}).status_code == 401
            for control in ("queue/start", "queue/stop", "re/pause", "re/abort", "lock"):
                assert client.post(f"/../api/{control}", json={}).status_code == 401, control


def test_the_folder_is_its_owners_and_no_log_holds_a_secret(queue):
    assert queue.folder.stat().st_mode & 0o077 == 0
    for path in ("keys.json", "serve.json", "queue.sqlite", "run/re_manager.json", "run/http_server.json"):
        assert (queue.folder / path).stat().st_mode & 0o077 == 0, path
    manager = json.loads((queue.folder / "run/re_manager.json").read_text())["network"]
    http = json.loads((queue.folder / "run/http_server.json").read_text())
    secrets = [key["secret"] for key in json.loads((queue.folder / "keys.json").read_text()).values()]
    secrets += [manager["zmq_private_key"], manager["redis_addr"].split("@")[0], *http["authentication"]["secret_keys"]]
    shown = b"".join(path.read_bytes() for path in [queue.folder / "serve.log", *(queue.folder / "logs").iterdir()])
    shown += b"".join(command.encode() for command in processes_of(queue.folder).values())
    assert [secret for secret in secrets if secret.encode() in shown] == []


@pytest.mark.parametrize("victim", ["worker", "manager", "RE manager", "redis", "HTTP server"])
def test_a_killed_process_costs_no_frame_and_no_experiment(queue, client, victim):
    asked = item(sweeps=2, images=60)
    (uuid, following) = submit(client, asked, item(images=20))
    await_scans(client, uuid, 3)
    os.kill(queue.pids[victim], signal.SIGKILL)
    with contextlib.suppress(httpx.TransportError):  # it may be the one that answers
        client.get("/status")
    wait_until(queue._answers, END_S, "the front door is open")
    told = await_end(client, [uuid, following])
    assert [each["outcome"] for each in told.values()] == ["Completed", "Completed"]
    assert frames_on_disk(queue, uuid) == close_to(frames_asked(asked, WEDGE))


def test_all_processes_killed_at_once_cost_no_frame(queue, client):
    asked = item(sweeps=2, images=60)
    (uuid,) = submit(client, asked)
    await_scans(client, uuid, 3)
    for pid in queue.pids.values():
        os.kill(pid, signal.SIGKILL)
    wait_until(queue._answers, END_S, "the front door is open")
    assert await_end(client, [uuid])[uuid]["outcome"] == "Completed"
    assert frames_on_disk(queue, uuid) == close_to(frames_asked(asked, WEDGE))


def test_an_abort_ends_the_experiment_and_leaves_the_rest_waiting(client):
    first, second = submit(client, item(images=400), item(images=20))
    await_scans(client, first, 1)
    client.post("/queue/abort", json={"reason": "wrong crystal"}).raise_for_status()
    told = await_end(client, [first])[first]
    assert (told["outcome"], told["reason"]) == ("Aborted", "wrong crystal")
    wait_until(lambda: client.get("/status").json()["wish"]["mode"] == "stop", END_S, "the queue stands")
    assert client.get(f"/items/{second}").json()["state"] == "waiting"
    client.post("/queue/start").raise_for_status()
    assert await_end(client, [second])[second]["outcome"] == "Completed"


def test_a_pause_halts_between_two_scans_and_a_start_goes_on(queue, client):
    asked = item(sweeps=2, images=100)
    (uuid,) = submit(client, asked)
    await_scans(client, uuid, 2)
    client.post("/queue/pause").raise_for_status()
    execution = lambda: client.get("/status").json()["execution"]["manager"]
    wait_until(lambda: execution() == "paused", END_S, "it is paused")
    assert client.get(f"/items/{uuid}").json()["state"] == "running"
    client.post("/queue/start").raise_for_status()
    assert await_end(client, [uuid])[uuid]["outcome"] == "Completed"
    assert frames_on_disk(queue, uuid) == close_to(frames_asked(asked, WEDGE))


def test_the_example_client_submits_and_follows(queue, client):
    clients = ROOT / "profiles/queueserver/clients"
    for script in ("sync_client.py", "async_client.py"):
        answer = subprocess.run(
            [sys.executable, clients / script, queue.folder, ROOT / "profiles/queueserver/rotation.json"],
            check=False,
            capture_output=True,
            text=True,
            timeout=END_S,
        )
        assert answer.returncode == 0, answer.stderr
        assert '"Completed"' in answer.stdout
    answer = subprocess.run(
        [clients / "submit.sh", queue.folder, ROOT / "profiles/queueserver/rotation.json"],
        check=False,
        capture_output=True,
        text=True,
        timeout=END_S,
    )
    assert answer.returncode == 0, answer.stderr
    assert '"added":true' in answer.stdout


def test_stopped_in_the_middle_nothing_is_left_running_and_it_goes_on_when_served_again(queue, client):
    asked = item(sweeps=2, images=100)
    (uuid,) = submit(client, asked)
    await_scans(client, uuid, 3)
    assert queue.stop() == 0
    assert processes_of(queue.folder) == {}
    queue.start()
    with queue.client() as again:
        told = await_end(again, [uuid])[uuid]
    assert (told["outcome"], told["imagesDone"]) == ("Completed", 200)
    assert frames_on_disk(queue, uuid) == close_to(frames_asked(asked, WEDGE))


def test_a_folder_is_served_once_at_a_time(queue):
    answer = subprocess.run([*queue._command], check=False, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 2
    assert "is served already" in answer.stderr
