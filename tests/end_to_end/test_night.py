"""A short night as a user runs it, looked at from every side that something comes out of."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401
import numpy as np
import pytest
from event_model import DocumentNames, schema_validators
from night_support import IMAGES, Night, processes_about, short_profile, short_shipment

from mxplans.model import Sweep, build_queue, read_message

pytestmark = pytest.mark.timeout(240)
MXLIMS = Path(os.environ.get("MXPLANS_MXLIMS", Path(__file__).parents[3] / "shared" / "mxlims"))
GOOD, EMPTY, SILENT, GONE = 1, 3, 6, 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("short")


@pytest.fixture(scope="module")
def night(folder):
    profile = short_profile(folder, world="  demo-8: {missing: true}\n")
    running = Night(profile, short_shipment(folder, GOOD, EMPTY, SILENT, GONE), folder / "night")
    code = running.finish()
    assert code == 0, running.text
    return running


def test_every_sample_gets_the_verdict_that_is_true_of_it(night):
    verdicts = {sample["name"]: sample["verdict"] for sample in night.summary()["samples"]}
    assert verdicts == {
        "demo-1": "COLLECTED",
        "demo-3": "EMPTY_MOUNT",
        "demo-6": "NO_DIFFRACTION",
        "demo-8": "PIN_MISSING",
    }
    evidence = {sample["name"]: sample["evidence"] for sample in night.summary()["samples"]}
    assert evidence["demo-3"]["narrowest_um"] > evidence["demo-3"]["pin_width_um"]  # nothing but metal
    assert evidence["demo-6"]["significance_a"] < evidence["demo-6"]["threshold"]


def test_the_crystal_was_in_the_beam_when_data_were_taken(night):
    (rotation,) = [event for event in night.truth()["events"] if event.get("scan") == "rotation"]
    assert (rotation["sample"], rotation["images_done"]) == ("demo-1", IMAGES)
    assert max(map(abs, rotation["crystal_offset_um"])) < 10


def test_every_pin_that_was_mounted_was_put_back(night):
    kinds = [(event["kind"], event.get("sample")) for event in night.truth()["events"] if "mount" in event["kind"]]
    assert kinds == [(kind, f"demo-{pin}") for pin in (GOOD, EMPTY, SILENT) for kind in ("mount", "unmount")]


def test_all_frames_are_on_disk(night):
    (path,) = (night.out / "data/demo-1").rglob("sweep_*_data_*.h5")
    with h5py.File(path) as file:
        assert file["entry/data/data"].shape == (IMAGES, 512, 512)
    assert not list((night.out / "data").rglob("*.partial"))


def test_all_documents_are_valid_and_every_run_has_ended_well(night):
    documents = night.documents()
    for name, document in documents:
        schema_validators[DocumentNames[name]].validate(document)
    starts = [doc for name, doc in documents if name == "start"]
    stops = [doc for name, doc in documents if name == "stop"]
    assert len(starts) == len(stops) == 4 + 2 + 2 + 1
    assert {stop["exit_status"] for stop in stops} == {"success"}


def test_the_experiments_come_out_with_the_uuids_that_went_in(night, folder):
    queue = build_queue(read_message(folder / "shipment.json"), Sweep(number_images=1, image_width_deg=1, exposure_s=1))
    messages = {path.stem: json.loads(path.read_text()) for path in (night.out / "lims/messages").glob("*.json")}
    assert set(messages) == {item.uuid for item in queue}
    for uuid, message in messages.items():
        assert [experiment["uuid"] for experiment in message["MxExperiment"].values()] == [uuid]


@pytest.mark.skipif(not (MXLIMS / "schemas").is_dir(), reason=f"no MXLIMS schemas at {MXLIMS}")
def test_the_messages_follow_the_schema(night):
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    resources = [
        (
            f"https://mxlims.org/schemas/{path.relative_to(MXLIMS / 'schemas')}",
            Resource(
                json.loads(path.read_text())
                | {"$id": f"https://mxlims.org/schemas/{path.relative_to(MXLIMS / 'schemas')}"},
                DRAFT202012,
            ),
        )
        for path in (MXLIMS / "schemas").rglob("*.json")
    ]
    validator = Draft202012Validator(
        {"$ref": "https://mxlims.org/schemas/messages/MxlimsMessage.json"},
        registry=Registry().with_resources(resources),
    )
    for path in (night.out / "lims/messages").glob("*.json"):
        assert [error.message for error in validator.iter_errors(json.loads(path.read_text()))] == []


def test_the_report_has_everything_in_itself(night):
    text = (night.out / "report.html").read_text()
    assert not re.search(r"(?:src|href)=[\"'](?!data:|#)", text)
    assert not re.search(r"url\((?!['\"]?(?:data:|#))", text)
    for name in ("demo-1", "demo-3", "demo-6", "demo-8"):
        assert name in text
    # Three on-axis views, one diffraction frame; heat maps are drawn inline.
    assert text.count("data:image/") == 4
    assert text.count("<svg") >= 4


def test_tiled_serves_every_run_and_every_frame(night):
    archive = subprocess.Popen(
        [sys.executable, "-m", "mxplans_lims.archive", str(night.out)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with archive:
        ready = json.loads(archive.stdout.readline())
        code = (
            "import sys, numpy as np\n"
            "from tiled.client import from_uri\n"
            "catalog = from_uri(sys.argv[1], api_key=sys.argv[2])\n"
            "assert len(catalog) == 9, len(catalog)\n"
            "run, = [r for r in catalog.values() if r.metadata['start']['mxplans']['role'] == 'rotation']\n"
            "np.save(sys.argv[3], run['primary']['detector_image'].read())\n"
        )
        key = (night.out / ".tiled-api-key").read_text().strip()
        served = night.out / "served.npy"
        subprocess.run([sys.executable, "-c", code, ready["url"], key, str(served)], check=True, timeout=120)
        archive.stdin.close()
        assert archive.wait(60) == 0
    (path,) = (night.out / "data/demo-1").rglob("sweep_*_data_*.h5")
    with h5py.File(path) as file:
        np.testing.assert_array_equal(np.load(served), file["entry/data/data"][()])


def test_nothing_is_left_running(night):
    assert processes_about(night.out) == []
