"""From the journal into the outbox: each experiment once, live and final, again when asked, whatever goes wrong."""

import json

import pytest
from exporter_support import append
from remote_target import RemoteTarget

from mxplans.errors import DeliveryError
from mxplans_lims.exporter import _exporter as reading
from mxplans_lims.exporter import replay
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.exporter._exporter import LIVE_EVERY_S, Exporter
from mxplans_lims.exporter._targets import Targets
from mxplans_lims.exporter._telling import FOLD, MISCONFIGURED, Teller
from mxplans_lims.exporter._work import Work


class Clock:
    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make(out, outbox, clock):
    """Makes an exporter, as after a start of its process."""

    def exporter(broken=None, **settings):
        target = RemoteTarget("lims", RemoteTarget.Settings(database=out / "lims.sqlite", **settings))
        usable = {} if broken else {"lims": target}
        teller = Teller(Targets(usable, {"lims": broken} if broken else {}), out)
        return Exporter(out / "documents.jsonl", outbox, teller, clock=clock)

    return exporter


def told(outbox, item):
    return {step.key.partition("/")[0]: step.state for step in outbox.steps(item)}


def steps(outbox, item):
    return [(step.key, step.payload) for step in outbox.steps(item)]


FINAL = {"group": "pending", "collection": "pending", "end": "pending"}


def test_without_a_journal_there_is_nothing_to_do(make):
    assert make().read_on() is True


def test_an_experiment_is_told_when_its_run_is_over(out, outbox, make, experiments):
    lines = experiments.lines(1)
    exporter = make()
    append(out, lines[:-1] + [lines[-1][:-3]])
    assert exporter.read_on() is True
    assert (told(outbox, experiments.item(1)), exporter.unfinished) == ({}, True)
    append(out, [lines[-1][-3:]])
    exporter.read_on()
    assert (told(outbox, experiments.item(1)), exporter.unfinished) == (FINAL, False)
    assert exporter.documents == len(lines)


def test_wherever_it_begins_again_the_steps_are_the_same(out, outbox, make, experiments):
    """A new process for each document, reading it twice as if the last note of the position were lost."""
    lines = experiments.lines(1)
    for line in lines:
        append(out, [line])
        make().read_on()
    one = steps(outbox, experiments.item(1))
    append(out, experiments.lines(2))
    replay(out)
    again = make()
    while not again.read_on():
        pass
    assert steps(outbox, experiments.item(1)) == one
    assert told(outbox, experiments.item(2)) == FINAL


def test_a_process_that_dies_between_reading_and_keeping_reads_again(out, outbox, make, experiments, monkeypatch):
    append(out, experiments.lines(1) + experiments.lines(2))
    exporter = make()
    put, failures = outbox.put, [DeliveryError("disk full"), None, DeliveryError("disk full")]

    def fail(*arguments):
        if failures and (error := failures.pop(0)) is not None:
            raise error
        put(*arguments)

    monkeypatch.setattr(outbox, "put", fail)
    for _ in range(2):
        with pytest.raises(DeliveryError):
            exporter.read_on()
    exporter.read_on()
    assert told(outbox, experiments.item(1)) == told(outbox, experiments.item(2)) == FINAL
    assert exporter.documents == 2 * len(experiments.lines(1))


def test_a_transaction_that_fails_keeps_neither_steps_nor_position(out, outbox, make, experiments, monkeypatch):
    append(out, experiments.lines(1))
    write_position = reading._index.write_position

    def fail(*arguments):
        raise DeliveryError("power cut")

    monkeypatch.setattr(
        reading._index,
        "write_position",
        lambda connection, position, now_s: (
            write_position(connection, position, now_s) if position.offset == 0 else fail()
        ),
    )
    with pytest.raises(DeliveryError):
        make().read_on()
    assert told(outbox, experiments.item(1)) == {}
    monkeypatch.undo()
    make().read_on()
    assert told(outbox, experiments.item(1)) == FINAL


def test_a_running_experiment_is_told_of_now_and_then(out, outbox, make, experiments, clock):
    lines = experiments.lines(1)
    item = experiments.item(1)
    stops = [place for place, line in enumerate(lines) if line.startswith(b'["stop"')]
    exporter = make()
    append(out, lines[:5])
    exporter.read_on()
    exporter.look_after()
    assert told(outbox, item) == {"group": "pending"}
    append(out, lines[5 : stops[0] + 1])
    exporter.read_on()
    exporter.look_after()
    assert told(outbox, item) == {"group": "pending"}  # it was told of a moment ago
    clock.now_s += LIVE_EVERY_S
    exporter.look_after()
    assert [step.key.partition("/")[0] for step in outbox.steps(item)] == ["group", "collection"]
    append(out, lines[stops[0] + 1 :])
    exporter.read_on()
    assert told(outbox, item) == FINAL


def test_the_beginning_of_an_experiment_is_told_at_once(out, outbox, make, experiments):
    """Somebody may wait for what a LIMS calls it."""
    exporter = make()
    append(out, experiments.lines(1)[:-1])
    exporter.read_on()
    exporter.look_after()
    append(out, experiments.lines(1)[-1:] + experiments.lines(2)[:1])
    exporter.read_on()
    exporter.look_after()
    assert told(outbox, experiments.item(2)) == {"group": "pending"}


def test_making_records_that_are_not_final_takes_its_share_only(out, outbox, make, experiments, clock, monkeypatch):
    exporter = make()
    live = exporter._teller.live

    def slow(*arguments):
        clock.now_s += 4.0
        return live(*arguments)

    monkeypatch.setattr(exporter._teller, "live", slow)
    lines = experiments.lines(1)
    append(out, lines[:5])
    exporter.read_on()
    exporter.look_after()
    begun = clock.now_s
    append(out, lines[5:-1])
    exporter.read_on()
    while len(outbox.steps(experiments.item(1))) == 1:
        clock.now_s += 0.5
        exporter.look_after()
    assert clock.now_s - 4.0 - begun == pytest.approx(16.0, abs=0.6)  # 4 s of 20 s are one fifth


def test_a_night_that_is_read_late_is_not_told_of_as_if_it_were_running(out, outbox, make, experiments, monkeypatch):
    exporter = make()
    monkeypatch.setattr(exporter._teller, "live", lambda *arguments: pytest.fail("told of live"))
    append(out, experiments.lines(1) + experiments.lines(2))
    exporter.read_on()
    exporter.look_after()
    assert told(outbox, experiments.item(2)) == FINAL


def test_two_attempts_are_one_experiment_also_when_one_was_closed_late(out, outbox, make, experiments):
    """The first attempt's process died; its run was closed when the second one had begun."""
    lines = experiments.lines(1)
    others = experiments.lines(2)
    second = [line.replace(experiments.item(2).encode(), experiments.item(1).encode()) for line in others]
    append(out, lines[:-1] + second[:10] + lines[-1:] + second[10:])
    make().read_on()
    assert told(outbox, experiments.item(1)) == FINAL
    names = [name for name, _ in steps(outbox, experiments.item(1))]
    assert len(set(names)) == len(names)
    only = dict(steps(outbox, experiments.item(1)))
    replay(out)
    again = make()
    while not again.read_on():
        pass
    assert dict(steps(outbox, experiments.item(1))) == only


@pytest.mark.parametrize("how", ["replay", "closed late"])
def test_while_a_later_attempt_goes_on_its_experiment_is_not_over(out, outbox, make, experiments, how):
    lines = experiments.lines(1)
    others = experiments.lines(2)
    second = [line.replace(experiments.item(2).encode(), experiments.item(1).encode()) for line in others]
    exporter = make()
    if how == "closed late":
        append(out, lines[:-1] + second[:10] + lines[-1:])
        exporter.read_on()
    else:
        append(out, lines + second[:10])
        exporter.read_on()
        replay(out)
        exporter.read_on(lambda: exporter.documents == len(lines))
    assert "unfinished" not in str(steps(outbox, experiments.item(1)))
    append(out, second[10:])
    while not exporter.read_on():
        pass
    assert told(outbox, experiments.item(1)) == FINAL


@pytest.mark.parametrize("odd", ["record", "fold"])
def test_an_experiment_that_cannot_be_told_is_kept_with_its_reason(out, outbox, make, experiments, odd):
    lines = experiments.lines(1)
    if odd == "fold":
        start = json.loads(lines[0])
        del start[1]["mxplans"]["mxlims"]
        lines[0] = json.dumps(start).encode() + b"\n"
    append(out, lines + experiments.lines(2))
    make(refuses=odd).read_on()
    reasons = {(problem.target, problem.item_uid): problem.reason for problem in outbox.problems()}
    if odd == "fold":
        assert reasons == {(FOLD, experiments.item(1)): "KeyError: 'mxlims'"}
        assert told(outbox, experiments.item(2)) == FINAL
    else:
        assert "has no proposal; give it one" in reasons["lims", experiments.item(1)]
    assert outbox.unsent().dead == len(reasons)


def test_what_could_not_be_told_is_told_when_an_operator_asks(out, outbox, make, experiments):
    append(out, experiments.lines(1))
    make(refuses="record").read_on()
    assert outbox.retry() == 1
    exporter = make()
    exporter.read_on()
    exporter.look_after()
    assert (told(outbox, experiments.item(1)), outbox.problems()) == (FINAL, ())
    assert outbox.retry() == 0


def test_a_target_that_was_misconfigured_is_told_of_what_it_has_missed(out, outbox, make, experiments):
    append(out, experiments.lines(1))
    make(broken="host: field required").read_on()
    (problem,) = outbox.problems()
    assert problem.reason == f"{MISCONFIGURED}host: field required"
    outbox.retry("lims")  # what the process does when it has made the target
    exporter = make()
    exporter.read_on()
    exporter.look_after()
    assert told(outbox, experiments.item(1)) == FINAL


def test_another_journal_at_the_same_place_is_read_from_its_beginning(out, outbox, make, experiments):
    append(out, experiments.lines(1) + experiments.lines(2))
    exporter = make()
    exporter.read_on()
    (out / "documents.jsonl").unlink()
    append(out, experiments.lines(3))
    exporter.read_on()
    assert told(outbox, experiments.item(3)) == FINAL
    assert exporter.documents == len(experiments.lines(3))
    make().read_on()
    assert len(outbox.items()) == 3


def test_replaying_moves_an_exporter_that_runs(out, outbox, make, experiments):
    append(out, experiments.lines(1) + experiments.lines(2))
    exporter = make()
    exporter.read_on()
    for item in (experiments.item(1), experiments.item(2)):
        while (claim := outbox.claim("lims", 1.0)) is not None:
            outbox.done(claim, {claim.step.key: f"{item}"})
    run = json.loads(experiments.lines(2)[0])[1]["uid"]
    assert replay(out) == replay(out, run) == 0
    exporter.read_on()
    assert set(told(outbox, experiments.item(2)).values()) == {"done"}
    inner = next(
        document["uid"]
        for name, document in map(json.loads, experiments.lines(2))
        if name == "start" and "parent_uid" in document["mxplans"]
    )
    assert replay(out, inner, resend=True) == len(outbox.steps(experiments.item(2)))
    assert set(told(outbox, experiments.item(1)).values()) == {"done"}
    assert set(told(outbox, experiments.item(2)).values()) == {"pending"}
    assert outbox.ids("lims", experiments.item(2)) != {}
    assert replay(out, target="lims", forget_ids=True) == 2 * len(outbox.steps(experiments.item(2)))
    assert outbox.ids("lims", experiments.item(2)) == {}


def test_a_replay_while_it_reads_counts(out, outbox, make, experiments):
    append(out, experiments.lines(1) + experiments.lines(2))
    exporter = make()
    exporter.read_on()
    append(out, experiments.lines(3))
    asked = []

    def interrupted():
        if not asked:
            asked.append(replay(out))
        return False

    assert exporter.read_on(interrupted) is False
    assert exporter.read_on() is True
    assert told(outbox, experiments.item(3)) == FINAL
    assert exporter.documents == 3 * len(experiments.lines(1))


def test_it_leaves_off_when_it_is_asked_to(out, outbox, make, experiments):
    append(out, experiments.lines(1))
    exporter = make()
    assert exporter.read_on(lambda: True) is False
    assert exporter.documents == 1
    assert exporter.read_on() is True


def test_runs_of_others_and_odd_documents_are_left_alone(out, outbox, make, experiments):
    odd = [
        ("start", {"uid": "x", "time": 1.0, "plan_name": "count"}),
        ("start", {"uid": "y", "time": 1.0, "mxplans": None}),
        ("start", {"uid": "z", "time": 1.0, "mxplans": {"role": "sample"}}),
        ("stop", {"uid": "s", "run_start": "x", "time": 2.0, "exit_status": "success"}),
        ("stop", {"uid": "t", "run_start": "never seen", "time": 2.0, "exit_status": "success"}),
        ("event", {"uid": "e", "descriptor": "never seen", "time": 2.0, "data": {}}),
    ]
    append(out, [json.dumps(each).encode() + b"\n" for each in odd] + [b"\n", b'["sta\n'] + experiments.lines(1))
    make().read_on()
    assert outbox.items() == (experiments.item(1),)
    assert outbox.problems() == ()


def test_a_disk_that_is_full_for_a_while_loses_nothing(out, experiments, monkeypatch, caplog):
    """The outbox refuses to be written; the same process goes on when it can be."""
    append(out, experiments.lines(1))
    with Work(out, Backoff()) as work:
        put = work.outbox.put

        def full(*arguments):
            raise DeliveryError("outbox cannot be used: database or disk is full")

        monkeypatch.setattr(work.outbox, "put", full)
        for _ in range(3):
            assert work.read_on(lambda: False) is False
        assert "disk is full" in work.fault
        assert caplog.text.count("disk is full") == 1
        monkeypatch.setattr(work.outbox, "put", put)
        assert work.read_on(lambda: False) is True
        assert (work.fault, work.documents) == ("", len(experiments.lines(1)))
        assert len(work.outbox.steps(experiments.item(1))) > 0


def test_a_target_that_delivers_elsewhere_now_is_kept_from_its_work(out):
    """Identifiers of one server would be told to another, where they are those of somebody else's records."""

    def usable(server: str):
        settings = {"url": f"https://{server}.example.org/api", "timezone": "Etc/UTC"}
        (out / "lims" / "targets.json").write_text(json.dumps({"site": {"type": "expeye", "settings": settings}}))
        with Work(out, Backoff()) as work:
            return work.targets.broken.get("site", "")

    assert usable("old") == usable("old") == ""
    assert "https://new.example.org" in usable("new") and "https://old.example.org" in usable("new")
    replay(out, None, "site", False, True)  # the same database under another name: found by what is ours
    assert usable("new") == ""
