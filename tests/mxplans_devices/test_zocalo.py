"""The crystal finder at the virtual zocalo: what it finds, against what is true; and a zocalo that is wrong."""

import importlib
import json
import socket
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from stomp_support import Raw, client, running, until

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.crystal_search import CrystalAnswer, CrystalRequest, GridFrames
from mxplans.roles import CrystalFinder
from mxplans_devices import ZocaloCrystalFinder
from mxplans_devices.protocols.zocalo import NoResult, read_crystals, read_result
from mxplans_sim.clock import RealClock
from mxplans_sim.servers.zocalo.broker import Broker
from mxplans_sim.servers.zocalo.centring import Grid, Well
from mxplans_sim.servers.zocalo.server import ZocaloServer
from mxplans_sim.settings.analysis import BrokerSettings, ZocaloSettings

pytestmark = pytest.mark.usefixtures("no_new_threads")
COLUMNS, ROWS, LAYERS = 12, 8, 6
RESULTS = "/queue/xrc.sim"


class Strikes:
    def __init__(self, **kinds):
        self.kinds = kinds

    def take(self, kind, **context):
        return self.kinds.pop(kind, None)

    def active(self, kind, **context):
        return self.kinds.get(kind)


def spots(shape, *crystals):
    """Scores of a grid with crystals at (row, column), boxes, a box wide."""
    rows, columns = np.indices(shape)
    scores = np.zeros(shape)
    for row, column in crystals:
        scores += 200 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * 0.6**2))
    return scores


def truth(*crystals, wells=()):
    """Two grids that show crystals at (x, y, z)."""

    async def grid(run):
        first = run.start_frame_index == 0
        places = [(y if first else z, x) for x, y, z in crystals]
        return Grid(spots((ROWS if first else LAYERS, COLUMNS), *places), 0.0 if first else 90.0, wells)

    return grid


def zocalo(grids, faults=None, **settings):
    """The virtual zocalo, a thousand times faster than real time."""

    def make():
        return ZocaloServer(grids, RealClock(1000.0), ZocaloSettings.model_validate(settings), 3, faults)

    return running(make)


def finder(address, **options):
    given_options = {"results_queue": RESULTS, "purge_s": 0.02, "timeout_s": 10.0, "connect_timeout_s": 5.0}
    return ZocaloCrystalFinder(name="crystal_finder", address=address, **given_options | options)


def request(first_id=11, number=2):
    sizes = (ROWS, LAYERS)[:number]
    grids = [
        GridFrames(
            data_collection_id=first_id + index,
            file_name="series_1",
            first_frame=index * COLUMNS * ROWS,
            columns=COLUMNS,
            rows=rows,
        )
        for index, rows in enumerate(sizes)
    ]
    return CrystalRequest(grids=tuple(grids))


def found_in(address, asked=None, **options):
    device = finder(address, **options)
    device.set(asked or request()).wait(20)
    assert device.answer is not None
    return device.answer


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_crystal_is_found_where_it_is(wrapped):
    at = (7.3, 2.4, 3.1)
    with zocalo(truth(at), recipe_wrapper=wrapped) as (_, facts):
        answer = found_in(facts["stomp_addr"])
    (crystal,) = answer.crystals
    # Boxes 0.6 wide in sigma, cut at 5 %: a centre of mass is good to a part of a box. Index = centre of a box.
    assert (crystal.x_box, crystal.y_box, crystal.z_box) == pytest.approx(at, abs=0.1)
    assert crystal.strongest_box == (7, 2, 3)
    assert all(
        first <= round(place) <= last
        for first, place, last in zip(crystal.first_box, at, crystal.last_box, strict=True)
    )
    assert answer.dropped == 0


def test_corners_are_box_0_and_the_last_one():
    with zocalo(truth((0, 0, 0), (COLUMNS - 1, ROWS - 1, LAYERS - 1))) as (_, facts):
        answer = found_in(facts["stomp_addr"])
    boxes = sorted(crystal.strongest_box for crystal in answer.crystals)
    # With two crystals of different x there is no ghost.
    assert boxes == [(0, 0, 0), (COLUMNS - 1, ROWS - 1, LAYERS - 1)]
    low, high = sorted(answer.crystals, key=lambda crystal: crystal.x_box)
    assert low.first_box == (0, 0, 0)
    assert 0 <= low.x_box < 0.3
    assert high.last_box == (COLUMNS - 1, ROWS - 1, LAYERS - 1)


def test_one_grid_has_no_depth_and_samples_of_a_pin_are_told_apart():
    wells = (Well(0.0, 6.0, 4711),)
    with zocalo(truth((2, 2, 3), (9, 5, 1), wells=wells)) as (_, facts):
        answer = found_in(facts["stomp_addr"], request(number=1))
    by_x = sorted(answer.crystals, key=lambda crystal: crystal.x_box)
    assert [crystal.z_box for crystal in by_x] == [None, None]
    assert [len(crystal.first_box) for crystal in by_x] == [2, 2]
    assert [crystal.sample_id for crystal in by_x] == [4711, None]  # the other one is kept, marked


def test_no_diffraction_is_an_answer():
    with zocalo(truth()) as (_, facts):
        assert found_in(facts["stomp_addr"]) == CrystalAnswer()
    with zocalo(truth((3, 3, 3)), Strikes(zocalo_empty={})) as (_, facts):
        assert found_in(facts["stomp_addr"]) == CrystalAnswer()


def test_the_role_and_one_request_after_the_other():
    with zocalo(truth((3.0, 3.0, 3.0))) as (_, facts):
        device = finder(facts["stomp_addr"])
        assert isinstance(device, CrystalFinder)
        assert device.answer is None
        for first_id in (11, 13, 11):
            device.set(request(first_id)).wait(20)
            assert len(device.answer.crystals) == 1


def test_results_from_before_and_of_others_are_passed_over():
    stale = {"results": [], "recipe_parameters": {"dcid": 12, "dcgid": 11, "gpu": False}}
    other = {**stale, "recipe_parameters": {"dcid": 99, "dcgid": 98}}
    with zocalo(truth((3, 3, 3))) as (_, facts):
        with client(facts["stomp_addr"]) as (sender, _):
            sender.send(RESULTS, json.dumps(stale))
            sender.send(RESULTS, "old garbage", receipt="r")
        device = finder(facts["stomp_addr"], purge_s=0.3)
        status = device.set(request())
        status.wait(20)
        assert len(device.answer.crystals) == 1
        with client(facts["stomp_addr"]) as (sender, _):
            status = finder(facts["stomp_addr"], purge_s=0.0, timeout_s=0.5).set(request(21))
            sender.send(RESULTS, json.dumps(other))
            status.wait(20)


def test_a_late_result_is_waited_for():
    with zocalo(truth((3, 3, 3)), Strikes(zocalo_late={"seconds": 300.0})) as (_, facts):
        assert len(found_in(facts["stomp_addr"]).crystals) == 1


@pytest.mark.parametrize(
    ("faults", "told"),
    [
        ({"zocalo_never": {}}, r"no result of 12 in /queue/xrc.sim within 1 s; see zocalo"),
        ({"zocalo_other_id": {}}, r"no result of 12 in /queue/xrc.sim within 1 s; results of 1012 came instead"),
        ({"zocalo_malformed": {}}, r"is no result of X-ray centring: it cannot be read \(JSONDecodeError"),
    ],
    ids=str,
)
def test_a_result_that_does_not_come_or_is_none_is_a_fault(faults, told):
    with zocalo(truth((3, 3, 3)), Strikes(**faults)) as (_, facts):
        device = finder(facts["stomp_addr"], timeout_s=1.0)
        with pytest.raises(DeviceFault, match=told):
            device.set(request()).wait(20)
        assert device.answer is None
        device = finder(facts["stomp_addr"])
        device.set(request(31)).wait(20)  # and the next request is served
        assert len(device.answer.crystals) == 1


def test_nobody_there_a_wrong_account_and_somebody_who_says_nothing():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(DeviceFault, match=f"2 tries: nobody listens at {address}; start the broker"):
            finder(address, tries=2).set(request()).wait(20)
    with zocalo(truth()) as (_, facts), pytest.raises(DeviceFault, match="the broker refuses: .*login or passcode"):
        finder(facts["stomp_addr"], passcode="wrong", tries=1).set(request()).wait(20)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(DeviceFault, match=r"does not say that it has let us in within 0.2 s"):
            finder(address, connect_timeout_s=0.2).set(request()).wait(20)


def test_a_lost_connection_is_made_again_and_nothing_is_sent_twice():
    """A broker without a zocalo behind it; the test is zocalo."""

    def broker():
        return Broker(BrokerSettings.model_validate({}))

    with running(broker) as (server, address), Raw(address) as analysis:
        analysis.connect()
        analysis.say(b"SUBSCRIBE\nid:1\ndestination:/queue/processing_recipe\n\n\0")
        device = finder(address, tries=3)
        status = device.set(request())
        events = [json.loads(analysis.hear()[2])["parameters"]["event"] for _ in range(4)]
        assert events == ["start", "start", "end", "end"]
        threading.Event().wait(1.0)  # the broker's word that it has the last of them is on its way
        until(lambda: len(server._sessions) == 2)
        cut = [session for session in server._sessions if session is not _session_of(server, analysis)]
        for session in cut:
            session._transport._loop.call_soon_threadsafe(session.abort)  # wakes the server's loop, which is idle
        until(lambda: server._sessions and not set(cut) & set(server._sessions) and len(server._sessions) == 2)
        body = json.dumps({"results": [], "recipe_parameters": {"dcid": 12, "dcgid": 11}}).encode()
        analysis.say(b"SEND\ndestination:/queue/xrc.sim\n\n" + body + b"\0")
        status.wait(20)
        assert device.answer == CrystalAnswer()
        analysis.say(b"SEND\ndestination:/queue/processing_recipe\nreceipt:r\n\nlast\0")
        heard = [analysis.hear() for _ in range(2)]
        assert "last" in {frame[2] for frame in heard}  # nothing else came


def _session_of(server, raw):
    """The server's side of a raw client."""
    port = raw.socket.getsockname()[1]
    (found,) = [each for each in server._sessions if each._transport.get_extra_info("peername")[1] == port]
    return found


def test_stop_ends_the_waiting():
    with zocalo(truth(), Strikes(zocalo_never={})) as (_, facts):
        device = finder(facts["stomp_addr"], timeout_s=60.0)
        status = device.set(request())
        until(lambda: any("reader of" in thread.name for thread in threading.enumerate()))
        begun_s = time.perf_counter()
        device.stop()
        with pytest.raises(DeviceFault, match="was stopped before its end"):
            status.wait(5)
        assert time.perf_counter() - begun_s < 4.0


def test_a_missing_library_is_told_when_the_device_is_made(monkeypatch):
    monkeypatch.setitem(sys.modules, "stomp", None)
    with pytest.raises(DeviceFault, match=r"pip install 'mxplans\[zocalo\]'"):
        finder("127.0.0.1:1")
    monkeypatch.undo()
    importlib.import_module("stomp")


@pytest.mark.parametrize("address", ["", "localhost", "127.0.0.1:0", "127.0.0.1:99999", "tcp://a:1"])
def test_an_address_that_is_none(address):
    with pytest.raises(InvalidInput):
        finder(address)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"data_collection_id": 11}, "both grids have the id 11"),
        ({"columns": 13}, "grids of 12 and 13 columns"),
    ],
)
def test_requests_that_cannot_be_answered(change, told):
    one, two = request().grids
    with pytest.raises(ValidationError, match=told):
        CrystalRequest(grids=(one, GridFrames.model_validate({**two.model_dump(), **change})))


GOOD = {
    "centre_of_mass": [7.8, 2.9, 3.6],
    "max_voxel": [7, 2, 3],
    "max_count": 400,
    "n_voxels": 8,
    "total_count": 900.0,
    "bounding_box": [[6, 1, 2], [9, 4, 5]],
    "sample_id": None,
}


def test_half_a_box_and_half_open():
    (crystal,) = read_crystals([GOOD], request(), 3).crystals
    assert (crystal.x_box, crystal.y_box, crystal.z_box) == pytest.approx((7.3, 2.4, 3.1))
    assert (crystal.first_box, crystal.last_box) == ((6, 1, 2), (8, 3, 4))


def test_weak_results_are_dropped_and_counted_and_the_strongest_comes_first():
    weak, strong = {**GOOD, "total_count": 2.0}, {**GOOD, "max_count": 500}
    answer = read_crystals([GOOD, weak, strong], request(), 3.0)
    assert [crystal.max_count for crystal in answer.crystals] == [500, 400]
    assert answer.dropped == 1


@pytest.mark.parametrize(
    "change",
    [
        {"centre_of_mass": [7.8, 2.9]},
        {"centre_of_mass": [float("nan"), 2.9, 3.6]},
        {"centre_of_mass": [12.6, 2.9, 3.6]},  # beyond the last column
        {"centre_of_mass": [-0.2, 2.9, 3.6]},
        {"centre_of_mass": [3.0, 2.9, 3.6]},  # outside of its own box
        {"max_voxel": [12, 2, 3]},
        {"max_voxel": [7, -1, 3]},
        {"max_voxel": ["7", 2, 3]},
        {"bounding_box": [[6, 1, 2]]},
        {"bounding_box": [[6, 1, 2], [9, 4]]},
        {"bounding_box": [[6, 1, 2], [6, 4, 5]]},  # empty
        {"bounding_box": [[6, 1, 2], [13, 4, 5]]},
        {"n_voxels": 0},
        {"total_count": -1},
        {"max_count": None},
        {"sample_id": "A"},
    ],
    ids=str,
)
def test_malformed_crystals_are_refused(change):
    with pytest.raises(NoResult):
        read_crystals([{**GOOD, **change}], request(), 3.0)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"results": []}',
        b'{"results": {}, "recipe_parameters": {"dcid": 1}}',
        b'{"results": [], "recipe_parameters": {"dcid": "1"}}',
        b'{"payload": {"results": []}, "recipe": {}, "recipe-pointer": 1}',
        b"[" * 100_000,
        b"1" * 5000,
    ],
)
def test_messages_that_are_no_results(body):
    with pytest.raises(NoResult):
        read_result(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@given(st.binary(max_size=100) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_message_is_a_result_or_none(body):
    try:
        read_result(body)
    except NoResult:
        pass


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_any_value_is_a_crystal_within_the_grid_or_refused(key, value):
    try:
        answer = read_crystals([{**GOOD, key: value}], request(), 3.0)
    except NoResult:
        return
    for crystal in answer.crystals:
        for place, size in zip((crystal.x_box, crystal.y_box, crystal.z_box), (COLUMNS, ROWS, LAYERS), strict=True):
            assert -0.5 <= place <= size - 0.5
