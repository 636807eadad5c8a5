"""The outbox against a model, with a remote that loses answers, refuses, is away, and a process that is killed."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mxplans_lims.delivery import Step
from mxplans_lims.outbox import FAULTS_MOST, Outbox, spell

TARGET = "lims"
LONGEST_S = 60.0
BAD = 13
"""The remote takes no such value until somebody has mended it."""

items = st.sampled_from(["a", "b"])
lists = st.lists(
    st.tuples(st.sampled_from(["group", "one", "two", "end"]), st.sampled_from([1, 2, 3, BAD])),
    unique_by=lambda step: step[0],
    max_size=4,
)


class Remote:
    """Rows without a natural key; looks up our identifier before it inserts, as every target does."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self.values: dict[int, int] = {}
        self.mended = False

    def send(self, item: str, step: Step, ids: dict[str, str]) -> str:
        place = int(ids[step.key]) if step.key in ids else None
        if place is None and (item, step.key) in self.rows:
            place = self.rows.index((item, step.key))
        if place is None:
            place = len(self.rows)
            self.rows.append((item, step.key))
        assert self.rows[place] == (item, step.key)
        self.values[place] = step.payload["value"]
        return str(place)

    def value(self, item: str, key: str) -> int | None:
        return self.values[self.rows.index((item, key))] if (item, key) in self.rows else None


class OutboxMachine(RuleBasedStateMachine):
    """What is wanted is in `wanted`, what the remote has in `remote`, what is under way in `claim`."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.now_s = 1_000_000.0
        self.remote = Remote()
        self.wanted: dict[str, list[tuple[str, int]]] = {}
        self.done: dict[tuple[str, str], int] = {}
        self.claim = None
        self.outbox = self.open()

    def open(self) -> Outbox:
        return Outbox(Path(self.folder.name) / "outbox.sqlite", lambda: self.now_s)

    def teardown(self) -> None:
        try:
            self.arrive()
        finally:
            self.outbox.close()
            self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        self.outbox.recover()

    @rule(item=items, steps=lists)
    def put(self, item: str, steps: list[tuple[str, int]]) -> None:
        """The record has changed."""
        self.outbox.put(item, {TARGET: spell([Step(key, {"value": value}) for key, value in steps])})
        self.wanted[item] = steps
        for key, value in list(self.done.items()):
            if key[0] == item and key[1] in dict(steps) and dict(steps)[key[1]] != value:
                del self.done[key]

    @precondition(lambda self: self.claim is None)
    @rule()
    def take(self) -> None:
        claim = self.outbox.claim(TARGET, LONGEST_S)
        if claim is None:
            return
        wanted = self.wanted[claim.item_uid]
        keys = [key for key, _ in wanted]
        value = claim.step.payload["value"]
        assert (claim.step.key, value) in wanted, "what nobody wants is not sent"
        assert self.done.get((claim.item_uid, claim.step.key)) != value, "what is done is not sent again"
        for key, before in wanted[: keys.index(claim.step.key)]:
            assert self.remote.value(claim.item_uid, key) == before, "all before it has arrived"
            assert self.done.get((claim.item_uid, key)) == before
        self.claim = claim

    @precondition(lambda self: self.claim is not None)
    @rule(
        arrives=st.booleans(),
        how=st.sampled_from(["answer", "answer", "silence", "fault", "kill", "kill after marking"]),
    )
    def send(self, arrives: bool, how: str) -> None:
        """What is under way arrives or not, and its answer does or does not."""
        claim, self.claim = self.claim, None
        value = claim.step.payload["value"]
        key = (claim.item_uid, claim.step.key)
        if value == BAD and not self.remote.mended:
            self.outbox.refused(claim, "thirteen; allowed are 1 to 3")
            return
        if arrives or how in ("answer", "kill after marking"):
            place = self.remote.send(claim.item_uid, claim.step, claim.ids)
        if how in ("answer", "kill after marking"):
            self.outbox.done(claim, {claim.step.key: place})
            if (claim.step.key, value) in self.wanted[claim.item_uid]:
                self.done[key] = value
        elif how == "silence":
            self.outbox.unreachable(claim, "no answer", 3.0)
        elif how == "fault":
            self.outbox.failed(claim, "KeyError: 'id'", 3.0)
        if how.startswith("kill"):
            self.restart()

    @rule()
    def restart(self) -> None:
        """The process ends without a word and another one begins."""
        self.claim = None
        self.outbox.close()
        self.outbox = self.open()
        self.outbox.recover()

    @rule(seconds=st.sampled_from([1.0, 5.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(item=st.none() | items)
    def retry(self, item: str | None) -> None:
        self.outbox.retry(TARGET, item)

    @rule()
    def mend(self) -> None:
        self.remote.mended = True

    @invariant()
    def once(self) -> None:
        """Nothing is there twice, and what counts as done is there as it was sent last."""
        assert len(set(self.remote.rows)) == len(self.remote.rows)
        for item, steps in self.wanted.items():
            shown = {step.key: step for step in self.outbox.steps(item)}
            for key, value in steps:
                step = shown[key]
                assert not step.left_out
                if step.state == "done":
                    assert self.remote.value(item, key) == value
                if step.state == "dead":
                    assert value == BAD or step.attempts >= FAULTS_MOST

    def arrive(self) -> None:
        """Once the remote is well and somebody asks for it, everything arrives."""
        self.restart()
        self.mend()
        self.outbox.retry()
        for _ in range(20):
            self.now_s += LONGEST_S
            self.take()
            if self.claim is not None:
                self.send(True, "answer")
        for item, steps in self.wanted.items():
            for key, value in steps:
                assert self.remote.value(item, key) == value
        assert self.outbox.unsent().open == self.outbox.unsent().dead == 0
        self.once()


TestOutboxMachine = OutboxMachine.TestCase
TestOutboxMachine.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
