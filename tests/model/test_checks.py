"""What no schema checks: each fault is found once, with its place, what is allowed, and what to do."""

from typing import Any

import pytest
from mxlims_support import MESSAGES, needs_schemas

from mxplans.errors import InvalidMessage
from mxplans.model import Message, Problem, Reference, check_message, parse_message, read_message, require_sound

UUID = "5f0c5a0e-58a3-4f0e-9d0f-1f2f7b1c9d{:02d}"


def ref(path: str) -> dict[str, str]:
    kind = path.rstrip("0123456789")
    return {"$ref": f"#/{kind}/{path}"}


def refs(*paths: str) -> list[dict[str, str]]:
    return [ref(path) for path in paths]


def scan(first: int, number: int, ordinal: int, start: float | None = None) -> dict[str, Any]:
    position = 0.5 * (first - 1) if start is None else start
    return {"scanPositionStart": position, "firstImageNumber": first, "numberImages": number, "ordinal": ordinal}


def sweep(**fields: Any) -> dict[str, Any]:
    return {
        "scanAxis": "omega",
        "numberImages": 10,
        "imageWidth": 0.5,
        "axisPositionsStart": {"omega": 0.0},
        "sourceRef": ref("MxExperiment1"),
        **fields,
    }


def sound() -> dict[str, dict[str, dict[str, Any]]]:
    """A message with something of everything, and nothing wrong."""
    objects: dict[str, dict[str, dict[str, Any]]] = {
        "Shipment": {"Shipment1": {"proposalCode": "mx1", "uuid": UUID.format(1)}},
        "Dewar": {"Dewar1": {"containerRef": ref("Shipment1"), "uuid": UUID.format(2)}},
        "Puck": {
            "Puck1": {"containerRef": ref("Dewar1"), "positionInDewar": 1, "numberPositions": 16},
            "Puck2": {"containerRef": ref("Dewar1"), "positionInDewar": 2},
        },
        "Pin": {
            "Pin1": {"containerRef": ref("Puck1"), "positionInPuck": 1, "sampleRef": ref("MacromoleculeSample1")},
            "Pin2": {"containerRef": ref("Puck2"), "positionInPuck": 99},
            "Pin10": {},
        },
        "MultiPin": {"MultiPin1": {"containerRef": ref("Puck1"), "positionInPuck": 2, "numberPositions": 2}},
        "PinPosition": {
            "PinPosition1": {"containerRef": ref("MultiPin1"), "positionInPin": 1},
            "PinPosition2": {"containerRef": ref("MultiPin1"), "positionInPin": 2},
        },
        "Plate": {
            "Plate1": {
                "containerRef": ref("Shipment1"),
                "plateType": {"numberRows": 8, "numberColumns": 12, "numberSubPositions": 3, "dropMapping": "123,RRR"},
            }
        },
        "PlateWell": {
            "PlateWell1": {"containerRef": ref("Plate1"), "rowNumber": 8, "columnNumber": 3, "name": "H03"},
            "PlateWell2": {"containerRef": ref("Plate1"), "rowNumber": 1, "columnNumber": 3, "name": "the middle one"},
        },
        "WellDrop": {"WellDrop1": {"containerRef": ref("PlateWell1"), "dropNumber": 3}},
        "DropRegion": {
            "DropRegion1": {
                "containerRef": ref("WellDrop1"),
                "region": {
                    "units": "mm",
                    "region": {
                        "regionType": "rectangle",
                        "points": [{"regionType": "point", "x": n, "y": n} for n in (0, 1)],
                    },
                },
            }
        },
        "Crystal": {"Crystal1": {"containerRef": ref("DropRegion1")}},
        "MacromoleculeSample": {"MacromoleculeSample1": {"mxlimsBaseType": "Sample"}},
        "MxExperiment": {
            "MxExperiment1": {
                "startTime": "2026-11-25T10:00:00Z",
                "endTime": "2026-11-25T11:30:00+01:00",
                "jobStatus": "Completed",
                "logisticalSampleRef": ref("Pin1"),
                "templateDataRefs": refs("CollectionSweep3", "CollectionSweep4"),
                "expectedUnitCell": {"a": 50, "b": 60, "c": 70, "alpha": 90, "beta": 100, "gamma": 90},
            },
            "MxExperiment2": {"startedFromRef": ref("MxExperiment1"), "jobStatus": "Failed"},
        },
        "CollectionSweep": {
            "CollectionSweep1": sweep(scans=[scan(1, 5, 1), scan(6, 5, 3)]),
            "CollectionSweep2": sweep(scans=[scan(913, 5, 2, start=0.1), scan(918, 5, 4, start=2.4)]),
            "CollectionSweep3": {"scanAxis": "omega", "scans": [scan(1, 5, 1)], "numberImages": 7},
            "CollectionSweep4": {"scanAxis": "omega", "numberImages": 12, "numberLines": 4, "scans": [scan(1, 3, 2)]},
        },
        "VolumeScan": {
            "VolumeScan1": {
                "resultVolume": {"position": {"omega": 1}, "coordinates": [[0, 0, 0], [1, 1, 1]], "grouping": [0, 1]}
            }
        },
    }
    for kind, named in objects.items():
        for one in named.values():
            one["mxlimsType"] = kind
    return objects


def message(objects: dict[str, Any]) -> Message:
    return parse_message({"version": "0.6.13", **objects}, "test")


def test_a_sound_message_has_no_problems():
    made = message(sound())
    assert check_message(made) == ()
    require_sound(made)


CASES = [
    # references to nothing, to nothing among several, from a list
    ("Pin", "Pin1", {"containerRef": ref("Puck7")}, "Pin.Pin1.containerRef", "#/Puck/Puck7", "it has Puck1, Puck2"),
    (
        "Crystal",
        "Crystal1",
        {"sampleRef": ref("MacromoleculeSample2")},
        "Crystal.Crystal1.sampleRef",
        None,
        "has Macro",
    ),
    (
        "MxExperiment",
        "MxExperiment1",
        {"referenceDataRefs": refs("ReflectionSet1")},
        ".referenceDataRefs.0",
        None,
        "none",
    ),
    # keys that no reference can name
    ("Pin", "Pin01", {}, "Pin.Pin01", "Pin01", "Pin1 and so on"),
    ("Pin", "Pin0", {}, "Pin.Pin0", "Pin0", "Pin1 and so on"),
    ("Pin", "Puck3", {}, "Pin.Puck3", "Puck3", "Pin1 and so on"),
    ("Pin", "Pin١", {}, "Pin.Pin١", "Pin١", "Pin1 and so on"),
    ("Pin", "Pin3", {"mxlimsBaseType": "Sample"}, "Pin.Pin3.mxlimsBaseType", "Sample", "LogisticalSample"),
    # one uuid for two
    ("Pin", "Pin1", {"uuid": UUID.format(1)}, "Pin.Pin1.uuid", UUID.format(1), "Shipment.Shipment1 has this"),
    # beyond the container
    ("Pin", "Pin1", {"positionInPuck": 17}, "Pin.Pin1.positionInPuck", 17, "1 to 16"),
    ("MultiPin", "MultiPin1", {"positionInPuck": 17}, "MultiPin.MultiPin1.positionInPuck", 17, "1 to 16"),
    ("PinPosition", "PinPosition1", {"positionInPin": 3}, "PinPosition.PinPosition1.positionInPin", 3, "1 to 2"),
    ("PlateWell", "PlateWell2", {"rowNumber": 9}, "PlateWell.PlateWell2.rowNumber", 9, "1 to 8"),
    ("PlateWell", "PlateWell2", {"columnNumber": 13}, "PlateWell.PlateWell2.columnNumber", 13, "1 to 12"),
    ("WellDrop", "WellDrop1", {"dropNumber": 4}, "WellDrop.WellDrop1.dropNumber", 4, "1 to 3"),
    # taken twice; a pin and a multi-position pin share the puck
    ("Puck", "Puck2", {"positionInDewar": 1}, "Puck.Puck2.positionInDewar", 1, "Puck.Puck1 has this"),
    ("MultiPin", "MultiPin1", {"positionInPuck": 1}, "MultiPin.MultiPin1.positionInPuck", 1, "Pin.Pin1 has this"),
    ("PinPosition", "PinPosition2", {"positionInPin": 1}, ".positionInPin", 1, "PinPosition.PinPosition1 has this"),
    ("PlateWell", "PlateWell2", {"rowNumber": 8}, ".columnNumber", (8, 3), "PlateWell.PlateWell1 has this"),
    # a well that is called otherwise, a region without a size
    ("PlateWell", "PlateWell1", {"name": "A3"}, "PlateWell.PlateWell1.name", "A3", "H3 by its row and column"),
    ("PlateWell", "PlateWell1", {"name": "H04"}, "PlateWell.PlateWell1.name", "H04", "H3 by its row and column"),
    # images
    ("CollectionSweep", "CollectionSweep4", {"numberLines": 5}, ".numberLines", 5, "divisor of numberImages, 12"),
    (
        "CollectionSweep",
        "CollectionSweep1",
        {"numberImages": 9},
        ".scans.1.numberImages",
        5,
        "image 9 or before, not 10",
    ),
    (
        "CollectionSweep",
        "CollectionSweep2",
        {"scans": [scan(913, 5, 2, start=-0.3)]},
        ".scanPositionStart",
        -0.3,
        "5 images",
    ),
    (
        "CollectionSweep",
        "CollectionSweep2",
        {"scans": [scan(913, 5, 2, start=2.8)]},
        ".scanPositionStart",
        2.8,
        "5 images",
    ),
    # order: between sweeps of one experiment, within one sweep, among templates
    (
        "CollectionSweep",
        "CollectionSweep2",
        {"scans": [scan(913, 5, 3, start=0)]},
        ".scans.0.ordinal",
        3,
        "Sweep1.scans.1",
    ),
    ("CollectionSweep", "CollectionSweep4", {"scans": [scan(1, 3, 1)]}, "Sweep4.scans.0.ordinal", 1, "(asked) has"),
    # clouds
    (
        "VolumeScan",
        "VolumeScan1",
        {"searchVolume": {"position": {}, "grouping": [0], "dozorScores": [1, 2]}},
        "VolumeScan.VolumeScan1.searchVolume.dozorScores",
        "2 values",
        "1, one for each of grouping",
    ),
    ("VolumeScan", "VolumeScan1", {"resultVolume": {"position": {}, "grouping": [-1]}}, ".grouping.0", -1, "0 for"),
    # times
    ("MxExperiment", "MxExperiment1", {"endTime": "2026-11-25T10:59:59+01:00"}, ".endTime", None, "or later"),
    ("MxExperiment", "MxExperiment1", {"jobStatus": "Running"}, ".endTime", None, "none, as jobStatus is Running"),
    # circles
    (
        "MxExperiment",
        "MxExperiment2",
        {"startedFromRef": ref("MxExperiment2")},
        ".startedFromRef",
        None,
        "not come from",
    ),
    # cells
    *(
        (
            "MxExperiment",
            "MxExperiment1",
            {"expectedUnitCell": {"a": 1, "b": 1, "c": 1} | dict(zip(("alpha", "beta", "gamma"), angles, strict=True))},
            "MxExperiment.MxExperiment1.expectedUnitCell",
            angles,
            "below 180",
        )
        for angles in [(200, 90, 90), (90, 45, 30), (120, 120, 120)]
    ),
]


@pytest.mark.parametrize(("kind", "key", "change", "path", "value", "allowed"), CASES)
def test_each_fault_is_found_once(kind, key, change, path, value, allowed):
    objects = sound()
    objects[kind].setdefault(key, {"mxlimsType": kind}).update(change)
    (problem,) = check_message(message(objects))
    assert problem.path.endswith(path)
    assert value is None or problem.value == value
    assert allowed in problem.allowed
    assert problem.remedy
    with pytest.raises(InvalidMessage, match="is not sound") as caught:
        require_sound(message(objects), "shipment.json")
    assert str(problem) in str(caught.value)


def test_a_flat_rectangle_is_found():
    objects = sound()
    objects["DropRegion"]["DropRegion1"]["region"]["region"]["points"][1]["y"] = 0
    assert [problem.path for problem in check_message(message(objects))] == [
        "DropRegion.DropRegion1.region.region.points.1.y"
    ]


def test_all_problems_are_told_and_an_error_stays_short():
    objects = sound()
    objects["Pin"] |= {
        f"Pin{n}": {"mxlimsType": "Pin", "containerRef": ref("Puck1"), "positionInPuck": 16 + n} for n in range(20, 40)
    }
    assert len(check_message(message(objects))) == 20
    with pytest.raises(InvalidMessage, match="; and 10 more") as caught:
        require_sound(message(objects))
    assert len(str(caught.value)) < 2000


def test_a_circle_of_several_is_told_at_each():
    objects = sound()
    objects["MxExperiment"]["MxExperiment1"]["startedFromRef"] = ref("MxExperiment2")
    assert [problem.path for problem in check_message(message(objects))] == [
        "MxExperiment.MxExperiment1.startedFromRef",
        "MxExperiment.MxExperiment2.startedFromRef",
    ]


def test_a_copy_changed_without_validation_is_told_its_fields():
    made = message(sound())
    pin = made.pins["Pin1"].model_copy(update={"container_ref": Reference.to("Dewar", 1), "position_in_puck": -1})
    changed = made.model_copy(update={"pins": {"Pin1": pin}})
    assert check_message(changed) == (
        Problem("Pin.Pin1.positionInPuck", -1, "Input should be greater than 0", "correct the field"),
        Problem(
            "Pin.Pin1.containerRef",
            {"$ref": "#/Dewar/Dewar1"},
            "refers to #/Dewar/Dewar1; allowed is Puck",
            "correct the field",
        ),
    )


@needs_schemas
@pytest.mark.parametrize("path", sorted((MESSAGES / "v0.6.13").rglob("*.json")), ids=lambda path: path.stem)
def test_published_messages_are_sound(path):
    assert check_message(read_message(path)) == ()
