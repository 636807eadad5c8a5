"""Who gets which message."""

import pytest

from mxplans_sim.servers.zocalo.queues import Message, Queues, RefusedError, parsed


class Reader:
    def __init__(self, room=1000):
        self.room = room
        self.got = []

    @property
    def ready(self):
        return len(self.got) < self.room

    def deliver(self, message):
        self.got.append((message.body, message.again))

    @property
    def bodies(self):
        return [body for body, _ in self.got]


def message(body, destination="/queue/a"):
    return Message(destination, {}, body)


@pytest.fixture
def queues():
    return Queues(longest=100, largest_bytes=100_000)


def test_a_queue_keeps_messages_and_gives_each_to_one(queues):
    for number in range(3):
        queues.send(message(b"%d" % number))
    assert queues.length("/queue/a") == 3
    one, other = Reader(), Reader()
    queues.subscribe("/queue/a", one)
    queues.subscribe("/queue/a", other)
    for number in range(3, 7):
        queues.send(message(b"%d" % number))
    assert one.bodies[:3] == [b"0", b"1", b"2"]
    assert sorted(one.bodies[3:] + other.bodies) == [b"3", b"4", b"5", b"6"]
    assert len(other.bodies) == 2  # in turns
    assert queues.length("/queue/a") == 0


def test_who_is_not_ready_gets_nothing_until_it_is(queues):
    slow = Reader(room=2)
    queues.subscribe("/queue/a", slow)
    for number in range(4):
        queues.send(message(b"%d" % number))
    assert slow.bodies == [b"0", b"1"]
    slow.room = 3
    queues.resume("/queue/a")
    assert slow.bodies == [b"0", b"1", b"2"]
    assert queues.length("/queue/a") == 1


def test_a_topic_keeps_nothing_and_gives_to_all(queues):
    queues.send(message(b"0", "/topic/a"))
    one, other = Reader(), Reader()
    leave = queues.subscribe("/topic/a", one)
    queues.subscribe("/topic/a", other)
    queues.send(message(b"1", "/topic/a"))
    leave()
    queues.send(message(b"2", "/topic/a"))
    assert (one.bodies, other.bodies) == ([b"1"], [b"1", b"2"])


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_an_exclusive_subscriber_is_the_only_one(queues, first, second):
    leave = queues.subscribe("/queue/a", Reader(), first)
    with pytest.raises(RefusedError, match="queue a"):
        queues.subscribe("/queue/a", Reader(), second)
    queues.subscribe("/queue/b", Reader(), second)
    leave()
    queues.subscribe("/queue/a", Reader(), second)


def test_what_is_given_back_comes_first_in_its_order_and_is_marked(queues):
    queues.send(message(b"2"))
    queues.give_back([message(b"0"), message(b"1")])
    reader = Reader()
    queues.subscribe("/queue/a", reader)
    assert reader.got == [(b"0", True), (b"1", True), (b"2", False)]


def test_refused_messages_are_dead_letters_once(queues):
    queues.bury(message(b"x"))
    assert queues.length("/queue/DLQ.a") == 1
    queues.bury(message(b"x", "/queue/DLQ.a"))
    assert queues.length("/queue/DLQ.a") == 1
    assert queues.length("/queue/DLQ.DLQ.a") == 0


def test_a_full_queue_takes_no_more_and_neither_does_a_full_broker():
    queues = Queues(longest=3, largest_bytes=100_000)
    for _ in range(3):
        queues.send(message(b""))
    with pytest.raises(RefusedError, match="queue a is full with 3 messages"):
        queues.send(message(b""))
    queues.send(message(b"", "/queue/b"))
    small = Queues(longest=100, largest_bytes=10_000)
    for _ in range(2):
        small.send(message(bytes(4500)))
    with pytest.raises(RefusedError, match="full"):
        small.send(message(bytes(4500), "/queue/b"))
    small.subscribe("/queue/a", Reader())  # takes both
    small.send(message(bytes(4500), "/queue/b"))
    small.send(message(bytes(1), "/queue/a"))


@pytest.mark.parametrize("name", ["", "a", "/queue/", "/queue/a b", "/temp-queue/a", "/queue/ä", "/queue/" + "a" * 201])
def test_other_destinations_are_refused(queues, name):
    with pytest.raises(RefusedError, match="no destination"):
        queues.send(message(b"", name))
    with pytest.raises(RefusedError, match="no destination"):
        queues.subscribe(name, Reader())
    assert parsed("/topic/a.b") == ("topic", "a.b")
