"""Our classes against the published schemas of MXLIMS: the same fields, needed ones, types, enumerations, bounds."""

import json

import gemmi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mxlims_support import JSON, MESSAGES, SCHEMAS, drawn_from, needs_schemas, schema, validator
from pydantic import ValidationError
from schema_support import differences, made, plain, published

from mxplans import model
from mxplans.errors import InvalidMessage
from mxplans.model import (
    MXLIMS_VERSION,
    SPACE_GROUP_NAMES,
    Message,
    MxlimsObject,
    parse_message,
    read_message,
    write_message,
)

STUB = "upstream's stubs require a field that they forbid: nothing can be one, so nothing can refer to one"
CORRELATION = "upstream has -1 for the highest correlation too, so that 0.998 would be refused; ours is -1 to 1"
CLOSED = "upstream leaves this one type open; we refuse unknown fields everywhere, so that none is lost unseen"
DIFFERENCES = {
    "ReflectionStatistics.CC_one_half.maximum": CORRELATION,
    "ReflectionStatistics.CC_ano.maximum": CORRELATION,
    "ResolutionCutoffs.CC_one_half.maximum": CORRELATION,
    "ResolutionCutoffs.CC_ano.maximum": CORRELATION,
    "PointCloud.closed": CLOSED,
    "Rectangle.closed": CLOSED,
    "MxExperiment.sampleRef.Sample": STUB,
    "MxExperiment.startedFromRef.Job": STUB,
    "MxExperiment.logisticalSampleRef.LogisticalSample": STUB,
    "MxExperiment.referenceDataRefs.items.Dataset": STUB,
    "MxExperiment.templateDataRefs.items.Dataset": STUB,
    "VolumeScan.sampleRef.Sample": STUB,
    "VolumeScan.startedFromRef.Job": STUB,
    "VolumeScan.logisticalSampleRef.LogisticalSample": STUB,
    "VolumeScan.templateDataRefs.items.Dataset": STUB,
    "MxlimsMessage.Dataset": STUB,
    "MxlimsMessage.Job": STUB,
    "MxlimsMessage.LogisticalSample": STUB,
    "MxlimsMessage.Sample": STUB,
}
"""Every deliberate difference, and why. Where only one side has a field or a kind, the place ends in its name."""

ABSTRACT = {"Dataset", "Job", "LogisticalSample", "Sample"}
STUBS = {f"{name}Stub" for name in ABSTRACT}
OBJECTS = sorted({path.stem for path in (SCHEMAS / "objects").glob("*.json")} - ABSTRACT)
DATATYPES = sorted({path.stem for path in (SCHEMAS / "datatypes").glob("*.json")} - STUBS - {"Enumerations"})
PATHS = {
    **{name: f"objects/{name}.json" for name in OBJECTS},
    **{name: f"datatypes/{name}.json" for name in DATATYPES},
    "MxlimsMessage": "messages/MxlimsMessage.json",
}
WHOLE_MESSAGES = sorted(MESSAGES.glob("*/messages/*/valid/*.json"))
MESSAGE_PARTS = sorted(path for core in ("objects", "datatypes") for path in MESSAGES.glob(f"*/{core}/*/*valid/*.json"))


def ours(name):
    kind = Message if name == "MxlimsMessage" else getattr(model, name)
    form = plain(*made(kind.model_json_schema()))
    if issubclass(kind, MxlimsObject):
        form["needed"] |= set(kind.always_written)  # reading a message asks for them: see test_message
    if kind is Message:
        form["needed"] |= {"version"}
    return form


def found(name):
    return set(differences(plain(*published(PATHS[name])), ours(name), name))


@needs_schemas
def test_the_walk_has_something_to_walk():
    assert (len(OBJECTS), len(DATATYPES)) == (19, 18)


@needs_schemas
@pytest.mark.parametrize("name", PATHS)
def test_fields_types_enumerations_and_bounds_are_theirs(name):
    assert found(name) == {place for place in DIFFERENCES if place.split(".")[0] == name}


@needs_schemas
def test_all_enumerations_are_walked_but_those_without_use():
    texts = "".join(path.read_text() for path in SCHEMAS.rglob("*.json"))
    names = set(schema("datatypes/Enumerations.json")["$defs"])
    unused = {name for name in names if f"Enumerations.json#/$defs/{name}" not in texts}
    assert unused == {"JobInputRole", "SpaceGroupNameChiral"}


@needs_schemas
def test_spellings_of_space_groups_are_theirs():
    theirs = schema("datatypes/Enumerations.json")["$defs"]["SpaceGroupName"]["enum"]
    assert len(theirs) == len(set(theirs)) == 662
    assert set(theirs) == SPACE_GROUP_NAMES


def test_there_is_a_spelling_for_each_of_the_230_space_groups():
    known = {name: gemmi.find_spacegroup_by_name(name) for name in SPACE_GROUP_NAMES}
    assert {group.number for group in known.values() if group} == set(range(1, 231))
    # gemmi does not know full symbols, as P 2/m 2/m 2/m; the short ones that follow from them it does
    assert all("/" in name for name, group in known.items() if group is None)


def accepted(kind, content):
    try:
        parse_message({"version": MXLIMS_VERSION, kind: {f"{kind}1": content}}, "drawn")
    except InvalidMessage:
        return False
    return True


def told(kind, content):
    """What the published schemas say against an object."""
    return list(validator(PATHS[kind], mended=True).iter_errors(content))


@needs_schemas
@pytest.mark.parametrize("kind", OBJECTS)
def test_what_we_take_and_write_is_valid_for_the_published_schemas(kind):
    @given(content=drawn_from(getattr(model, kind).model_json_schema()))
    @settings(deadline=None, max_examples=10, suppress_health_check=list(HealthCheck), database=None)
    def check(content):
        message = parse_message({"version": MXLIMS_VERSION, kind: {f"{kind}1": content}}, "drawn")
        ((_, _, one),) = message.objects()
        assert told(kind, one.to_json()) == []

    check()


@needs_schemas
@pytest.mark.parametrize("kind", OBJECTS)
def test_what_is_spoilt_is_refused_where_the_published_schemas_refuse_it(kind):
    @given(content=drawn_from(getattr(model, kind).model_json_schema()), data=st.data())
    @settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck), database=None)
    def check(content, data):
        places = list(_places(content))
        outer, key = data.draw(st.sampled_from(places))
        what = data.draw(st.sampled_from(["drop", "set", "add"]))
        if what == "drop":
            del outer[key]
        elif what == "set":
            outer[key] = data.draw(JSON | st.sampled_from([0, -1, 1, 101, 0.5, "5", "", True, [], {}]))
        elif isinstance(outer, dict):
            outer["surplus"] = 1
        else:
            outer.append(outer[0])
        assert accepted(kind, content) == (not told(kind, content)), content

    check()


@needs_schemas
@pytest.mark.parametrize("number", [3, 3.0, 2.0**63, 1e30, 3.5, -3.0, "3", True])
def test_a_number_is_whole_whatever_its_size_where_the_published_schemas_say_so(number):
    content = {"mxlimsType": "WellDrop", "dropNumber": number}
    assert accepted("WellDrop", content) == (not told("WellDrop", content))


def _places(content):
    """Every member of the object, however deep, without the insides of extensions."""
    for key, one in content.items() if isinstance(content, dict) else enumerate(content):
        yield content, key
        if isinstance(one, dict | list) and key != "extensions":
            yield from _places(one)


@needs_schemas
@pytest.mark.parametrize("path", WHOLE_MESSAGES, ids=lambda path: path.stem)
def test_published_messages_are_read_and_written_and_stay_valid(path, tmp_path):
    message = read_message(path)
    write_message(message, tmp_path / path.name)
    assert read_message(tmp_path / path.name) == message
    written = json.loads((tmp_path / path.name).read_text())
    assert list(validator(f"messages/{path.parts[-3]}.json").iter_errors(written)) == []
    assert list(validator("messages/MxlimsMessage.json").iter_errors(written)) == []
    assert written == json.loads(path.read_text())


@needs_schemas
@pytest.mark.parametrize("path", MESSAGE_PARTS, ids=lambda path: "-".join(path.parts[-3:]))
def test_published_objects_are_taken_or_refused_as_their_folder_says(path):
    kind, content = getattr(model, path.parts[-3]), json.loads(path.read_text())
    if path.parent.name == "valid":
        assert kind.model_validate(content).to_json() == content
    else:
        with pytest.raises(ValidationError):
            kind.model_validate(content)


@needs_schemas
def test_all_published_examples_are_used():
    assert len(WHOLE_MESSAGES) + len(MESSAGE_PARTS) == len(list(MESSAGES.rglob("*.json"))) == 18
