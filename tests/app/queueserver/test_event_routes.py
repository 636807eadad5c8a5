"""Routes of events: where they begin, and how they end."""

import asyncio
import json
from types import SimpleNamespace

import pytest
import websockets
from front_door_bench import OBSERVER, STAFF
from served_queue import item

from mxplans.app.queueserver import routes_events

MOST = 2**63 - 1


@pytest.fixture
def address(door, monkeypatch):
    """Of the WebSocket, which asks the queue server who calls; here it is staff."""
    staff = SimpleNamespace(identities=[SimpleNamespace(id="staff")])
    monkeypatch.setattr(routes_events, "get_current_principal_websocket", lambda websocket, scopes: staff)
    return str(door[0](STAFF).base_url).replace("http", "ws", 1).rstrip("/") + "/mx/events/ws"


@pytest.mark.parametrize("route", ["events", "events/page"])
@pytest.mark.parametrize("after", ["-1", str(MOST + 1), "x"])
def test_a_number_that_no_event_has_is_refused(door, route, after):
    answer = door[0](OBSERVER).get(f"/mx/{route}?after={after}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "after"]


def test_the_largest_number_has_no_event_after_it(door):
    client = door[0](OBSERVER)
    assert client.get(f"/mx/events/page?after={MOST}").json() == {"events": []}
    assert client.get("/mx/events/page?limit=-1").status_code == 422


@pytest.mark.parametrize("last", [str(MOST + 1), "9" * 5000])
def test_a_last_event_that_cannot_have_been_is_refused(door, last):
    answer = door[0](OBSERVER).get("/mx/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["header", "last-event-id"]


def test_a_websocket_goes_on_whatever_the_client_says(door, address):
    door[0](STAFF).post("/mx/items", json=item()).raise_for_status()

    async def follow():
        async with websockets.connect(f"{address}?after=1") as socket:
            await socket.send(b"anything")
            await socket.send("else")
            return [json.loads(await socket.recv())["sequence"] for _ in range(2)]

    assert asyncio.run(follow()) == [2, 3]


def test_a_websocket_ends_when_the_queue_cannot_be_read_any_more(door, address):
    _, desk = door

    async def follow():
        async with websockets.connect(address) as socket:
            desk.store.close()
            with pytest.raises(websockets.ConnectionClosedError) as closed:
                await asyncio.wait_for(socket.recv(), 20)
            return closed.value.rcvd.code

    assert asyncio.run(follow()) == 1011


def test_nothing_is_left_behind_when_a_client_goes(door, address, monkeypatch):
    ended = []

    async def endless(websocket, desk, after):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(after)

    monkeypatch.setattr(routes_events, "_send", endless)

    async def come_and_go():
        async with websockets.connect(f"{address}?after=7"):
            pass
        while not ended:
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(come_and_go(), 20))
    assert ended == [7]
