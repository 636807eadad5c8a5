"""A step that a target has not confirmed yet waits alone, and keeps what it learnt."""

from mxplans.errors import AnswerPending
from mxplans_lims.delivery import Step
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.exporter._sender import Sender
from mxplans_lims.outbox import Outbox, spell


class Slow:
    """Confirms a step at the third question, by the identifiers that it was given before."""

    name = "slow"

    def __init__(self):
        self.sent = []

    def send(self, step, ids):
        self.sent.append((step.key, ids.get("asked")))
        if step.key == "prompt":
            return {step.key: "1"}
        if ids.get("asked") == "2":
            return {step.key: "7"}
        asked = int(ids.get("asked", "0")) + 1
        raise AnswerPending("not listed yet", {"asked": str(asked)}, retry_s=2.0)

    def close(self):
        pass


def test_others_go_on_and_identifiers_are_kept(tmp_path):
    now = [1000.0]
    with Outbox(tmp_path / "outbox.sqlite", clock=lambda: now[0]) as outbox:
        outbox.put("a", {"slow": spell([Step("late", {"x": 1}), Step("after", {"x": 2})])})
        outbox.put("b", {"slow": spell([Step("prompt", {"x": 3})])})
        target = Slow()
        sender = Sender(target, outbox, Backoff(chance=lambda: 1.0), clock=lambda: now[0])
        for _ in range(4):
            sender.turn()
        assert target.sent == [("late", None), ("prompt", None)]  # what waits for an answer holds up nobody
        now[0] += 2.0
        sender.turn()
        assert target.sent[-1] == ("late", "1")
        now[0] += 2.0
        sender.turn()
        assert target.sent[-1] == ("late", "1")  # asked ever more patiently
        now[0] += 0.6
        sender.turn()
        assert target.sent[-1] == ("late", "2")
        sender.turn()
        assert target.sent[-1][0] == "after"
