"""The validating subscriber notices every kind of breach of the documents contract, and nothing else."""

import copy
import json
import re

import pytest
from documents_contract import ContractValidator, check_documents
from documents_made import ITEM, described, made_documents

from mxplans.plans import documents
from mxplans.plans.document_streams import STREAMS


def test_documents_that_keep_to_the_contract_pass():
    assert len(check_documents(made_documents()).runs) == 2


def edited(kind, number, edit):
    """The made documents with the n-th of a kind changed by `edit(document)`."""

    def change(found):
        places = [place for place, (name, _) in enumerate(found) if name == kind]
        edit(found[places[number]][1])
        return found

    return change


def without(kind, number):
    def change(found):
        place = [place for place, (name, _) in enumerate(found) if name == kind][number]
        return found[:place] + found[place + 1 :]

    return change


def swapped(first, second):
    """Two documents, by their place from the end, in each other's place."""

    def change(found):
        found[first], found[second] = found[second], found[first]
        return found

    return change


def descriptor(stream, edit):
    def change(found):
        (document,) = [doc for name, doc in found if name == "descriptor" and doc["name"] == stream]
        edit(document)
        return found

    return change


def units(key, unit):
    return lambda document: document["data_keys"][key].update(units=unit)


BREACHES = {
    "an item as text": (edited("start", 0, lambda doc: doc["mxplans"].update(item=json.dumps({"a": 1}))), "item is '{"),
    "json as text": (edited("start", 0, lambda doc: doc["mxplans"]["item"].update(annotation='{"a": 1}')), "JSON as text"),
    "an unknown field": (edited("start", 0, lambda doc: doc["mxplans"].update(operator="me")), "unknown fields"),
    "a field missing": (edited("start", 0, lambda doc: doc["mxplans"].pop("attempt")), "attempt is missing"),
    "a number that is a bool": (edited("start", 0, lambda doc: doc["mxplans"].update(attempt=True)), "attempt is True"),
    "an unknown role": (edited("start", 1, lambda doc: doc["mxplans"].update(role="scan")), "no such role"),
    "a run of nobody": (edited("start", 1, lambda doc: doc.pop("mxplans")), "says nothing"),
    "another parent": (edited("start", 1, lambda doc: doc["mxplans"].update(parent_uid="x")), "has not started"),
    "another item": (edited("start", 1, lambda doc: doc["mxplans"].update(item_uid=ITEM.uuid[:-1])), "another item"),
    "an unknown stream": (descriptor("mx_robot", lambda doc: doc.update(name="robot")), "no stream robot"),
    "a stream elsewhere": (descriptor("mx_pre", lambda doc: doc.update(name="mx_verdict")), "no stream mx_verdict"),
    "a key of a device": (
        descriptor("mx_pre", lambda doc: doc["data_keys"].update(smargon_omega=doc["data_keys"]["goniometer_omega"])),
        "unknown key smargon_omega",
    ),
    "a key missing": (descriptor("mx_pre", lambda doc: doc["data_keys"].pop("beam_flux")), "no beam_flux"),
    "another unit": (descriptor("mx_pre", units("beam_energy", "keV")), "has unit 'keV', not 'eV'"),
    "no unit": (descriptor("mx_pre", lambda doc: doc["data_keys"]["beam_energy"].pop("units")), "has unit None"),
    "another type": (
        descriptor("mx_pre", lambda doc: doc["data_keys"]["beam_energy"].update(dtype="string")),
        "of type string, not number",
    ),
    "a detector that says nothing": (descriptor("primary", lambda doc: doc["configuration"].clear()), "no detector_model"),
    "a value of another type": (edited("event", 1, lambda doc: doc["data"].update(robot_pin="1")), "not integer"),
    "a value that is none": (edited("event", 2, lambda doc: doc["data"].update(beam_flux=float("nan"))), "not finite"),
    "a key that was not announced": (edited("event", 0, lambda doc: doc["data"].update(more=1)), "not those announced"),
    "an event of nothing": (edited("event", 0, lambda doc: doc.update(descriptor="x")), "which did not come"),
    "an event that is lost": (without("event", 0), "phase collect ends, None has begun"),
    "an event that comes twice": (lambda found: [*found[:3], found[2], *found[3:]], "came before"),
    "a robot that is over too soon": (edited("event", 1, lambda doc: doc["data"].update(robot_start_s=2e9)), "over before"),
    "a frame too few": (edited("stream_datum", 0, lambda doc: doc["indices"].update(stop=3)), "differ in number"),
    "frames that are lost": (without("stream_datum", 0), "0 frames announced, 4 asked for"),
    "frames of nowhere": (edited("stream_datum", 0, lambda doc: doc.update(stream_resource="x")), "leads nowhere"),
    "no verdict": (without("event", -1), "0 verdicts"),
    "an unheard-of end": (edited("stop", 0, lambda doc: doc.update(exit_status="killed")), "stop"),
    "no end": (without("stop", 0), "has no stop document"),
    "an outer run that ends first": (lambda found: [*found[:-1][:-5], found[-1], *found[:-1][-5:]], "ends before"),
    "an event after the end": (swapped(-1, -2), "after the end"),
}  # fmt: skip


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_noticed(breach):
    change, said = BREACHES[breach]
    with pytest.raises(AssertionError, match=re.escape(said)):
        check_documents(change(made_documents()))


def test_a_scan_that_ended_well_is_not_taken_again():
    found = made_documents()
    begin = next(place for place, (_, doc) in enumerate(found) if doc.get("plan_name") == "rotation")
    end = next(place for place, (name, _) in enumerate(found) if name == "stop")
    again = json.loads(json.dumps(found[begin : end + 1]).replace(found[begin][1]["uid"], "second-run"))
    for _, document in again:
        document["uid"] = document["uid"].replace("-", "_")
    text = json.dumps(again).replace("second_run", "second-run")
    with pytest.raises(AssertionError, match="taken before"):
        check_documents([*found[: end + 1], *json.loads(text), *found[end + 1 :]])


def test_a_document_that_is_changed_later_is_noticed():
    validator, found = ContractValidator(), made_documents()
    for name, document in found:
        validator(name, document)
    found[0][1]["mxplans"]["item"]["jobStatus"] = "Completed"
    with pytest.raises(AssertionError, match="was changed after it was emitted"):
        validator.check()


def test_our_streams_have_our_keys_in_runs_of_others_too():
    start = {"uid": "theirs", "time": 1.0, "plan_name": "by hand"}
    keys = {key.name: described(key) for key in STREAMS[documents.HULL].keys}
    stream = {"uid": "stream", "time": 1.0, "run_start": "theirs", "name": documents.HULL, "data_keys": keys}
    stop = {
        "uid": "end",
        "time": 2.0,
        "run_start": "theirs",
        "exit_status": "success",
        "num_events": {documents.HULL: 0},
    }
    found = [("start", start), ("descriptor", stream), ("stop", stop)]
    check_documents(found, others=True)
    keys["hull_x_mm"]["units"] = "um"
    with pytest.raises(AssertionError, match="hull_x_mm has unit 'um'"):
        check_documents(found, others=True)


def test_where_processes_die_runs_have_no_end_or_a_late_one():
    cut = made_documents()[:8]
    later = copy.deepcopy(made_documents())
    with pytest.raises(AssertionError, match="within another run"):
        check_documents([*cut, *later])
    check_documents([*cut, *later], deaths=True)
