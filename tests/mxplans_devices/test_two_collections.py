"""Two collections one after the other share nothing but the devices: not one number of the first is in the second."""

import copy
import json
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import pytest
from bluesky import RunEngine

from mxplans.model.acquisition import AcquisitionSettings, Pose, ScanMotion
from mxplans.roles import Beamline

pytestmark = pytest.mark.usefixtures("no_new_threads")
FIRST = {"number_images": 12, "exposure_s": 0.02, "omega_increment_deg": 0.5, "distance_mm": 150.0, "prefix": "first"}
SECOND = {"number_images": 5, "exposure_s": 0.05, "omega_increment_deg": 0.1, "distance_mm": 210.0, "prefix": "second"}


@bpp.run_decorator()  # type: ignore[untyped-decorator]
def collect(beamline: Beamline, asked: AcquisitionSettings) -> Any:
    motion = ScanMotion(
        start=Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=0.0),
        step_omega_deg=asked.omega_increment_deg,
        images_per_row=asked.number_images,
        exposure_s=asked.exposure_s,
    )
    yield from bps.prepare(beamline.detector, asked, wait=True)
    yield from bps.declare_stream(beamline.detector, name="primary", collect=True)
    yield from bps.kickoff(beamline.detector, wait=True)
    yield from bps.abs_set(beamline.goniometer.scan, motion, wait=True)
    yield from bps.complete(beamline.detector, wait=True)
    yield from bps.collect(beamline.detector, name="primary")


def spoil(thing: Any) -> None:
    """Change everything that can be changed within a document."""
    if isinstance(thing, dict):
        for inner in thing.values():
            spoil(inner)
        for name, inner in thing.items():
            if isinstance(inner, int | float):
                thing[name] = -1
        thing["spoilt"] = True
    elif isinstance(thing, list):
        for inner in thing:
            spoil(inner)
        thing.append("spoilt")


def test_documents_of_a_second_collection_know_nothing_of_the_first(mounted: Beamline) -> None:
    documents: list[list[tuple[str, dict[str, Any]]]] = [[], []]
    kept: list[str] = []
    common = {"energy_ev": 12658.0, "directory": "Lyso-1"}
    engine = RunEngine({}, call_returns_result=True)
    for number, own in enumerate((FIRST, SECOND)):
        engine(
            collect(mounted, AcquisitionSettings.model_validate(common | own)),
            lambda *doc, n=number: documents[n].append(doc),
        )
        if number == 0:
            kept.append(json.dumps(documents[0]))
            asked, documents[0] = documents[0], copy.deepcopy(documents[0])
            for _, document in asked:
                spoil(document)
    mounted.detector.unstage()
    assert json.dumps(documents[0]) == kept[0]
    assert "spoilt" not in json.dumps(documents[1])
    for own, said in zip((FIRST, SECOND), documents, strict=True):
        by_name = {name: [document for kind, document in said if kind == name] for name, _ in said}
        (configured,) = [each["configuration"]["detector"]["data"] for each in by_name["descriptor"]]
        assert {name: configured[f"detector_{name}"] for name in own if name != "prefix"} == {
            name: value for name, value in own.items() if name != "prefix"
        }
        assert own["prefix"] in configured["detector_file_base"]
        (resource,), (datum,) = by_name["stream_resource"], by_name["stream_datum"]
        assert own["prefix"] in resource["uri"]
        assert datum["indices"] == {"start": 0, "stop": own["number_images"]}
        assert by_name["stop"][0]["num_events"] == {"primary": own["number_images"]}
    uids = [{document["uid"] for _, document in said if "uid" in document} for said in documents]
    assert not uids[0] & uids[1]
