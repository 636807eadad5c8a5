"""Reading shipments: real ones run as they are, broken ones say what is wrong."""

import json
import os
from pathlib import Path

import pytest

from mxplans.errors import InvalidMessage
from mxplans.model import Sweep, build_queue, parse_message, read_message

ROOT = Path(__file__).parents[2]
MXLIMS = Path(os.environ.get("MXPLANS_MXLIMS", ROOT.parent / "shared" / "mxlims"))
VALID = MXLIMS / "messages/v0.6.13/messages/ShipmentMessage/valid"
DEFAULT = Sweep(number_images=900, image_width_deg=0.2, exposure_s=0.02)
needs_mxlims = pytest.mark.skipif(not VALID.is_dir(), reason=f"no MXLIMS test messages at {MXLIMS}")


def shipment() -> dict:
    return json.loads((ROOT / "profiles/sim/shipment.json").read_text())


@needs_mxlims
def test_single_position_pins_make_one_item_with_the_shipments_names():
    (item,) = build_queue(read_message(VALID / "singlePositionPins.json"), DEFAULT)
    assert item.sample_name == "LMTIM_9098A01d1c1"
    assert (item.location.puck, item.location.pin, item.position_in_pin) == (1, 1, None)
    assert item.objects["Shipment"]["proposalCode"] == "mx4025"
    assert item.sweep == DEFAULT


@needs_mxlims
def test_multi_position_pins_make_one_item_per_position_on_one_pin():
    items = build_queue(read_message(VALID / "multiPositionPins.json"), DEFAULT)
    assert [item.position_in_pin for item in items] == [1, 2]
    assert len({item.location for item in items}) == 1
    assert len({item.sample_name for item in items}) == len({item.uuid for item in items}) == 2


@needs_mxlims
def test_plates_are_refused_by_name():
    with pytest.raises(InvalidMessage, match="Plate"):
        read_message(VALID / "plates.json")


def test_the_demo_shipment_makes_eight_items_and_always_the_same_ones():
    first, second = (build_queue(parse_message(shipment(), "demo"), DEFAULT) for _ in range(2))
    assert len(first) == 8
    assert first == second


def test_an_experiment_asked_for_keeps_its_uuid_and_its_sweep():
    content = shipment()
    pin = next(iter(content["Pin"]))
    wanted = "5f0c5a0e-58a3-4f0e-9d0f-1f2f7b1c9d11"
    content["MxExperiment"] = {
        "MxExperiment1": {
            "mxlimsType": "MxExperiment",
            "uuid": wanted,
            "jobStatus": "Ready",
            "logisticalSampleRef": {"$ref": f"#/Pin/{pin}"},
            "templateDataRefs": [{"$ref": "#/CollectionSweep/CollectionSweep1"}],
        }
    }
    content["CollectionSweep"] = {
        "CollectionSweep1": {
            "mxlimsType": "CollectionSweep",
            "scanAxis": "omega",
            "numberImages": 100,
            "imageWidth": 0.5,
            "transmission": 25,
        }
    }
    items = build_queue(parse_message(content, "demo"), DEFAULT)
    (item,) = [item for item in items if item.uuid == wanted]
    assert len(items) == 8
    assert (item.sweep.number_images, item.sweep.image_width_deg, item.sweep.transmission_frac) == (100, 0.5, 0.25)
    assert item.sweep.exposure_s == DEFAULT.exposure_s


@pytest.mark.parametrize("version", ["0.6.12", None, 6])
def test_an_unknown_version_names_both_versions(version):
    with pytest.raises(InvalidMessage, match=r"0\.6\.13") as caught:
        parse_message(shipment() | {"version": version}, "demo")
    assert repr(version) in str(caught.value)


def test_a_dangling_reference_names_what_refers_and_what_there_is():
    content = shipment()
    key = next(iter(content["Pin"]))
    content["Pin"][key]["containerRef"] = {"$ref": "#/Puck/Puck99"}
    with pytest.raises(InvalidMessage, match=rf"{key} refers to #/Puck/Puck99.*Puck1"):
        build_queue(parse_message(content, "demo"), DEFAULT)


def test_a_reference_to_another_type_is_refused():
    content = shipment()
    key = next(iter(content["Pin"]))
    content["Pin"][key]["containerRef"] = {"$ref": "#/Dewar/Dewar1"}
    with pytest.raises(InvalidMessage, match="allowed is Puck"):
        build_queue(parse_message(content, "demo"), DEFAULT)


def test_two_pins_at_one_position_are_refused():
    content = shipment()
    for pin in content["Pin"].values():
        pin["positionInPuck"] = 3
    with pytest.raises(InvalidMessage, match="position 3 is taken by two pins"):
        build_queue(parse_message(content, "demo"), DEFAULT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON: line 1"),
        ("[]", "holds a list"),
        ("{}", "version None"),
        ('{"version": "0.6.13"}', "Shipment"),
        ('{"version": "0.6.13", "Shipment": {"Shipment1": {"mxlimsType": "Shipment"}}}', "proposalCode"),
        ('{"version": "0.6.13", "Shipment": {}, "Planet": {}}', "Planet"),
    ],
)
def test_malformed_messages_say_where(tmp_path, text, said):
    path = tmp_path / "shipment.json"
    path.write_text(text)
    with pytest.raises(InvalidMessage, match=said) as caught:
        read_message(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(InvalidMessage, match="cannot be read"):
        read_message(tmp_path / "nothing.json")
