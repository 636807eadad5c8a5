"""The reference of the queue item is fresh, and says what the models do."""

import json
from pathlib import Path

import jsonschema
import pytest

from mxplans.errors import InvalidInput
from mxplans.model import DOMAIN, CollectionSweep, Kind, Sweep, kinds, parse_item
from mxplans.model.kinds.examples import examples
from mxplans.model.reference import COMMAND, files, queue_item_page, queue_item_schema
from mxplans.model.reference_fields import AXES, UNITS

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", files())
def test_the_reference_is_fresh(name):
    written = FOLDER / name
    assert written.exists() and written.read_text() == files()[name], f"{written} is not fresh: run `{COMMAND}`"


@pytest.fixture(scope="module")
def schema():
    jsonschema.Draft202012Validator.check_schema(queue_item_schema())
    return jsonschema.Draft202012Validator(queue_item_schema())


@pytest.mark.parametrize("kind", Kind)
def test_an_item_of_every_kind_follows_the_schema(schema, kind):
    schema.validate(json.loads(json.dumps(examples()[kind].to_json())))


def test_patterns_are_those_of_every_language():
    assert "(?" not in json.dumps(queue_item_schema()).replace("(?:", "")


def changed(path, value):
    content = examples()[Kind.ROTATION].to_json()
    place = content
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return content


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("sampleName",), "../up"),
        (("colour",), "red"),
        (("sweeps", 0, "numberImages"), -5),
        (("sweeps", 0, "numberImages"), 1.5),
        (("sweeps", 0, "exposureTime"), 0),
        (("sweeps", 0, "transmission"), 9999),
        (("sweeps", 0, "energy"), 12.4),
        (("sweeps", 0, "prefix"), "p" * 300),
        (("sweeps", 0, "path"), "/etc"),
        (("sweeps", 0, "extensions"), {DOMAIN: {"colour": "red"}}),
        (("experiment", "extensions", DOMAIN, "kind"), "burn"),
        (("experiment", "extensions", DOMAIN, "wedgeImages"), 0),
        (("experiment", "uuid"), "no-uuid"),
        (("location", "pin"), 0),
    ],
)
def test_schema_and_model_refuse_the_same(schema, path, value):
    content = changed(path, value)
    assert not schema.is_valid(content)
    with pytest.raises(InvalidInput):
        parse_item(content)


def numbers(properties):
    for name, field in properties.items():
        if any(part.get("type") == "number" for part in [field, *field.get("anyOf", ())]):
            yield name


def test_every_measure_of_an_item_has_a_unit():
    definitions = queue_item_schema()["$defs"]
    parts = ("MxExperiment", "ExperimentExtension", "SweepRequest", "SweepExtension", "UnitCell", "Scan")
    measures = [name for part in parts for name in numbers(definitions[part]["properties"])]
    assert len(measures) > 10
    assert [name for name in measures if name not in UNITS] == []


@pytest.mark.parametrize("axis", AXES)
def test_every_axis_is_one_that_a_sweep_has(axis):
    field, unit = AXES[axis]
    start = {name: 11.0 for name in AXES if name.startswith("sample")} | {axis: 11.0}
    asked = CollectionSweep(
        sweep_type="still", number_images=1, exposure_time=1.0, prefix="s", axis_positions_start=start
    )
    sweep = Sweep.from_mxlims(asked)
    assert getattr(sweep.start if axis.startswith("sample") else sweep, field) == 11.0
    assert field.endswith(f"_{unit}")


def test_the_page_has_every_field_and_every_kind():
    page, definitions = queue_item_page(), queue_item_schema()["$defs"]
    names = [name for part in definitions.values() for name in part.get("properties", ())]
    assert [name for name in names if f"| `{name}` |" not in page] == []
    assert [kind for kind in Kind if f"### {kind}\n" not in page] == []
    assert all((getattr(kinds, kind.value).__doc__ or "").splitlines()[0] in page for kind in Kind)
