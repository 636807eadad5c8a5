"""Over HTTP to the frames: interleaved experiments, the worker killed in the middle, every frame once and in order."""

import contextlib
import os
import signal

import httpx
import pytest
from served_queue import ended, frames_on_disk, served, wait_until

from mxplans.model import Position, kinds, parse_item
from mxplans.schedule import schedule_item
from mxplans_lims.fold import fold_journal
from mxplans_lims.targets.mxlims import to_message

AT = Position(x_mm=0.05, y_mm=0.02, z_mm=-0.03)
COMMON = {"sample_name": "demo-1", "image_width_deg": 0.5, "exposure_s": 0.02, "position": AT}
MAD = kinds.multi_energy(**COMMON, energies_ev=[12658, 12900], number_images=44, wedge_images=10)
INVERSE = kinds.inverse_beam(**COMMON, number_images=35, wedge_images=10, energies_ev=[12658])


@pytest.fixture(scope="module")
def queue(tmp_path_factory):
    """A queue on which both were collected, with a kill -9 of the worker in each."""
    with served(tmp_path_factory.mktemp("queue")) as queue, queue.client() as client:
        answer = client.post("/items", json=[MAD.to_json(), INVERSE.to_json()])
        assert answer.status_code == 201, answer.text
        client.post("/queue/start").raise_for_status()
        for item in (MAD, INVERSE):
            wait_until(lambda item=item: scans_done(client, item) >= 3, 120, "three scans are done")
            os.kill(queue.pids["worker"], signal.SIGKILL)
        wait_until(lambda: ended(client, [MAD.uuid, INVERSE.uuid]), 180, "both have ended")
        yield queue


def scans_done(client, item):
    with contextlib.suppress(httpx.TransportError):
        return client.get(f"/items/{item.uuid}").json()["scansDone"]
    return 0


pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("item", [MAD, INVERSE], ids=["MAD", "inverse beam"])
def test_every_frame_is_there_once_and_in_order_under_the_same_uuid(queue, item):
    with queue.client() as client:
        told = client.get(f"/items/{item.uuid}").json()
    assert (told["outcome"], told["attempt"]) == ("Completed", 2)
    scans = schedule_item(parse_item(item.to_json()))
    asked = [
        (scan.ordinal, pytest.approx(scan.start_deg + scan.image_width_deg * image, abs=0.01))
        for scan in scans
        for image in range(scan.number_images)
    ]
    assert frames_on_disk(queue, item.uuid) == asked


@pytest.mark.parametrize("item", [MAD, INVERSE], ids=["MAD", "inverse beam"])
def test_the_record_has_each_image_of_each_sweep_once(queue, item):
    (record,) = [each for each in fold_journal(queue.folder / "documents.jsonl") if each.item_uid == item.uuid]
    message = to_message(record)
    (experiment,) = message["MxExperiment"].values()
    assert (experiment["uuid"], experiment["jobStatus"]) == (item.uuid, "Completed")
    results = [sweep for sweep in message["CollectionSweep"].values() if "sourceRef" in sweep]
    assert len(results) == len(item.sweeps)
    for asked, measured in zip(item.asked, results, strict=True):
        images = [
            image
            for scan in measured["scans"]
            for image in range(scan["firstImageNumber"], scan["firstImageNumber"] + scan["numberImages"])
        ]
        assert sorted(images) == list(range(1, asked.number_images + 1))
        assert measured["energy"] == pytest.approx(asked.energy_ev, abs=1.0)
    ordinals = [scan["ordinal"] for sweep in results for scan in sweep["scans"]]
    assert len(set(ordinals)) == len(ordinals)


def test_events_tell_each_experiment_once(queue):
    with queue.client() as client:
        events = client.get("/events/page", params={"after": 0}).json()
    seen = [(event["what"], event["itemUuid"]) for event in events["events"]]
    assert [seen.count(("ended", item.uuid)) for item in (MAD, INVERSE)] == [1, 1]
