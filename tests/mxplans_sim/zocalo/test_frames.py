"""Frames on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.servers.zocalo.frames import LARGEST_HEAD, MOST_HEADERS, Frame, FrameError, Parser, encode

LARGEST_BODY = 1000


def frames_in(*pieces, version="1.2"):
    parser = Parser(LARGEST_BODY)
    parser.version = version
    found = []
    for piece in pieces:
        parser.push(piece)
        while (frame := parser.next_frame()) is not None:
            found.append(frame)
    return found


@pytest.mark.parametrize(
    ("content", "frame"),
    [
        (b"SEND\ndestination:/queue/a\n\nhello\0", Frame("SEND", {"destination": "/queue/a"}, b"hello")),
        (b"SEND\r\ndestination:/queue/a\r\n\r\nhello\0", Frame("SEND", {"destination": "/queue/a"}, b"hello")),
        (b"\n\r\n\nDISCONNECT\n\n\0", Frame("DISCONNECT")),
        (b"SEND\ncontent-length:3\n\n\0\n\0\0", Frame("SEND", {"content-length": "3"}, b"\0\n\0")),
        (b"SEND\na\\cb:c\\nd\\\\e\\rf\n\n\0", Frame("SEND", {"a:b": "c\nd\\e\rf"})),
        (b"SEND\na:1\na:2\nb:\n\n\0", Frame("SEND", {"a": "1", "b": ""})),  # the first one counts
        (b"SEND\na:b:c\n\n\0", Frame("SEND", {"a": "b:c"})),
        (b"SEND\na: b \n\n\n\n\0", Frame("SEND", {"a": " b "}, b"\n\n")),
        (b"CONNECT\npasscode:a\\nb\n\n\0", Frame("CONNECT", {"passcode": "a\\nb"})),  # older than escapes
        ("SEND\nü:ß\n\n\0".encode(), Frame("SEND", {"ü": "ß"})),
    ],
)
def test_frames_are_read(content, frame):
    assert frames_in(content) == [frame]
    assert frames_in(*(content[k : k + 1] for k in range(len(content)))) == [frame]
    assert frames_in(content + b"\n" + content) == [frame, frame]


def test_version_1_0_trims_and_does_not_escape():
    assert frames_in(b"SEND\na : x\\n \n\n\0", version="1.0") == [Frame("SEND", {"a": "x\\n"})]
    assert encode(Frame("ERROR", {"message": "a\\b"}), "1.0") == b"ERROR\nmessage:a\\b\ncontent-length:0\n\n\0"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"send\n\n\0", "no command"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "no command"),
        (b"SEND\nnothing\n\n\0", "not name:value"),
        (b"SEND\n:x\n\n\0", "not name:value"),
        (b"SEND\na:\\t\n\n\0", "stands for nothing"),
        (b"SEND\na:\\\n\n\0", "stands for nothing"),
        (b"SEND\na:\xff\n\n\0", "UTF-8"),
        (b"SEND\0", "within its headers"),
        (b"SEND\na:b\0\n\n", "within its headers"),
        (b"SEND\ncontent-length:-1\n\n\0", "content-length"),
        (b"SEND\ncontent-length:1e3\n\n\0", "content-length"),
        (b"SEND\ncontent-length:" + b"9" * 5000 + b"\n\n\0", "content-length"),
        ("SEND\ncontent-length:٣\n\nabc\0".encode(), "content-length"),
        (b"SEND\ncontent-length:1001\n\n", "1001 bytes or more"),
        (b"SEND\n\n" + b"x" * 1001, "1001 bytes or more"),
        (b"SEND\ncontent-length:2\n\nabc\0", "no NUL"),
        (b"ACK\nid:1\n\nbody\0", "must have none"),
        (b"SEND\n" + b"a:b\n" * (MOST_HEADERS + 1) + b"\n\0", "headers, allowed are"),
        (b"SEND\na:" + b"b" * LARGEST_HEAD, "bytes of headers"),
        (b"SEND\na:" + b"b" * LARGEST_HEAD + b"\n\n\0", "bytes of headers"),
    ],
)
def test_what_is_no_frame_is_refused_with_its_reason(content, reason):
    with pytest.raises(FrameError, match=reason):
        frames_in(content)
    with pytest.raises(FrameError, match=reason):
        frames_in(*(content[k : k + 7] for k in range(0, len(content), 7)))


TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)
FRAMES = st.builds(
    Frame,
    st.sampled_from(["SEND", "MESSAGE", "ERROR"]),
    st.dictionaries(TEXT.filter(lambda key: key and key != "content-length"), TEXT, max_size=5),
    st.binary(max_size=100),
)


@given(st.lists(FRAMES, max_size=4), st.lists(st.integers(1, 40), min_size=1), st.sampled_from(["1.1", "1.2"]))
def test_what_is_written_is_read_in_any_pieces(frames, sizes, version):
    content = b"\n".join(encode(frame, version) for frame in frames)
    pieces = []
    while content:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(content[:size])
        content = content[size:]
    read = frames_in(*pieces, version=version)
    expected = [
        Frame(frame.command, {**frame.headers, "content-length": str(len(frame.body))}, frame.body) for frame in frames
    ]
    assert read == expected


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_garbage_is_refused_or_read_the_same_in_any_pieces(pieces):
    def outcome(*parts):
        try:
            return frames_in(*parts)
        except FrameError:
            return "refused"

    whole = b"".join(pieces)
    assert outcome(*pieces) == outcome(*(whole[k : k + 1] for k in range(len(whole))))


@given(st.data())
def test_a_broken_frame_is_refused_or_read(data):
    content = bytearray(encode(Frame("SEND", {"destination": "/queue/a", "receipt": "1"}, b"hello"), "1.2"))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        frames_in(bytes(content), b"\0" * 10)
    except FrameError:
        pass
