"""The tree and its ledger against a model in memory: whatever is done in whatever order, both say the same.

After each step: nothing lost or doubled, the same order of execution, events without gaps that tell the whole story.
"""

import itertools
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from queue_model import DONE_FOR_GOOD, NAMES, OUTCOMES, SAMPLES, SCANS, TreeModel
from queue_replay import replay
from queue_support import VISIT, item, uuid_of

from mxplans.errors import QueueRefused
from mxplans.queue import Ledger, NewSession, Outcome, QueueStore, State, digest_of


class TreeMachine(TreeModel, RuleBasedStateMachine):
    @initialize()
    def open(self):
        memory = Path("/dev/shm")  # durability is not what is tested here, and hundreds of syncs take long on a disk
        self.folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
        self.seconds = itertools.count(1)
        self.forget()
        self.run_numbers = []
        self._open()
        self.store.add_session(NewSession(name=VISIT), "tester")
        for name, sample in zip(NAMES, sorted(SAMPLES), strict=False):
            self.add([name, f"{name}-2"], sample, None, "g" if sample in ("s1", "s2") else None)

    def _open(self):
        self.store = QueueStore(self.folder / "queue", clock=lambda: float(next(self.seconds)))
        self.ledger = Ledger(self.folder / "queue", clock=lambda: float(next(self.seconds)))

    @rule()
    def reopen(self):
        self._close()
        self._open()

    def _close(self):
        self.store.close()
        self.ledger.close()

    def teardown(self):
        if hasattr(self, "folder"):
            self._close()
            shutil.rmtree(self.folder)

    def pick(self, data, *states):
        return data.draw(
            st.sampled_from([uuid for uuid, one in self.items.items() if not states or one.state in states])
        )

    def any_in(*states):
        return precondition(lambda self: any(not states or one.state in states for one in self.items.values()))

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
        sample=st.sampled_from(sorted(SAMPLES)),
        priority=st.none() | st.integers(1, 3),
        group=st.none() | st.sampled_from(["g", "h"]),
    )
    def add(self, names, sample, priority, group):
        place, position = SAMPLES[sample]
        fields = {"priority": priority, "sampleGroup": group}
        asked = [
            self.known(uuid_of(name))
            or item(name, sample, place, position=position, **{k: v for k, v in fields.items() if v})
            for name in names
        ]
        new = list(dict.fromkeys(one.uuid for one in asked if one.uuid not in self.items))
        assert self.store.add_items(VISIT, asked, "alice") == tuple(new)
        for one in asked:
            if one.uuid not in self.items:
                self.insert(one, None)

    @any_in()
    @rule(data=st.data(), images=st.integers(10, 12))
    def change(self, data, images):
        uuid = self.pick(data)
        one = self.items[uuid]
        sweep = one.content.sweeps[0].model_copy(update={"number_images": images})
        content = one.content.model_copy(update={"sweeps": (sweep,)})
        content = type(content).model_validate(content.to_json())
        if content == one.content:
            self.store.change(content, "alice")
        elif one.begun or one.state in ("running", "ended"):
            with pytest.raises(QueueRefused):
                self.store.change(content, "alice")
        else:
            self.store.change(content, "alice")
            one.content = content

    @any_in()
    @rule(data=st.data(), to=st.sampled_from(["first", "last", "before", "after"]))
    def move(self, data, to):
        uuid, of = self.pick(data), None
        one = self.items[uuid]
        if to in ("before", "after"):
            of = self.pick(data)
        sample = self.items[of].sample if of else data.draw(st.sampled_from(self.samples))
        stays = sample == one.sample
        if of == uuid or (not stays and (one.begun or one.state in ("running", "ended"))):
            with pytest.raises(QueueRefused):
                self.store.move(uuid, "alice", to, of, sample)
            return
        self.store.move(uuid, "alice", to, of, sample)
        self.inside[one.sample].remove(uuid)
        self.stand(uuid, sample, self.before(sample, to, of))
        if not stays:
            place, position = SAMPLES[sample]
            asked = item("any", sample, place, position=position)
            one.content = one.content.model_copy(
                update={"sample_name": sample, "location": asked.location, "position_in_pin": position}
            )
            one.sample = sample

    @precondition(lambda self: self.samples)
    @rule(data=st.data(), to=st.sampled_from(["first", "last", "before", "after"]))
    def move_sample(self, data, to):
        name = data.draw(st.sampled_from(self.samples))
        of = data.draw(st.sampled_from(self.samples)) if to in ("before", "after") else None
        if of == name:
            return
        self.store.move_sample(VISIT, name, "alice", to, of)
        self.samples.remove(name)
        where = {"first": 0, "last": len(self.samples)}.get(to)
        self.samples.insert(self.samples.index(of) + (to == "after") if where is None else where, name)

    @precondition(lambda self: 0 < len(self.items) < 20)
    @rule(data=st.data())
    def copy(self, data):
        uuid, of = self.pick(data), self.pick(data)
        copied = self.store.copy(uuid, "bob", to="before", of=of)
        assert copied not in self.items
        content = self.store.item(copied)["item"]
        expected = type(self.items[uuid].content).model_validate(content)
        assert expected.number_images == self.items[uuid].content.number_images
        assert expected.sample_name == self.items[of].sample
        self.insert(expected, of)

    @any_in()
    @rule(data=st.data(), enabled=st.booleans())
    def enable(self, data, enabled):
        uuid = self.pick(data)
        one = self.items[uuid]
        if one.enabled != enabled and one.state == "running":
            with pytest.raises(QueueRefused):
                self.store.enable([uuid], enabled, "alice")
            return
        self.store.enable([uuid], enabled, "alice")
        if one.enabled != enabled:
            one.enabled = enabled

    @any_in("waiting")
    @rule(data=st.data(), priority=st.none() | st.integers(1, 3))
    def set_priority(self, data, priority):
        uuid = self.pick(data, "waiting")
        one = self.items[uuid]
        self.store.set_priority([uuid], priority, "alice")
        if one.priority != priority:
            one.priority = priority

    @any_in()
    @rule(data=st.data())
    def remove(self, data):
        uuid = self.pick(data)
        if self.items[uuid].state == "running":
            with pytest.raises(QueueRefused):
                self.store.remove([uuid], "alice")
            return
        self.store.remove([uuid], "alice")
        self.inside[self.items.pop(uuid).sample].remove(uuid)
        self.begun = [other for other in self.begun if other != uuid]

    @any_in("running")
    @rule(data=st.data())
    def release(self, data):
        uuid = self.pick(data, "running")
        self.store.release([uuid], "supervisor")
        self.items[uuid].state = "waiting"

    @any_in("ended")
    @rule(data=st.data())
    def retry(self, data):
        uuid = self.pick(data, "ended")
        one = self.items[uuid]
        if one.outcome == "Completed":
            with pytest.raises(QueueRefused):
                self.store.retry([uuid], "alice")
            return
        self.store.retry([uuid], "alice")
        one.state, one.outcome = "waiting", None
        if uuid in self.ledgered:
            self.ledgered[uuid].outcome = None

    @rule(group=st.sampled_from(["g", "h"]), on=st.booleans())
    def set_group(self, group, on):
        self.store.set_group(VISIT, group, on, "alice")
        self.goes_on[group] = on

    @any_in()
    @rule(data=st.data())
    def begin(self, data):
        uuid = self.pick(data)
        one = self.items[uuid]
        if not one.enabled or one.outcome in DONE_FOR_GOOD:
            with pytest.raises(QueueRefused):
                self.ledger.begin(uuid)
            return
        self.ledger.begin(uuid, digest_of(one.content), scans_all=2)
        one.state, one.outcome, one.begun = "running", None, True
        self.ledgered[uuid] = one
        self.begun = [*(other for other in self.begun if other != uuid), uuid]

    @any_in("running")
    @rule(data=st.data())
    def take_a_scan(self, data):
        uuid = self.pick(data, "running")
        one = self.items[uuid]
        if one.scans == len(SCANS):
            return
        first, number = SCANS[one.scans]
        one.scans += 1
        key = (one.content.sweeps[0].uuid, first, number)
        self.ledger.begin_scan(uuid, key, one.scans, "f")
        self.ledger.commit(uuid, key, one.scans, f"{uuid}-{one.scans}", "f")

    @any_in("running")
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def finish(self, data, outcome):
        uuid = self.pick(data, "running")
        self.ledger.finish(uuid, outcome, "so it was")
        self.ended(uuid, outcome)

    @any_in("waiting", "running")
    @rule(data=st.data(), outcome=st.sampled_from(OUTCOMES))
    def end(self, data, outcome):
        uuid = self.pick(data, "waiting", "running")
        self.store.end(uuid, Outcome(outcome), "so it was", "feeder")
        self.ended(uuid, outcome)

    @rule(prefix=st.sampled_from("pq"))
    def run_number(self, prefix):
        number = self.ledger.run_number("/data", prefix)
        assert (prefix, number) not in self.run_numbers
        self.run_numbers.append((prefix, number))

    # What always holds

    @invariant()
    def the_tree_is_as_expected(self):
        (session,) = self.store.snapshot()["sessions"]
        assert [sample["name"] for sample in session["samples"]] == self.samples
        for sample in session["samples"]:
            assert [one["uuid"] for one in sample["experiments"]] == self.inside.get(sample["name"], [])
            for told in sample["experiments"]:
                one = self.items[told["uuid"]]
                assert told["item"] == one.content.to_json()
                assert (told["state"], told["outcome"]) == (one.state, one.outcome)
                assert (told["enabled"], told["priority"], told["scansDone"]) == (one.enabled, one.priority, one.scans)

    @invariant()
    def the_order_is_as_expected(self):
        assert list(self.store.order()) == self.expected_order()

    @invariant()
    def the_events_tell_the_whole_story(self):
        events = self.store.events()
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert replay(events) == self.store.snapshot(contents=False)["sessions"]

    @invariant()
    def the_ledger_agrees(self):
        for uuid, one in self.ledgered.items():
            assert len(self.ledger.committed(uuid)) == one.scans
        assert set(self.store.uuids_in(State.RUNNING)) == {u for u, one in self.items.items() if one.state == "running"}


TestTree = TreeMachine.TestCase
TestTree.settings = settings(
    max_examples=15, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
