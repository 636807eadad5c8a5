"""Replies are read as data: nothing in them is run, and what they claim costs nothing."""

import builtins
import os
import pickle
import struct
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_devices.protocols._pickled_arrays import NotPlain
from mxplans_devices.protocols._plain_pickle import read_plain
from mxplans_sim.servers.murko.hostile import TRICKS, hostile

REPLY = {
    "original_image_shape": (512, 640, 3),
    "descriptions": [
        {
            "original_shape": np.array([512, 640]),
            "crystal": {
                "present": np.int64(1),
                "r": np.float64(3.5),
                "pa": (np.eye(2), np.array([1.0, 2.0]), np.asfortranarray(np.arange(4.0).reshape(2, 2))),
                "notion_mask": np.arange(12, dtype=np.uint8).reshape(3, 4),
            },
            "most_likely_click": (0.25, -1.0),
        }
    ],
    "nothing": None,
    "empty": np.zeros((0, 3), np.float32),
    "big_endian": np.arange(3, dtype=">i4"),
    "yes": np.bool_(True),
}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("core", [b"numpy._core", b"numpy.core"])
def test_a_reply_comes_through_whoever_wrote_it(protocol: int, core: bytes) -> None:
    content = pickle.dumps(REPLY, protocol)
    if core == b"numpy.core" and protocol < 4:  # later ones give the length of a name
        content = content.replace(b"numpy._core", core)
    np.testing.assert_equal(read_plain(content), pickle.loads(content))  # ours: what pickle itself makes of it


def test_types_may_be_named_by_their_classes() -> None:
    content = b"\x80\x04cnumpy._core.multiarray\nscalar\ncnumpy.dtypes\nUInt8DType\n)RC\x01\x07\x86R."
    assert read_plain(content) == 7


class Gadget:
    def __init__(self, call: Any, *arguments: Any) -> None:
        self.reduced = (call, arguments)

    def __reduce__(self) -> Any:
        return self.reduced


class Stateful:
    def __reduce__(self) -> Any:
        return (Stateful, (), {"harm": True})


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrap", [lambda thing: thing, lambda thing: {"descriptions": [thing]}])
def test_nothing_is_run(protocol: int, wrap: Any, tmp_path: Any) -> None:
    marker = tmp_path / "made"
    code = f"__import__('os').mkdir({str(marker)!r})"
    for thing in (
        Gadget(os.mkdir, str(marker)),
        Gadget(os.system, f"mkdir {marker}"),
        Gadget(builtins.eval, code),
        Gadget(builtins.exec, code),
        Gadget(builtins.__import__, "os"),
        Gadget(getattr, os, "mkdir"),
        Stateful(),
        np.array([Gadget(os.mkdir, str(marker))], dtype=object),
        np.zeros(2, [("a", "i4")]),
        np.array(["text"]),
        np.array(["2026-01-01"], "M8[D]"),
        np.random.default_rng(1),
        np.ndarray,
        np.dtype("u1"),
        os,
    ):
        try:
            content = pickle.dumps(wrap(thing), protocol)
        except (TypeError, pickle.PicklingError):
            continue  # a module cannot be written at all
        with pytest.raises(NotPlain):
            read_plain(content)
        assert not marker.exists()


ARRAY = b"\x80\x04cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"


def filled(shape: bytes, kind: bytes = b"\x8c\x02u1", content: bytes = b"C\x02ab") -> bytes:
    return ARRAY + b"(K\x01" + shape + b"cnumpy\ndtype\n" + kind + b"\x89\x88\x87R\x89" + content + b"tb."


def test_an_array_by_hand() -> None:
    assert read_plain(filled(b"K\x02\x85")).tolist() == [97, 98]


@pytest.mark.parametrize(
    "content",
    [
        filled(b"J\xff\xff\xff\x7f\x85"),  # 2^31 elements in two bytes
        filled(b"J\xfe\xff\xff\xff\x85"),  # -2 of them
        filled(b"K\x00J\xff\xff\xff\x7fJ\xff\xff\xff\x7fJ\xff\xff\xff\x7ft", content=b"C\x00"),
        filled(b"(" + b"K\x01" * 60 + b"t", content=b"C\x01a"),  # sixty dimensions
        filled(b"\x88\x85", content=b"C\x01a"),  # a length of True
        filled(b"K\x02\x85", kind=b"\x8c\x01O"),
        filled(b"K\x02\x85", kind=b"\x8c\x02O8"),
        filled(b"K\x02\x85", kind=b"\x8c\x02V2"),
        filled(b"K\x02\x85", kind=b"\x8c\x07u1,(2)O"),
        ARRAY + b".",  # begun, not filled
        ARRAY + b"}b.",
        b"\x80\x04cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R.",
        b"\x80\x04cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x81.",  # NEWOBJ
        b"\x80\x04c_codecs\nencode\n}\x8c\x08__code__K\x01sb.",  # changes a function
        b"\x80\x04c_codecs\nencode\n\x8c\x01a\x8c\x03rot\x86R.",
        b"\x80\x04}b.",
        b"\x80\x04(b.",
        b"\x80\x04(0.",
        b"\x80\x04NN.",
        b"\x80\x04h\x07.",  # a place where nothing is
        b"\x80\x04N}NNs.",
        b"\x80\x04}K\x01Ns.",  # a number as a key
        b"\x80\x04]\x94h\x00a.",  # a list within itself
        b"\x80\x04\x8c\x01aP.",  # PERSID and its like
        b"\x80\x04\x8c\x01aQ.",
        b"\x80\x04\x82\x01.",  # EXT1
        b"\x80\x05\x97.",  # NEXT_BUFFER
        b"\x80\x05\x96" + struct.pack("<Q", 2**62) + b"abc.",
        b"\x80\x04B\xff\xff\xff\x7fabc.",
        b"\x80\x04\x8a\xff" + b"\x7f" * 200 + b".",
        b"I12\n.",
        b"(dp0\n.",
        b"",
        b".",
        b"\x80\x04",
        pickle.dumps(REPLY)[:-5],
        pickle.dumps({1, 2}),
        pickle.dumps(1j),
    ],
)
def test_programs_that_no_service_writes_are_refused(content: bytes) -> None:
    with pytest.raises(NotPlain):
        read_plain(content)


@pytest.mark.parametrize("trick", [trick for trick in TRICKS if trick != "huge"])
def test_the_tricks_of_a_hostile_service_cost_nothing(trick: str) -> None:
    content = hostile(trick)
    tracemalloc.start()
    try:
        if trick == "memory":  # a place far away: just a name here, where C would make room up to it
            assert read_plain(content) is None
        else:
            with pytest.raises(NotPlain):
                read_plain(content)
        # Nothing is reserved for what is only claimed: at most two hundred thousand references on a stack.
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


def test_what_is_named_many_times_is_there_once() -> None:
    row: list[Any] = [0] * 1000
    read = read_plain(pickle.dumps([[row] * 1000] * 1000))
    assert read[0] is read[999]
    assert read[0][0] is read[5][7]


def plain() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
    leaves |= st.text() | st.binary()

    def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner, max_size=4).map(tuple)

    return st.recursive(leaves, deeper, max_leaves=20)


@given(plain(), st.integers(2, 5))
def test_plain_data_is_read_as_it_was_written(data: Any, protocol: int) -> None:
    content = pickle.dumps(data, protocol)
    try:
        assert read_plain(content) == data
    except NotPlain as refused:
        assert "deep" in str(refused)


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_plain(content: bytes) -> None:
    for begin in (b"", b"\x80\x04"):
        try:
            read_plain(begin + content)
        except NotPlain:
            pass


@given(st.data())
def test_broken_replies_are_refused_or_plain(data: st.DataObject) -> None:
    content = bytearray(pickle.dumps(REPLY, data.draw(st.integers(2, 5))))
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_plain(bytes(content))
    except NotPlain:
        pass
