"""Sessions and their samples at the front door, and a session as MXCuBE sees it."""

from front_door_bench import ALICE, BOB, OBSERVER, STAFF
from mxcube_tasks import collection, sample
from served_queue import item

from mxplans.model import parse_item
from mxplans.queue import Outcome
from mxplans.queue.mxcube import read_queue


def names(client, session=0):
    return [each["name"] for each in client.get("/mx/queue").json()["sessions"][session]["samples"]]


def test_samples_are_added_before_there_are_experiments_for_them(door):
    as_, _ = door
    as_(STAFF).post("/mx/sessions", json={"name": "of-alice", "owner": "alice"}).raise_for_status()
    there = "/mx/sessions/of-alice/samples"
    asked = [{"name": "x1", "location": {"puck": 1, "pin": 2}}, {"name": "x2"}]
    answer = as_(ALICE).post(there, json=asked)
    assert answer.status_code == 201
    assert answer.json()["samples"] == [{"name": "x1", "added": True}, {"name": "x2", "added": True}]
    assert as_(ALICE).post(there, json=asked[:1]).json()["samples"] == [{"name": "x1", "added": False}]
    assert as_(ALICE).post(there, json=[{"name": "x3"}, {"name": "x1"}]).status_code == 409  # at another place
    assert as_(ALICE).post(there, json=[{"name": "../x"}]).status_code == 422
    assert as_(BOB).post(there, json=[{"name": "x4"}]).status_code == 403
    assert as_(STAFF).post("/mx/sessions/nobodys/samples", json=[{"name": "x4"}]).status_code == 409
    assert names(as_(OBSERVER)) == ["x1", "x2"]


def test_a_sample_is_put_elsewhere_and_the_order_follows(door):
    as_, _ = door
    as_(STAFF).post("/mx/sessions", json={"name": "of-alice", "owner": "alice"}).raise_for_status()
    asked = [item(name) for name in ("a", "b", "c")]
    as_(ALICE).post("/mx/items?session=of-alice", json=asked).raise_for_status()
    there = "/mx/sessions/of-alice/samples"
    assert as_(ALICE).post(f"{there}/c/move", json={"to": "before", "of": "b"}).status_code == 200
    assert names(as_(ALICE)) == ["a", "c", "b"]
    assert as_(ALICE).post(f"{there}/a/move").status_code == 200
    assert names(as_(ALICE)) == ["c", "b", "a"]
    first, *_ = as_(ALICE).get("/mx/queue/order").json()["uuids"]
    assert first == asked[2]["experiment"]["uuid"]
    assert as_(BOB).post(f"{there}/a/move", json={"to": "first"}).status_code == 403
    assert as_(ALICE).post(f"{there}/a/move", json={"to": "after", "of": "z"}).status_code == 409
    assert as_(ALICE).post(f"{there}/a/move", json={"to": "up"}).status_code == 422


def test_mxcube_gets_back_what_it_sent_with_how_far_it_is(door):
    as_, desk = door
    tasks = [collection(prefix=name) | {"checked": name != "p3"} for name in ("p1", "p2", "p3")]
    told = as_(STAFF).post("/mx/items", json={"mxcube": [sample(*tasks)]}).json()["items"]
    first, second, third = (each["uuid"] for each in told)
    desk.store.end(first, Outcome.COMPLETED, "", "tester")
    desk.ledger.begin(second)
    answer = as_(OBSERVER).get("/mx/queue/mxcube").json()
    there = answer["1:05"]["tasks"]
    assert [task["parameters"]["prefix"] for task in there] == ["p1", "p2", "p3"]
    assert [(task["state"], task["checked"]) for task in there] == [(4, True), (1, True), (0, False)]
    assert (answer["sample_order"], answer["format_version"]) == (["1:05"], "0.0.1")
    back = read_queue(answer)
    # MXCuBE's tasks have no place for our uuids: what is asked for comes back.
    there = [parse_item(desk.store.item(uuid)["item"]) for uuid in (first, second, third)]
    assert [alone(each) for each in back.items] == [alone(each) for each in there]
    assert list(back.states.values()) == [4, 1]
    assert back.unchecked == {back.items[2].uuid}


def alone(item):
    """What an item asks for, without identities."""
    return item.sample_name, item.location, [sweep.model_copy(update={"uuid": None}) for sweep in item.sweeps]


def test_mxcube_is_told_of_a_session_that_is_not_there_and_of_an_empty_one(door):
    client = door[0](STAFF)
    assert client.get("/mx/queue/mxcube?session=nobodys").status_code == 404
    client.post("/mx/sessions", json={"name": "empty"}).raise_for_status()
    assert client.get("/mx/queue/mxcube?session=empty").json() == {"format_version": "0.0.1"}
