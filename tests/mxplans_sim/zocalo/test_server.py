"""X-ray centring as a beamline meets it: runs go out, results come in, over stomp.py."""

import asyncio
import json

import numpy as np
import pytest
from stomp_support import client, running, until

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.zocalo.centring import Grid, Well
from mxplans_sim.servers.zocalo.server import ZocaloServer
from mxplans_sim.settings.analysis import ZocaloSettings

SPEED_UP = 1000.0
RUNS = "/queue/processing_recipe"
RESULTS = "/queue/xrc.sim"


class Strikes:
    def __init__(self, **kinds):
        self.kinds = kinds

    def take(self, kind, **context):
        assert context["dcid"] > 0
        return self.kinds.pop(kind, None)

    def active(self, kind, **context):
        return self.kinds.get(kind)


class Truth:
    """Two grids of one file; the first has box (row 2, column 3) lit, the second box (row 1, column 3)."""

    def __init__(self):
        self.asked = []

    async def __call__(self, run):
        self.asked.append((run.filename, run.start_frame_index, run.number_of_frames))
        if run.filename == "nowhere":
            return None
        scores = np.zeros((4, 5) if run.start_frame_index == 0 else (3, 5))
        scores[(2, 3) if run.start_frame_index == 0 else (1, 3)] = 40
        return Grid(scores, 0.0 if run.start_frame_index == 0 else 90.0, (Well(3.0, 5.0, 4711),))


def bench(faults=None, truth=None, **settings):
    clock = RealClock(SPEED_UP)
    given = {"recipe_wrapper": False, **settings}

    def make():
        return ZocaloServer(truth or Truth(), clock, ZocaloSettings.model_validate(given), 3, faults)

    return running(make)


def send(connection, queue=RUNS, **parameters):
    connection.send(queue, json.dumps({"recipes": ["mimas"], "parameters": parameters}))


def send_start(connection, dcid, first, number, index=0, filename="series_1", **more):
    send(
        connection,
        event="start",
        ispyb_dcid=dcid,
        filename=filename,
        start_frame_index=first,
        number_of_frames=number,
        message_index=index,
        **more,
    )


def scan(connection, filename="series_1", dcids=(7, 8)):
    send_start(connection, dcids[0], 0, 20, 0, filename)
    send_start(connection, dcids[1], 20, 15, 1, filename)
    for dcid in dcids:
        send(connection, event="end", ispyb_dcid=dcid)


def test_two_grids_give_a_centre_in_three_dimensions(no_new_threads):
    truth = Truth()
    with bench(truth=truth) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        assert facts["xrc_queue"] == RESULTS
        one.subscribe(RESULTS, id="1", ack="client-individual")
        scan(one)
        frame = inbox.messages.get(timeout=5)
        one.ack(frame.headers["ack"])
    assert json.loads(frame.body) == {
        "results": [
            {
                "centre_of_mass": [3.5, 2.5, 1.5],
                "max_voxel": [3, 2, 1],
                "max_count": 1600,
                "n_voxels": 1,
                "total_count": 1600,
                "bounding_box": [[3, 2, 1], [4, 3, 2]],
                "sample_id": 4711,
            }
        ],
        "recipe_parameters": {"dcid": 8, "dcgid": 7, "gpu": False},
    }
    assert truth.asked == [("series_1", 0, 20), ("series_1", 20, 15)]


def test_one_grid_gives_a_centre_in_its_plane():
    with bench() as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        send_start(one, 7, 0, 20)
        send(one, event="end", ispyb_dcid=7)
        (result,) = json.loads(inbox.bodies(1)[0])["results"]
        assert result["centre_of_mass"] == [3.5, 2.5, 0.5]


def test_results_wait_in_the_queue_for_who_comes_late():
    with bench() as (_, facts):
        with client(facts["stomp_addr"]) as (one, _):
            scan(one)
            scan(one, "series_2", (9, 10))
            until(lambda: _stored(facts) == 2)
        with client(facts["stomp_addr"]) as (two, inbox):
            two.subscribe(RESULTS, id="1")
            dcids = [json.loads(body)["recipe_parameters"]["dcid"] for body in inbox.bodies(2)]
    assert sorted(dcids) == [8, 10]


def _stored(facts):
    """Messages that wait: takes them, and gives them back by leaving."""
    with client(facts["stomp_addr"]) as (spy, inbox):
        spy.subscribe(RESULTS, id="1", ack="client")
        spy.subscribe("/queue/echo", id="2")
        spy.send("/queue/echo", "")
        number = 0
        while inbox.messages.get(timeout=5).headers["subscription"] != "2":
            number += 1
        return number


def test_a_result_takes_its_time():
    with bench(delay_s=300.0) as (server, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        begin_s = server._clock.now_s()
        scan(one)
        inbox.bodies(1)
        assert server._clock.now_s() - begin_s >= 300.0


def test_nothing_lit_and_no_such_file_give_no_crystals():
    async def dark(run):
        return Grid(np.zeros((4, 5)), 0.0 if run.start_frame_index == 0 else 90.0)

    for truth, filename in ((dark, "series_1"), (Truth(), "nowhere")):
        with bench(truth=truth) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
            one.subscribe(RESULTS, id="1")
            scan(one, filename)
            assert json.loads(inbox.bodies(1)[0])["results"] == []


def test_grids_that_do_not_fit_give_no_result_and_the_next_ones_do():
    async def aslant(run):
        grid = await Truth()(run)
        return Grid(grid.scores, 30.0 * (run.start_frame_index > 0)) if run.filename == "aslant" else grid

    with bench(truth=aslant) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        scan(one, "aslant")
        scan(one, "series_2", (9, 10))
        assert json.loads(inbox.bodies(1)[0])["recipe_parameters"]["dcid"] == 10


def test_messages_that_are_no_runs_are_dead_letters():
    with bench() as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe("/queue/DLQ.processing_recipe", id="1")
        one.send(RUNS, "garbage")
        send(one, event="end", ispyb_dcid=99)
        assert inbox.bodies(1) == ["garbage"]
        assert json.loads(inbox.bodies(1)[0])["parameters"]["ispyb_dcid"] == 99
        one.subscribe(RESULTS, id="2")
        scan(one)
        assert json.loads(inbox.bodies(1)[0])["results"]


def test_a_namespace_and_another_beamline():
    names = {"namespace": "zocalo", "beamline": "i99"}
    with bench(**names) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        assert facts["xrc_queue"] == "/queue/zocalo.xrc.i99"
        one.subscribe("/queue/zocalo.xrc.i99", id="1")
        queue = "/queue/zocalo.processing_recipe"
        send(one, queue, event="start", ispyb_dcid=7, filename="a", number_of_frames=20)
        send(one, queue, event="end", ispyb_dcid=7)
        assert json.loads(inbox.bodies(1)[0])["results"]


def test_results_as_messages_of_a_recipe():
    with bench(recipe_wrapper=True, gpu=True) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        scan(one)
        frame = inbox.messages.get(timeout=5)
    message = json.loads(frame.body)
    assert frame.headers["workflows-recipe"] == "True"
    assert [result["max_count"] for result in message["payload"]["results"]] == [1600]
    step = message["recipe"][str(message["recipe-pointer"])]
    assert step == {"queue": "xrc.sim", "parameters": {"dcid": 8, "dcgid": 7, "gpu": True}}
    assert message["environment"]["ID"] == "xrc-8"


def first_result(**kinds):
    """What comes first of two scans, the first of which is struck."""
    with bench(Strikes(**kinds), late_s=1e6) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        scan(one)
        scan(one, "series_2", (9, 10))
        return inbox.bodies(1)[0]


@pytest.mark.parametrize("fault", [{"zocalo_never": {}}, {"zocalo_late": {"seconds": 1e6}}, {"zocalo_late": {}}])
def test_a_result_can_be_late_or_missing(fault):
    assert json.loads(first_result(**fault))["recipe_parameters"]["dcid"] == 10


def test_a_late_result_comes():
    faults = Strikes(zocalo_late={"seconds": 200.0})
    with bench(faults) as (server, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        begin_s = server._clock.now_s()
        scan(one)
        assert json.loads(inbox.bodies(1)[0])["results"]
        assert server._clock.now_s() - begin_s >= 200.0


def test_a_result_can_be_empty_of_another_run_or_malformed():
    assert json.loads(first_result(zocalo_empty={}))["results"] == []
    other = json.loads(first_result(zocalo_other_id={}))
    assert other["results"]
    assert other["recipe_parameters"]["dcid"] not in (7, 8)
    with pytest.raises(json.JSONDecodeError):
        json.loads(first_result(zocalo_malformed={}))


def test_ten_thousand_runs_in_a_burst():
    number = 5000  # a start and an end each
    with bench(delay_s=0.0) as (_, facts), client(facts["stomp_addr"]) as (one, inbox):
        one.subscribe(RESULTS, id="1")
        for dcid in range(1, number + 1):
            send_start(one, dcid, 0, 20, filename=str(dcid))
            send(one, event="end", ispyb_dcid=dcid)
        results = [json.loads(body) for body in inbox.bodies(number, timeout_s=30)]
    assert {result["recipe_parameters"]["dcid"] for result in results} == set(range(1, number + 1))
    assert all(len(result["results"]) == 1 for result in results)


def test_what_ends_the_service_by_itself_is_told(no_new_threads):
    async def broken(run):
        raise RuntimeError("no detector")

    async def main():
        server = ZocaloServer(broken, RealClock(SPEED_UP), ZocaloSettings.model_validate({}), 3)
        await server.wait()
        facts = await server.start()
        waiting = asyncio.create_task(server.wait())
        await asyncio.to_thread(_one_scan, facts["stomp_addr"])
        with pytest.raises(RuntimeError, match="no detector"):
            await waiting
        await server.stop()

    asyncio.run(main())


def _one_scan(address):
    with client(address) as (one, _):
        scan(one)
