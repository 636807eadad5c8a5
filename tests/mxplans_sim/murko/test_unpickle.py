"""Requests are read without running them."""

import os
import pathlib
import pickle
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.servers.murko.request import jpeg_size, read_images
from mxplans_sim.servers.murko.unpickle import NotAPickle, Refused, load

IMAGE = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
REQUEST = {
    "to_predict": IMAGE,
    "min_size": np.int64(64),
    "save": False,
    "description": ["crystal", ["crystal", "loop"]],
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "array",
    [
        IMAGE,
        np.asfortranarray(IMAGE),
        IMAGE[:, ::2],
        IMAGE[None],
        IMAGE.astype(">f4"),
        np.zeros((0, 3), np.uint8),
        np.float64(2.5),
        np.array(True),
    ],
)
def test_arrays_of_numbers_come_through(protocol, array):
    read = load(pickle.dumps({**REQUEST, "to_predict": array, "list": [array, array], "jpeg": b"\xff\x00"}, protocol))
    assert np.array_equal(read["to_predict"], array)
    assert read["to_predict"] == pytest.approx(array)
    assert np.array_equal(read["list"][1], array)
    assert (read["min_size"], read["jpeg"], read["description"]) == (64, b"\xff\x00", REQUEST["description"])


class Harmful:
    def __init__(self, call, *arguments):
        self.reduced = (call, arguments)

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize(
    "content",
    [
        Harmful(os.system, "true"),
        Harmful(eval, "1"),
        Harmful(getattr, "", "join"),
        pathlib.Path("somewhere"),
        {1, 2},
        1j,
        np.array([{}], dtype=object),
        np.zeros(2, [("a", "i4")]),
        np.array(["text"]),
        np.array(["2026-01-01"], "M8[D]"),
        np.dtype("u1"),
        np.ndarray,
        np.random.default_rng(1),
        np.ma.masked_array([1]),
        len,
    ],
    ids=repr,
)
@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: {"to_predict": [item]}])
def test_anything_else_is_refused(content, wrap):
    with pytest.raises(Refused) as refused:
        load(pickle.dumps(wrap(content)))
    assert not isinstance(refused.value, NotAPickle)


def reconstruct(shape=b"K\x00\x85", state=b"(K\x01K\x02\x85cnumpy\ndtype\n\x8c\x02u1\x89\x88\x87R\x89C\x02ab t"):
    """Opcodes of numpy's way to make an array, with a shape and a state of one's own."""
    begin = b"\x80\x04cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + shape + b"C\x01b\x87R"
    return begin + state.replace(b" ", b"") + b"b."


def test_by_hand_as_numpy_does_it():
    assert load(reconstruct()).tolist() == [97, 98]


@pytest.mark.parametrize(
    "content",
    [
        reconstruct(shape=b"J\xff\xff\xff\x7f\x85"),  # begins with 2^31 elements
        reconstruct(state=b"(K\x01J\xff\xff\xff\x7f\x85cnumpy\ndtype\n\x8c\x02u1\x89\x88\x87R\x89C\x02abt"),
        reconstruct(state=b"(K\x01J\xfe\xff\xff\xff\x85cnumpy\ndtype\n\x8c\x02u1\x89\x88\x87R\x89C\x02abt"),  # -2
        reconstruct(state=b"(K\x01K\x02\x85cnumpy\ndtype\n\x8c\x01O\x89\x88\x87R\x89C\x02abt"),  # objects
        reconstruct(state=b"}"),
        b"\x80\x04cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x81.",  # ndarray.__new__(2^31)
        b"\x80\x04cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.",  # ndarray(2^31)
        b"\x80\x04c_codecs\nencode\n}\x8c\x08__code__K\x01sb.",  # changes a function
        b"\x80\x04c_codecs\nencode\nN}\x8c\x04_makeK\x01s\x86b.",
        b"\x80\x04Nr\xff\xff\xff\x7f.",  # place 2^31 of the memo
        b"\x80\x04" + b"N0" * 60_000 + b"N.",  # POP
        b"\x80\x04]" + b"]a" * 60_000 + b".",  # too many operations
        b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"abc.",  # claims a terabyte
        b"\x80\x04B\xff\xff\xff\x7fabc.",
        b"\x80\x04\x95" + struct.pack("<Q", 2**60) + b"N.",
        b"I12\n.",  # protocol 0
        b"",
        b"hello",
        pickle.dumps(REQUEST)[:-5],
    ],
)
def test_programs_that_no_client_writes_are_refused_before_they_cost_anything(content):
    with pytest.raises(Refused):
        load(content)


def test_a_container_of_containers_of_containers_costs_its_length_and_not_its_contents():
    items = [0] * 10_000
    assert len(load(pickle.dumps([[items] * 10_000] * 10_000))) == 10_000
    loop = []
    loop.append(loop)
    assert load(pickle.dumps(loop)) == [None]


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_harmless(content):
    try:
        load(b"\x80\x04" + content)
    except Refused:
        pass


@given(st.data())
def test_broken_requests_are_refused_or_harmless(data):
    content = bytearray(pickle.dumps(REQUEST, data.draw(st.integers(2, 5))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        load(bytes(content))
    except Refused:
        pass


def jpeg(width=40, height=30):
    return cv2.imencode(".jpg", np.full((height, width, 3), (10, 100, 200), np.uint8))[1].tobytes()


def test_images_as_arrays_or_as_jpeg():
    assert [image.shape for image in read_images(np.zeros((5, 30, 40, 3), np.uint8))] == [(30, 40, 3)] * 5
    assert [image.shape for image in read_images([np.zeros((30, 40, 3), np.uint8)] * 2)] == [(30, 40, 3)] * 2
    assert [image.shape for image in read_images([jpeg(), jpeg()])] == [(30, 40, 3)] * 2
    (image,) = read_images(jpeg())
    assert image[15, 20].astype(int) == pytest.approx([200, 100, 10], abs=4)  # red first
    assert jpeg_size(jpeg(70, 50)) == (70, 50)


@pytest.mark.parametrize(
    "given_images",
    [
        "picture.jpg",
        ["picture.jpg"],
        b"/etc/passwd",
        [],
        None,
        5,
        np.zeros((30, 40), np.uint8),
        np.zeros((30, 40, 4), np.uint8),
        np.zeros((0, 30, 40, 3), np.uint8),
        np.zeros((30, 0, 3), np.uint8),
        np.zeros((30, 40, 3), np.float32),
        [np.zeros((30, 40, 3), np.uint8), np.zeros((30, 41, 3), np.uint8)],
        [np.zeros((30, 40, 3), np.uint8), b"x"],
        jpeg()[:40],
        jpeg()[:10],
        jpeg().replace(b"\x00\x1e\x00\x28", b"\xff\xff\xff\xff"),  # claims 4 Gpixel
        cv2.imencode(".png", np.zeros((30, 40, 3), np.uint8))[1].tobytes(),
    ],
    ids=str,
)
def test_other_images_are_refused(given_images):
    with pytest.raises(Refused):
        read_images(given_images)


@given(st.binary(max_size=60))
def test_the_size_of_a_broken_jpeg_is_refused_or_read(content):
    try:
        width, height = jpeg_size(b"\xff\xd8" + content)
    except Refused:
        return
    assert 0 <= min(width, height) <= max(width, height) < 2**16
