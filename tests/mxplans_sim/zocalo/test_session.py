"""What the broker says to clients that are wrong, slow, large, many or silent: bytes on a plain socket."""

import socket

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stomp_support import Raw, running, until

from mxplans_sim.servers.zocalo.broker import Broker
from mxplans_sim.settings.analysis import BrokerSettings


def broker(**options):
    return lambda: Broker(BrokerSettings.model_validate(options))


@pytest.fixture(scope="module")
def address():
    with running(broker(largest_mb=1)) as (_, facts):
        yield facts


@pytest.fixture
def raw(address):
    with Raw(address) as client:
        client.connect()
        yield client


@pytest.mark.parametrize(
    ("accepted", "version"), [("1.0", "1.0"), ("1.0,1.1", "1.1"), ("1.2,1.1", "1.2"), ("1.1, 2.0", "1.1")]
)
def test_the_highest_common_version_is_agreed(address, accepted, version):
    with Raw(address) as client:
        command, headers, body = client.connect(accepted)
    assert (command, headers["version"], body) == ("CONNECTED", version, "")
    assert {"server", "session", "heart-beat"} <= set(headers)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"SEND\ndestination:/queue/a\n\n\0", "before CONNECT"),
        (b"CONNECT\naccept-version:2.0\nlogin:guest\npasscode:guest\n\n\0", "no version in common"),
        (b"CONNECT\naccept-version:1.2\n\n\0", "login or passcode"),
        (b"STOMP\naccept-version:1.2\nlogin:guest\npasscode:Guest\n\n\0", "login or passcode"),
        (b"CONNECT\nlogin:guest\npasscode:guest\nheart-beat:soon\n\n\0", "heart-beat"),
        (b"GET / HTTP/1.1\r\n\r\n", "no command"),
        (b"\x16\x03\x01\x02\x00\x01\x00\n\n", "within its headers"),  # TLS
    ],
)
def test_a_bad_beginning_ends_the_connection(address, frame, reason):
    with Raw(address) as client:
        client.say(frame)
        assert reason in client.refused()


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"CONNECT\naccept-version:1.2\n\n\0", "CONNECT is not a command"),
        (b"DANCE\n\n\0", "DANCE is not a command"),
        (b"MESSAGE\n\n\0", "MESSAGE is not a command"),
        (b"SEND\n\nhello\0", "SEND without the header destination"),
        (b"SEND\ndestination:somewhere\n\n\0", "no destination"),
        (b"SEND\ndestination:/queue/a\ntransaction:7\n\n\0", "no transaction '7'"),
        (b"SUBSCRIBE\ndestination:/queue/a\n\n\0", "SUBSCRIBE without the header id"),
        (b"SUBSCRIBE\nid:1\ndestination:/queue/a\nack:never\n\n\0", "ack is 'never'"),
        (b"SUBSCRIBE\nid:1\ndestination:/queue/a\n\n\0" * 2, "subscription 1 is there"),
        (b"UNSUBSCRIBE\nid:1\n\n\0", "no subscription '1'"),
        (b"ACK\nid:1\n\n\0", "waits for no ACK"),
        (b"NACK\nmessage-id:1\n\n\0", "NACK without the header id"),
        (b"BEGIN\n\n\0", "BEGIN without the header transaction"),
        (b"BEGIN\ntransaction:1\n\n\0" * 2, "transaction 1 has begun"),
        (b"COMMIT\ntransaction:1\n\n\0", "no transaction '1'"),
        (b"ABORT\ntransaction:1\n\n\0", "no transaction '1'"),
        (b"ACK\nid:1\n\nbody\0", "must have none"),
        (b"SEND\ndestination:/queue/a\ncontent-length:1048577\n\n", "1048577 bytes or more"),
        (b"SEND\ndestination:/queue/a\n\n" + bytes([120]) * (2**20 + 1), "1048577 bytes or more"),
    ],
)
def test_errors_are_told_and_end_the_connection(raw, frame, reason):
    raw.say(frame)
    # The escapes of version 1.2 are left in.
    assert reason in raw.refused()


def test_an_error_names_the_receipt_that_was_wanted(raw):
    raw.say(b"SEND\nreceipt:r 1\n\n\0")
    command, headers, body = raw.hear()
    assert (command, headers["receipt-id"]) == ("ERROR", "r 1")
    assert body.startswith("SEND: ")


def test_every_frame_can_be_confirmed(raw):
    frames = [
        b"SUBSCRIBE\nid:1\ndestination:/queue/receipts\nack:client\nreceipt:a\n\n\0",
        b"BEGIN\ntransaction:t\nreceipt:b\n\n\0",
        b"SEND\ndestination:/queue/receipts\ntransaction:t\nreceipt:c\n\nhello\0",
        b"COMMIT\ntransaction:t\nreceipt:d\n\n\0",
    ]
    raw.say(*frames)
    heard = [raw.hear() for _ in range(5)]
    assert [frame[1].get("receipt-id") for frame in heard] == ["a", "b", "c", None, "d"]
    command, headers, body = heard[3]
    assert (command, headers["destination"], body) == ("MESSAGE", "/queue/receipts", "hello")
    assert not {"receipt", "transaction"} & set(headers)
    raw.say(f"ACK\nid:{headers['ack']}\nreceipt:e\n\n\0".encode(), b"DISCONNECT\nreceipt:f\n\n\0", b"SEND\n\n\0")
    assert [raw.hear()[1]["receipt-id"] for _ in range(2)] == ["e", "f"]
    assert raw.hear() is None


def test_an_acknowledgement_in_a_transaction_counts_when_it_is_committed(raw, address):
    raw.say(b"SUBSCRIBE\nid:1\ndestination:/queue/t\nack:client-individual\n\n\0", b"BEGIN\ntransaction:t\n\n\0")
    raw.say(b"SEND\ndestination:/queue/t\n\n1\0SEND\ndestination:/queue/t\n\n2\0")
    tokens = [raw.hear()[1]["ack"] for _ in range(2)]
    raw.say(*(f"ACK\nid:{token}\ntransaction:t\n\n\0".encode() for token in tokens))
    raw.say(b"ABORT\ntransaction:t\n\n\0", f"ACK\nid:{tokens[1]}\nreceipt:r\n\n\0".encode())
    assert raw.hear()[1] == {"receipt-id": "r"}
    raw.socket.close()
    with Raw(address) as other:
        other.connect()
        other.say(b"SUBSCRIBE\nid:1\ndestination:/queue/t\n\n\0")
        assert other.hear()[2] == "1"


def test_in_version_1_0_a_subscription_needs_no_id(address):
    with Raw(address) as client:
        client.connect("1.0")
        client.say(b"SUBSCRIBE\ndestination: /queue/old\nack:client\n\n\0", b"SEND\ndestination:/queue/old\n\nhello\0")
        _, headers, body = client.hear()
        assert (body, headers["subscription"]) == ("hello", "/queue/old")
        client.say(f"ACK\nmessage-id:{headers['message-id']}\nreceipt:r\n\n\0".encode())
        assert client.hear()[0] == "RECEIPT"
        client.say(b"UNSUBSCRIBE\ndestination:/queue/old\nreceipt:s\n\n\0")
        assert client.hear()[0] == "RECEIPT"


def test_many_messages_without_acknowledgement_wait_in_the_queue():
    with running(broker(unacknowledged=3, queue_length=5)) as (_, address), Raw(address) as client:
        client.connect()
        client.say(b"SUBSCRIBE\nid:1\ndestination:/queue/a\nack:client\n\n\0")
        client.say(*(b"SEND\ndestination:/queue/a\n\n%d\0" % number for number in range(8)))
        frames = [client.hear() for _ in range(3)]
        assert [frame[2] for frame in frames] == ["0", "1", "2"]
        client.say(f"ACK\nid:{frames[1][1]['ack']}\n\n\0".encode())
        assert [client.hear()[2] for _ in range(2)] == ["3", "4"]
        client.say(*(b"SEND\ndestination:/queue/a\n\n%d\0" % number for number in range(3)))
        assert "queue a is full with 5 messages" in client.refused()


def test_a_client_that_does_not_read_gets_what_it_can_take_and_others_the_rest():
    number, size = 400, 100_000
    with running(broker()) as (server, address), Raw(address) as deaf, Raw(address) as sender:
        for client in (deaf, sender):
            client.connect()
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.say(b"SUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:r\n\n\0")
        assert deaf.hear()[0] == "RECEIPT"
        for _ in range(number):
            sender.say(b"SEND\ndestination:/queue/a\n\n" + b"x" * size + b"\0")
        sender.say(b"SEND\ndestination:/queue/b\nreceipt:all\n\n\0")
        assert sender.hear()[0] == "RECEIPT"
        waiting = server.queues.length("/queue/a")
        assert waiting > number / 2
        sender.say(b"SUBSCRIBE\nid:1\ndestination:/queue/a\n\n\0")
        for _ in range(waiting):
            assert sender.hear()[0] == "MESSAGE"


def test_connections_that_say_nothing_are_closed(no_new_threads):
    with running(broker(connect_s=0.1)) as (_, address), Raw(address) as silent, Raw(address) as half:
        half.say(b"CONNECT\naccept-version:1.2\n")
        assert "no CONNECT in 0.1 s" in silent.refused()
        assert "no CONNECT in 0.1 s" in half.refused()


def test_more_connections_than_allowed_are_refused():
    with running(broker(connections=2)) as (_, address):
        with Raw(address) as one, Raw(address) as two:
            assert (one.connect()[0], two.connect()[0]) == ("CONNECTED", "CONNECTED")
            with Raw(address) as three:
                assert "too many connections" in three.refused()
            one.say(b"SEND\ndestination:/queue/a\nreceipt:r\n\n\0")
            assert one.hear()[0] == "RECEIPT"
        with Raw(address) as four:
            until(lambda: _connects(address))
            four.socket.close()


def _connects(address):
    with Raw(address) as client:
        try:
            return client.connect()[0] == "CONNECTED"
        except (TypeError, ConnectionError):
            return False


def test_a_flood_of_broken_clients_leaves_the_others_alone(address, raw):
    for _ in range(200):
        with Raw(address) as client:
            client.say(b"\0" * 100)
    raw.say(b"SEND\ndestination:/queue/a\nreceipt:r\n\n\0")
    assert raw.hear()[0] == "RECEIPT"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["SEND", "SUBSCRIBE", "UNSUBSCRIBE", "ACK", "NACK", "BEGIN", "COMMIT", "ABORT", "X"]),
            st.dictionaries(
                st.sampled_from(["destination", "id", "ack", "transaction", "receipt", "message-id"]),
                st.sampled_from(["/queue/fuzz", "/topic/fuzz", "1", "client", "auto", ""]),
            ),
        ),
        max_size=12,
    )
)
def test_frames_in_any_order_are_answered_or_refused(address, frames):
    with Raw(address) as client:
        client.connect()
        for command, headers in frames:
            lines = "".join(f"{key}:{value}\n" for key, value in headers.items())
            client.say(f"{command}\n{lines}\n\0".encode())
        client.say(b"DISCONNECT\nreceipt:end\n\n\0")
        heard = []
        while (frame := client.hear()) is not None:
            heard.append(frame)
    assert heard[-1][0] == "ERROR" or heard[-1][1] == {"receipt-id": "end"}


def test_a_taken_port_is_named():
    with running(broker()) as (_, address):
        port = address.split(":")[1]
        with pytest.raises(OSError, match=port), running(broker(), port=int(port)):
            pass
