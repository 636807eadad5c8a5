"""The front door alone: what it takes, what it edits, and from whom. The queue behind it stands still."""

import json
import uuid

from front_door_bench import ALICE, BOB, OBSERVER, STAFF, UDC, change
from mxcube_tasks import collection, sample
from served_queue import ROOT, item

from mxplans.model import QueueItem
from mxplans.queue import digest_of


def uuid_of(content):
    return content["experiment"]["uuid"]


def test_an_item_is_put_on_the_queue_and_found_there(door):
    as_, _ = door
    asked = item(sweeps=2)
    answer = as_(STAFF).post("/mx/items", json=asked)
    assert answer.status_code == 201
    assert answer.json()["items"] == [{"uuid": uuid_of(asked), "sample": "here", "added": True}]
    found = as_(OBSERVER).get(f"/mx/items/{uuid_of(asked)}").json()
    assert (found["state"], found["numberImages"], found["committed"]) == ("waiting", 80, {})
    (session,) = as_(OBSERVER).get("/mx/queue").json()["sessions"]
    assert session["samples"][0]["experiments"][0]["uuid"] == uuid_of(asked)


def test_putting_it_there_twice_changes_nothing_and_other_content_under_its_uuid_is_a_conflict(door):
    as_, _ = door
    asked = item()
    as_(STAFF).post("/mx/items", json=asked)
    assert as_(STAFF).post("/mx/items", json=asked).json()["items"][0]["added"] is False
    other = {**asked, "sweeps": [{**asked["sweeps"][0], "numberImages": 41}]}
    answer = as_(STAFF).post("/mx/items", json=other)
    assert answer.status_code == 409
    assert "other content" in answer.json()["detail"]


def test_an_experiment_without_uuid_gets_one_and_is_told(door):
    as_, _ = door
    asked = item()
    del asked["experiment"]["uuid"]
    (told,) = as_(STAFF).post("/mx/items", json=[asked]).json()["items"]
    assert uuid.UUID(told["uuid"]).version == 4
    assert as_(STAFF).get(f"/mx/items/{told['uuid']}").status_code == 200


def test_a_message_of_mxlims_makes_one_item_per_pin(door):
    as_, desk = door
    answer = as_(STAFF).post("/mx/items", content=(ROOT / "profiles/sim/shipment.json").read_bytes())
    assert answer.status_code == 201
    assert len(answer.json()["items"]) == len(desk.store.order()) > 1


def test_a_kind_that_has_no_plan_is_refused_with_the_reason(door):
    asked = {**item(), "sweeps": []}
    asked["experiment"]["extensions"]["mxplans.example.org"] = {"kind": "xrf_spectrum", "countTimeS": 1.0}
    answer = door[0](STAFF).post("/mx/items", json=asked)
    assert answer.status_code == 422
    assert "no plan for XRF" in answer.json()["detail"][0]["msg"]


def test_an_observer_may_look_and_nothing_else(door):
    as_, _ = door
    asked = item()
    as_(STAFF).post("/mx/items", json=asked)
    one = f"/mx/items/{uuid_of(asked)}"
    client = as_(OBSERVER)
    assert client.get(one).status_code == 200
    refused = [
        client.post("/mx/items", json=item()),
        client.patch(one, json={"enabled": False}),
        client.delete(one),
        client.post(f"{one}/copy"),
        client.post("/mx/queue/start"),
        client.post("/mx/queue/stop"),
        client.post("/mx/sessions", json={"name": "mine"}),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert "guest is of group observer" in refused[0].json()["detail"]


def test_users_work_in_their_own_session_only(door):
    as_, _ = door
    for name in ("alice", "bob"):
        as_(STAFF).post("/mx/sessions", json={"name": f"of-{name}", "owner": name}).raise_for_status()
    asked = item()
    assert as_(BOB).post("/mx/items?session=of-alice", json=asked).status_code == 403
    assert as_(ALICE).post("/mx/items?session=nobodys", json=asked).status_code == 403
    assert as_(ALICE).post("/mx/items?session=of-alice", json=asked).status_code == 201
    assert as_(BOB).delete(f"/mx/items/{uuid_of(asked)}").status_code == 403
    assert as_(BOB).post("/mx/queue/start").status_code == 403  # hers is next
    assert as_(ALICE).post("/mx/queue/start").status_code == 200
    assert as_(BOB).post("/mx/queue/pause").status_code == 200  # nobody is refused a stop
    assert as_(ALICE).patch(f"/mx/items/{uuid_of(asked)}", json={"priority": 1}).status_code == 403
    assert as_(ALICE).delete(f"/mx/items/{uuid_of(asked)}").status_code == 200


def test_whether_a_user_may_is_decided_without_reading_the_whole_tree(door, monkeypatch):
    as_, desk = door
    as_(STAFF).post("/mx/sessions", json={"name": "of-alice", "owner": "alice"}).raise_for_status()
    monkeypatch.setattr(desk.store, "snapshot", None)
    asked = item()
    assert as_(ALICE).post("/mx/items?session=of-alice", json=asked).status_code == 201
    assert as_(BOB).delete(f"/mx/items/{uuid_of(asked)}").status_code == 403
    assert as_(ALICE).delete("/mx/sessions/nobodys").status_code == 404


def test_items_are_edited_and_the_order_follows(door):
    as_, _ = door
    client = as_(STAFF)
    first, second, third = (item(name) for name in ("a", "b", "c"))
    client.post("/mx/items", json=[first, second, third]).raise_for_status()
    order = lambda: client.get("/mx/queue/order").json()["uuids"]
    assert order() == [uuid_of(each) for each in (first, second, third)]
    assert client.patch(f"/mx/items/{uuid_of(third)}", json={"priority": 1}).json()["priority"] == 1
    assert order()[0] == uuid_of(third)
    client.patch(f"/mx/items/{uuid_of(first)}", json={"enabled": False}).raise_for_status()
    assert uuid_of(first) not in order()
    made = client.post(f"/mx/items/{uuid_of(second)}/copy", json={"to": "first"}).json()
    assert order()[1:] == [made["uuid"], uuid_of(second)]
    client.post(f"/mx/items/{made['uuid']}/move", json={"to": "after", "of": uuid_of(second)}).raise_for_status()
    assert order()[1:] == [uuid_of(second), made["uuid"]]
    longer = {**second, "sweeps": [{**second["sweeps"][0], "numberImages": 50}]}
    changed = client.patch(f"/mx/items/{uuid_of(second)}", json={"item": longer}).json()
    assert changed["numberImages"] == 50
    client.delete(f"/mx/items/{uuid_of(second)}").raise_for_status()
    assert client.get(f"/mx/items/{uuid_of(second)}").status_code == 404


def test_a_copy_does_not_bring_the_priority_along(door):
    as_, _ = door
    as_(STAFF).post("/mx/sessions", json={"name": "of-alice", "owner": "alice"}).raise_for_status()
    asked = item()
    asked["experiment"]["priority"] = 1
    as_(STAFF).post("/mx/items?session=of-alice", json=asked).raise_for_status()
    made = as_(ALICE).post(f"/mx/items/{uuid_of(asked)}/copy").json()
    assert (made["priority"], made["item"]["experiment"].get("priority")) == (None, None)
    assert as_(ALICE).get(f"/mx/items/{uuid_of(asked)}").json()["priority"] == 1


def test_another_uuid_or_a_spoilt_content_does_not_replace_one(door):
    client = door[0](STAFF)
    asked = item()
    client.post("/mx/items", json=asked)
    one = f"/mx/items/{uuid_of(asked)}"
    assert client.patch(one, json={"item": item()}).json()["detail"][0]["loc"] == ["item", "experiment", "uuid"]
    assert client.patch(one, json={"item": change(asked, numberImages=0)}).status_code == 422
    assert client.patch(one, json={"colour": "red"}).status_code == 422
    assert client.get(one).json()["numberImages"] == 40


def test_a_request_is_done_as_a_whole_or_not_at_all(door):
    asked = item()
    client = door[0](STAFF)
    client.post("/mx/items", json=asked).raise_for_status()
    one = f"/mx/items/{uuid_of(asked)}"
    assert client.patch(one, json={"enabled": False, "priority": 0}).status_code == 409
    assert client.get(one).json()["enabled"] is True
    answer = client.post("/mx/items?session=new", json=[item("b"), change(asked, numberImages=41)])
    assert answer.status_code == 409
    assert [session["name"] for session in client.get("/mx/queue").json()["sessions"]] == ["default"]


def test_tasks_of_mxcube_keep_their_order_whether_they_are_switched_on_or_not(door):
    client = door[0](STAFF)
    tasks = [collection(prefix=name) | {"checked": name != "p1"} for name in ("p1", "p2", "p3")]
    client.post("/mx/items", json={"mxcube": [sample(*tasks)]}).raise_for_status()
    (there,) = client.get("/mx/queue?contents=true").json()["sessions"][0]["samples"]
    told = [(each["item"]["sweeps"][0]["prefix"], each["enabled"]) for each in there["experiments"]]
    assert told == [("p1", False), ("p2", True), ("p3", True)]


def test_what_runs_is_neither_removed_nor_changed(door):
    as_, desk = door
    asked = item()
    client = as_(STAFF)
    client.post("/mx/items", json=asked)
    desk.ledger.begin(uuid_of(asked), digest_of(QueueItem.model_validate(asked)))
    one = f"/mx/items/{uuid_of(asked)}"
    answers = [client.delete(one), client.patch(one, json={"enabled": False}), client.post(f"{one}/retry")]
    assert {answer.status_code for answer in answers} == {409}
    assert "running" in answers[0].json()["detail"]


def test_a_dry_run_tells_frames_and_seconds_and_adds_nothing(door):
    as_, desk = door
    (told,) = as_(OBSERVER).post("/mx/dry-run", json=item(sweeps=2)).json()["items"]
    assert told["frames"] == 80
    assert told["seconds"] > 80 * 0.02
    assert told["violations"] == []
    (fast,) = as_(OBSERVER).post("/mx/dry-run", json=change(item(), exposureTime=0.001)).json()["items"]
    assert fast["violations"]
    assert desk.store.order() == ()


def test_events_follow_a_sequence_number(door):
    client = door[0](STAFF)
    client.post("/mx/items", json=item())
    events = client.get("/mx/events/page").json()["events"]
    assert [(event["what"], event["node"]) for event in events] == [
        ("added", "session"),
        ("added", "sample"),
        ("added", "experiment"),
    ]
    assert client.get(f"/mx/events/page?after={events[1]['sequence']}").json()["events"] == events[2:]


def test_wishes_are_kept_with_who_and_why(door):
    as_, _ = door
    assert as_(STAFF).get("/mx/status").json()["wish"]["mode"] == "stop"
    as_(UDC).post("/mx/queue/start").raise_for_status()
    as_(ALICE).post("/mx/queue/stop", json={"reason": "ice on the loop"}).raise_for_status()
    wish = as_(STAFF).get("/mx/status").json()["wish"]
    assert (wish["mode"], wish["who"], wish["reason"]) == ("stop", "alice", "ice on the loop")
    assert as_(STAFF).post("/mx/queue/explode").status_code == 404


def test_an_abort_says_which_experiment_it_ends(door):
    as_, desk = door
    first, second = item("a"), item("b")
    client = as_(STAFF)
    client.post("/mx/items", json=[first, second]).raise_for_status()
    assert client.post("/mx/queue/abort").json()["mode"] == "stop"  # nothing runs
    desk.ledger.begin(uuid_of(first), digest_of(QueueItem.model_validate(first)))
    wish = client.post("/mx/queue/abort", json={"reason": "wrong crystal"}).json()
    assert (wish["mode"], wish["item_uuid"], wish["reason"]) == ("abort", uuid_of(first), "wrong crystal")
    client.post("/mx/queue/start").raise_for_status()
    refused = client.post("/mx/queue/abort", json={"itemUuid": uuid_of(second)})
    assert refused.status_code == 409
    assert "is not running" in refused.json()["detail"]
    assert client.get("/mx/status").json()["wish"]["mode"] == "run"
    assert client.post("/mx/queue/abort", json={"itemUuid": uuid_of(first)}).json()["item_uuid"] == uuid_of(first)
    assert client.post("/mx/queue/pause", json={"itemUuid": uuid_of(first)}).status_code == 422


def test_users_abort_what_is_theirs_only(door):
    as_, desk = door
    for name in ("alice", "bob"):
        as_(STAFF).post("/mx/sessions", json={"name": f"of-{name}", "owner": name}).raise_for_status()
        asked = item(name)
        as_(STAFF).post(f"/mx/items?session=of-{name}", json=asked).raise_for_status()
    desk.ledger.begin(uuid_of(asked), digest_of(QueueItem.model_validate(asked)))  # bob's
    assert as_(ALICE).post("/mx/queue/abort").status_code == 403
    assert as_(BOB).post("/mx/queue/abort").json()["item_uuid"] == uuid_of(asked)


def test_a_queue_of_mxcube_is_taken_and_what_has_no_place_is_told(door):
    client = door[0](STAFF)
    answer = client.post("/mx/items", json={"mxcube": [{"type": "Nothing"}]})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"]


def test_no_answer_shows_a_traceback(door):
    as_, desk = door
    desk.store.close()
    answer = as_(STAFF).get("/mx/queue")
    assert answer.status_code == 503
    assert "Traceback" not in json.dumps(answer.json())
