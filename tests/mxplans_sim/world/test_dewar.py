import json
from pathlib import Path

import pytest

from mxplans_sim.settings import SettingsError
from mxplans_sim.world.dewar import read_dewar

DEMO = Path(__file__).parents[3] / "profiles/sim/shipment.json"


def write(path, **objects):
    path.write_text(json.dumps({"version": "0.6.13", **objects}))
    return path


def ref(kind, number):
    return {"$ref": f"#/{kind}/{kind}{number}"}


def test_the_demo_shipment_fills_one_puck():
    dewar = read_dewar(DEMO)
    assert sorted(dewar) == [(1, position) for position in range(1, 9)]
    assert [dewar[1, position].name for position in range(1, 9)] == [f"demo-{n}" for n in range(1, 9)]
    assert dewar[1, 1].samples[0].acronym == "Lyso"
    assert dewar[1, 1].barcode


def test_pucks_without_a_position_count_in_the_order_of_the_file(tmp_path):
    path = write(
        tmp_path / "shipment.json",
        Puck={"Puck1": {}, "Puck2": {"positionInDewar": 7}, "Puck3": {}},
        Pin={
            f"Pin{n}": {"positionInPuck": 4, "containerRef": ref("Puck", n), "sampleRef": ref("MacromoleculeSample", 1)}
            for n in (1, 2, 3)
        },
        MacromoleculeSample={"MacromoleculeSample1": {"name": "one", "acronym": "Thing"}},
    )
    assert sorted(read_dewar(path)) == [(1, 4), (3, 4), (7, 4)]
    assert read_dewar(path)[1, 4].samples[0].acronym == "Thing"


def test_a_multi_position_pin_is_one_pin_with_its_samples_in_order(tmp_path):
    places = {
        f"PinPosition{n}": {
            "positionInPin": n,
            "containerRef": ref("MultiPin", 1),
            "sampleRef": ref("MacromoleculeSample", n),
        }
        for n in (3, 1)
    }
    path = write(
        tmp_path / "shipment.json",
        Puck={"Puck1": {}},
        MultiPin={"MultiPin1": {"numberPositions": 8, "positionInPuck": 2, "containerRef": ref("Puck", 1)}},
        PinPosition=places,
        MacromoleculeSample={f"MacromoleculeSample{n}": {"name": f"s{n}"} for n in (1, 3)},
    )
    (pin,) = read_dewar(path).values()
    assert (pin.puck, pin.pin, pin.multi, pin.name) == (1, 2, True, "s1")
    assert [sample.position for sample in pin.samples] == [1, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "is not an MXLIMS 0.6.13 message"),
        ('{"version": "0.5"}', "is not an MXLIMS 0.6.13 message"),
        ('{"version": "0.6.13", "Pin": {"Pin1": {"sampleRef": {}}}}', "missing or malformed"),
    ],
)
def test_what_is_no_shipment_is_refused(tmp_path, text, words):
    path = tmp_path / "shipment.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_dewar(path)


def test_two_pins_in_one_place_are_refused(tmp_path):
    pin = {"positionInPuck": 1, "containerRef": ref("Puck", 1), "sampleRef": ref("MacromoleculeSample", 1)}
    path = write(
        tmp_path / "shipment.json",
        Puck={"Puck1": {}},
        Pin={"Pin1": pin, "Pin2": pin},
        MacromoleculeSample={"MacromoleculeSample1": {}},
    )
    with pytest.raises(SettingsError, match="two pins in position 1 of puck 1"):
        read_dewar(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_dewar(tmp_path / "no.json")
