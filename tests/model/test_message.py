"""Messages: real ones run as they are and come back as they were, broken ones say what is wrong."""

import contextlib
import json
import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mxlims_support import MESSAGES, drawn_from, needs_schemas
from pydantic import ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model import (
    MXLIMS_VERSION,
    SUPPORTED_VERSIONS,
    Message,
    Pin,
    Sweep,
    build_queue,
    decode_message,
    parse_message,
    read_message,
    write_message,
)

ROOT = Path(__file__).parents[2]
VALID = MESSAGES / "v0.6.13/messages/ShipmentMessage/valid"
DEFAULT = Sweep(number_images=900, image_width_deg=0.2, exposure_s=0.02)


def shipment() -> dict:
    return json.loads((ROOT / "profiles/sim/shipment.json").read_text())


@needs_schemas
def test_single_position_pins_make_one_item_with_the_shipments_names():
    (item,) = build_queue(read_message(VALID / "singlePositionPins.json"), DEFAULT)
    assert item.sample_name == "LMTIM_9098A01d1c1"
    assert (item.location.puck, item.location.pin, item.position_in_pin) == (1, 1, None)
    assert item.objects["Shipment"]["proposalCode"] == "mx4025"
    (sweep,) = item.asked
    assert (sweep.number_images, sweep.image_width_deg) == (DEFAULT.number_images, DEFAULT.image_width_deg)


@needs_schemas
def test_multi_position_pins_make_one_item_per_position_on_one_pin():
    items = build_queue(read_message(VALID / "multiPositionPins.json"), DEFAULT)
    assert [item.position_in_pin for item in items] == [1, 2]
    assert len({item.location for item in items}) == 1
    assert len({item.sample_name for item in items}) == len({item.uuid for item in items}) == 2


@needs_schemas
def test_plates_are_read_but_make_no_queue():
    message = read_message(VALID / "plates.json")
    assert len(message.plates) == 1
    with pytest.raises(InvalidMessage, match="no Pin and no PinPosition"):
        build_queue(message, DEFAULT)


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
    (sweep,) = item.asked
    assert (sweep.number_images, sweep.image_width_deg, sweep.transmission_frac) == (100, 0.5, 0.25)
    assert sweep.exposure_s == DEFAULT.exposure_s


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
    with pytest.raises(InvalidMessage, match=rf"Pin.{key}.containerRef: refers to #/Dewar/Dewar1; allowed is Puck"):
        parse_message(content, "demo")


def test_two_pins_at_one_position_are_refused():
    content = shipment()
    for pin in content["Pin"].values():
        pin["positionInPuck"] = 3
    with pytest.raises(InvalidMessage, match="position 3 is taken by two pins"):
        build_queue(parse_message(content, "demo"), DEFAULT)


SHIPMENT = '{"version": "0.6.13", "Shipment": {"Shipment1": {"mxlimsType": "Shipment", "proposalCode": "mx1"%s}}}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON: line 1"),
        ("", "not JSON: line 1"),
        ("\ufeff{}", "not JSON: line 1, column 1: .*BOM"),
        ("[]", "holds a list; allowed is an MXLIMS message"),
        ("{}", "version None; allowed is '0.6.13'"),
        ('{"version": ["0.6.13"]}', "allowed is '0.6.13'"),
        ('{"version": "0.6.13", "Shipment": {}}', "Shipment is empty; allowed is one object or more"),
        ('{"version": "0.6.13", "Shipment": []}', "Shipment: Input should be an object"),
        ('{"version": "0.6.13", "Planet": {"Planet1": {}}}', "Planet: there is no such field here"),
        ('{"version": "0.6.13", "pins": {}}', "pins: there is no such field here"),
        ('{"version": "0.6.13", "Shipment": {"Shipment1": {"mxlimsType": "Shipment"}}}', "proposalCode: is missing"),
        (
            '{"version": "0.6.13", "Shipment": {"Shipment1": {"proposalCode": "mx1"}}}',
            "Shipment1.mxlimsType is missing",
        ),
        (
            '{"version": "0.6.13", "CollectionSweep": {"CollectionSweep1": {"mxlimsType": "CollectionSweep"}}}',
            "CollectionSweep1.scanAxis is missing",
        ),
        (SHIPMENT % ', "name": null', "Shipment.Shipment1.name is null"),
        (SHIPMENT % ', "proposal_code": "mx1"', "proposal_code: there is no such field here"),
        (SHIPMENT % ', "sessionNumber": "5"', "sessionNumber: Input should be a number, without quotes, given is '5'"),
        (
            SHIPMENT % ', "sessionNumber": true',
            "sessionNumber: Input should be a number, without quotes, given is True",
        ),
        (SHIPMENT % ', "sessionNumber": 0', "sessionNumber: Input should be greater than 0, given is 0"),
        (SHIPMENT % ', "name": "a", "name": "b"', "has the key 'name' twice"),
        (SHIPMENT % ', "sessionNumber": NaN', "holds NaN; allowed are finite numbers"),
        (SHIPMENT % ', "extensions": {"a.example.org": {"x": -Infinity}}', "holds -Infinity; allowed are finite"),
        (SHIPMENT % ', "extensions": {"a.example.org": {"x": 1e999}}', "extensions.a.example.org.x is inf"),
        (SHIPMENT % (', "sessionNumber": ' + "9" * 5000), "a number that is too long"),
        (SHIPMENT % r', "name": "\ud800"', "allowed is Unicode text"),
        (
            SHIPMENT % ', "uuid": "5F0C5A0E-58A3-4F0E-9D0F-1F2F7B1C9D11"',
            "uuid: Input should be a UUID of version 1 to 5 in lower case",
        ),
        (
            SHIPMENT % ', "uuid": "0197c1a0-58a3-7f0e-9d0f-1f2f7b1c9d11"',
            "uuid: Input should be a UUID of version 1 to 5 in lower case",
        ),
        (
            SHIPMENT % ', "identifiers": {"mxplans": "1"}',
            "identifiers.mxplans.*: Input should be a domain name with a dot",
        ),
        (
            SHIPMENT % ', "urls": {"a.example.org": "http://localhost/1"}',
            "urls.a.example.org: Input should be an address of http",
        ),
        (SHIPMENT % (', "name": ' + '{"a":' * 100_000 + "1" + "}" * 100_000), "nested too deeply; allowed are 64"),
        (SHIPMENT % (', "extensions": {"a.example.org": {"x": ' + "[" * 70 + "]" * 70 + "}}"), "nested too deeply"),
        (SHIPMENT % (', "name": "' + "x" * 10_000_000 + '"'), "more than 8388608 bytes"),
    ],
)
def test_malformed_messages_say_where_and_shortly(tmp_path, text, said):
    path = tmp_path / "shipment.json"
    path.write_text(text)
    with pytest.raises(InvalidMessage, match=said) as caught:
        read_message(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_long_value_is_not_repeated_in_full():
    content = shipment()
    content["Shipment"]["Shipment1"]["uuid"] = "x" * 1_000_000
    with pytest.raises(InvalidMessage, match=r"given is 'xx.*\.\.\.") as caught:
        parse_message(content, "demo")
    assert len(str(caught.value)) < 1000


def test_decoded_json_is_checked_like_text():
    content = shipment()
    content["Shipment"]["Shipment1"]["extensions"] = {"a.example.org": {"x": float("nan")}}
    with pytest.raises(InvalidMessage, match=r"extensions\.a\.example\.org\.x is nan"):
        parse_message(content, "demo")
    nested: list = []
    for _ in range(100_000):
        nested = [nested]
    content["Shipment"]["Shipment1"]["extensions"] = {"a.example.org": {"x": nested}}
    with pytest.raises(InvalidMessage, match="nested too deeply"):
        parse_message(content, "demo")
    while nested:  # dropping it at once would be too deep for the interpreter
        nested = nested[0]


def test_null_may_stand_in_extensions():
    content = shipment()
    extensions = {"a.example.org": {"x": None, "extensions": [None, {"y": None}]}}
    content["Shipment"]["Shipment1"]["extensions"] = extensions
    message = parse_message(content, "demo")
    assert message.to_json()["Shipment"]["Shipment1"]["extensions"] == extensions


def test_a_missing_file_a_folder_and_bytes_say_so(tmp_path):
    with pytest.raises(InvalidMessage, match="cannot be read: No such file"):
        read_message(tmp_path / "nothing.json")
    with pytest.raises(InvalidMessage, match="cannot be read: Is a directory"):
        read_message(tmp_path)
    with pytest.raises(InvalidMessage, match="cannot be read: embedded null byte"):
        read_message(tmp_path / "a\0b.json")
    (tmp_path / "latin.json").write_bytes('{"version": "é"}'.encode("latin-1"))
    with pytest.raises(InvalidMessage, match=r"latin\.json is not UTF-8 text \(byte 13\)"):
        read_message(tmp_path / "latin.json")


def test_the_size_that_is_read_can_be_chosen(tmp_path):
    path = tmp_path / "message.json"
    write_message(parse_message(shipment(), "demo"), path)
    size = path.stat().st_size
    assert read_message(path, max_bytes=size).pins
    with pytest.raises(InvalidMessage, match=f"more than {size - 1} bytes"):
        read_message(path, max_bytes=size - 1)


def test_versions_are_a_parameter(tmp_path):
    message = parse_message(shipment(), "demo")
    with pytest.raises(InvalidMessage, match=r"version '0.6.13'; allowed is none"):
        parse_message(shipment(), "demo", versions=("0.7.0",))
    for version in ("0.7.0", ""):
        with pytest.raises(InvalidMessage, match="allowed is '0.6.13'"):
            write_message(message, tmp_path / "message.json", version)
    with pytest.raises(ValidationError, match=r"one of 0\.6\.13"):
        Message(version="0.7.0")
    assert list(tmp_path.iterdir()) == []
    for version in SUPPORTED_VERSIONS:
        assert message.to_json(version)["version"] == version


def test_a_message_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "message.json"
    message = parse_message(shipment(), "demo")
    write_message(message, path)
    before = path.read_bytes()
    odd = Message(pins={"Pin1": Pin(extensions={"a.example.org": {"x": object()}})})
    with pytest.raises(InvalidMessage, match="not JSON"):
        write_message(odd, path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_message(Message(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_object_cannot_be_changed_and_knows_no_nan():
    pin = Pin(position_in_puck=1)
    with pytest.raises(ValidationError, match="frozen"):
        pin.position_in_puck = 2  # type: ignore[misc]
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValidationError, match="finite"):
            Pin(holder_length=wrong)
        with pytest.raises(ValidationError, match="finite"):
            Pin(extensions={"a.example.org": {"x": [wrong]}})


@given(content=drawn_from(Message.model_json_schema()))
@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
def test_reading_what_was_written_gives_the_same(content, tmp_path_factory):
    content = {key: value for key, value in content.items() if value} | {"version": MXLIMS_VERSION}
    message = parse_message(content, "drawn")
    path = tmp_path_factory.mktemp("drawn") / "message.json"
    write_message(message, path)
    assert read_message(path, max_bytes=10**9) == message
    assert json.loads(path.read_text()) == message.to_json()
    assert decode_message(path.read_bytes(), "drawn", max_bytes=10**9) == message


@given(st.binary(max_size=200) | st.from_regex(r'\{"version": "0\.6\.13", .*\}', fullmatch=True).map(str.encode))
@settings(deadline=None)
def test_no_bytes_end_otherwise_than_read_or_refused(data):
    with contextlib.suppress(InvalidMessage):
        decode_message(data, "noise")
