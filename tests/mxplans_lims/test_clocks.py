"""A clock that is put back, or forward, in the middle of an experiment: its record is told all the same."""

import copy
import json
import re
import uuid

import pytest
from documents_made import ITEM, made_documents

from mxplans_lims.fold import fold
from mxplans_lims.targets.mxlims import to_message

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DOCUMENTS = made_documents()


def stamped(documents, place, by_s):
    """The same from a place on with other times."""
    told = copy.deepcopy(documents)
    for _, document in told[place:]:
        if "time" in document:
            document["time"] += by_s
    return told


def again(documents, verdict):
    """A second attempt at the same item."""
    kept = {ITEM.uuid, *(str(sweep.uuid) for sweep in ITEM.sweeps)}

    def other(found):
        return found[0] if found[0] in kept else str(uuid.uuid5(uuid.NAMESPACE_OID, found[0]))

    told = [tuple(each) for each in json.loads(UUID.sub(other, json.dumps(documents)))]
    for name, document in told:
        if name == "start" and document["mxplans"]["role"] == "sample":
            document["mxplans"]["attempt"] = 2
        if name == "event" and "verdict" in document["data"]:
            document["data"]["verdict"] = verdict
    return told


@pytest.mark.parametrize("by_s", [-3600.0, -1.7e9, 1e8])
@pytest.mark.parametrize("place", range(1, len(DOCUMENTS)))
def test_a_clock_that_jumps_in_an_experiment_keeps_no_record_back(place, by_s):
    (record,) = fold(stamped(DOCUMENTS, place, by_s))
    assert record.end is not None and record.start <= record.end
    assert record.last >= record.start
    assert all(scan.end is not None and scan.start <= scan.end for scan in record.sweeps)
    assert all(phase.duration_s is None or phase.duration_s >= 0.0 for phase in record.phases)
    assert (record.verdict, record.frames) == ("COLLECTED", 4)
    assert to_message(record)["MxExperiment"]


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
def test_the_later_attempt_counts_whatever_the_clock_says(by_s):
    second = again(stamped(DOCUMENTS, 0, by_s), "NO_DIFFRACTION")
    (record,) = fold([*DOCUMENTS, *second])
    assert (record.attempt, record.verdict) == (2, "NO_DIFFRACTION")
    assert record.end is not None and record.start <= record.end
    assert to_message(record)["MxExperiment"]


@pytest.mark.parametrize("by_s", [3600.0, -3600.0])
def test_the_later_attempt_goes_on_whatever_the_clock_says(by_s):
    second = again(stamped(DOCUMENTS, 0, by_s), "NO_DIFFRACTION")
    (record,) = fold([*DOCUMENTS, *second[:-1]], live=True)
    assert (record.attempt, record.exit_status) == (2, "running")
