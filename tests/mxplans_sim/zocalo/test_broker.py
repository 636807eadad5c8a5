"""The broker and clients of stomp.py, in all three versions of the protocol."""

import threading

import pytest
import stomp.exception
from stomp_support import VERSIONS, client, running, until

from mxplans_sim.servers.zocalo.broker import Broker
from mxplans_sim.settings.analysis import BrokerSettings


@pytest.fixture
def address(no_new_threads):
    with running(broker()) as (_, facts):
        yield facts


def broker(**settings):
    return lambda: Broker(BrokerSettings.model_validate(settings))


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_go_from_one_client_to_another(address, version):
    with client(address, version) as (sender, _), client(address) as (receiver, inbox):
        receiver.subscribe("/queue/a", id="7", ack="auto")
        for number in range(3):
            sender.send("/queue/a", f"message {number}: ü", headers={"colour": "blue"}, content_type="text/plain")
        frames = [inbox.messages.get(timeout=5) for _ in range(3)]
    assert [frame.body for frame in frames] == [f"message {number}: ü" for number in range(3)]
    assert frames[0].headers["colour"] == "blue"
    assert frames[0].headers["content-type"] == "text/plain"
    assert (frames[0].headers["destination"], frames[0].headers["subscription"]) == ("/queue/a", "7")
    assert len({frame.headers["message-id"] for frame in frames}) == 3


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_headers_with_special_characters_come_through(address, version):
    strange = {"strange": "c\nd\\e:f"}
    with client(address, version) as (one, inbox):
        one.subscribe("/queue/a", id="1")
        one.send("/queue/a", "", headers=strange)
        assert inbox.messages.get(timeout=5).headers.items() >= strange.items()


def acknowledge(connection, version, frame, accepted=True):
    call = connection.ack if accepted else connection.nack
    if version == "1.2":
        call(frame.headers["ack"])
    elif version == "1.1":
        call(frame.headers["message-id"], frame.headers["subscription"])
    else:
        call(frame.headers["message-id"])


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_not_acknowledged_goes_to_somebody_else(address, version):
    with client(address) as (sender, _):
        for number in range(4):
            sender.send("/queue/a", str(number))
        with client(address, version) as (one, inbox):
            one.subscribe("/queue/a", id="1", ack="client-individual")
            frames = [inbox.messages.get(timeout=5) for _ in range(4)]
            acknowledge(one, version, frames[1])
        sender.subscribe("/queue/a", id="1", ack="auto")
        again = [sender.get_listener("inbox").messages.get(timeout=5) for _ in range(3)]
    assert [(frame.body, frame.headers["redelivered"]) for frame in again] == [(body, "true") for body in "023"]


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_one_acknowledgement_for_all_before_and_dead_letters(address, version):
    with client(address, version) as (one, inbox):
        one.subscribe("/queue/a", id="1", ack="client")
        for number in range(5):
            one.send("/queue/a", str(number))
        frames = [inbox.messages.get(timeout=5) for _ in range(5)]
        acknowledge(one, version, frames[1])  # and 0
        acknowledge(one, version, frames[3], accepted=False)  # and 2
        one.unsubscribe("1")
        one.subscribe("/queue/DLQ.a", id="2")
        one.subscribe("/queue/a", id="3")
        assert sorted(inbox.bodies(3)) == ["2", "3", "4"]


@pytest.mark.parametrize("version", VERSIONS)
def test_transactions_are_done_as_a_whole_or_not(address, version):
    with client(address, version) as (one, inbox):
        one.subscribe("/queue/a", id="1", ack="client")
        for end in (one.abort, one.commit):
            name = one.begin()
            one.send("/queue/a", end.__name__, transaction=name)
            end(name)
        assert inbox.bodies(1) == ["commit"]
        one.send("/queue/a", "after")
        assert inbox.bodies(1) == ["after"]


def test_everybody_hears_a_topic(address):
    with client(address) as (one, first), client(address) as (other, second):
        one.subscribe("/topic/news", id="1")
        other.subscribe("/topic/news", id="1")
        other.send("/queue/here", "ordered after the subscription")
        one.subscribe("/queue/here", id="2")
        assert first.bodies(1) == ["ordered after the subscription"]
        one.send("/topic/news", "it rains")
        assert (first.bodies(1), second.bodies(1)) == (["it rains"], ["it rains"])


@pytest.mark.parametrize("header", ["exclusive", "activemq.exclusive"])
def test_a_second_client_on_an_exclusive_queue_is_refused(address, header):
    with client(address) as (one, inbox), client(address) as (other, refused):
        one.subscribe("/queue/a", id="1", headers={header: "true"})
        one.send("/queue/a", "mine")
        assert inbox.bodies(1) == ["mine"]
        other.subscribe("/queue/a", id="1")
        assert "exclusively" in refused.errors.get(timeout=5).headers["message"]
        assert refused.gone.wait(5)
        one.send("/queue/a", "still mine")
        assert inbox.bodies(1) == ["still mine"]


@pytest.mark.parametrize(
    "login", [("guest", "wrong"), ("root", "guest"), ("guest", ""), ("", ""), ("guest\nguest", "")]
)
def test_a_wrong_login_is_refused(address, login):
    with pytest.raises(stomp.exception.ConnectFailedException), client(address, login=login):
        pass
    with client(address):
        pass


def test_ten_thousand_messages_in_a_burst(address):
    with client(address) as (sender, _), client(address) as (receiver, inbox):
        receiver.subscribe("/queue/a", id="1", ack="auto")
        for number in range(10_000):
            sender.send("/queue/a", str(number))
        assert inbox.bodies(10_000, timeout_s=20) == [str(number) for number in range(10_000)]


def test_heart_beats_keep_a_silent_client_and_a_dead_one_is_cut_off(no_new_threads):
    with running(broker(heart_beat_s=0.3)) as (_, address), client(address, heartbeats=(300, 300)) as (one, inbox):
        until(lambda: inbox.beats >= 3)
        assert one.is_connected()
        one.transport.set_listener("protocol-listener", stomp.ConnectionListener())
        one.heartbeat_terminate_event.set()  # says nothing more
        message = inbox.errors.get(timeout=5).headers["message"]
        assert message == "no heart-beat in 0.6 s"
        assert inbox.gone.wait(5)
        for thread in threading.enumerate():
            if "Heartbeat" in thread.name:
                thread.join(5)
