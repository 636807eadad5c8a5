"""Checks every document against event-model's schemas and our contract: subscribe it to a RunEngine, or give it a journal.

What is found is gathered, so that a test that expects a failing plan still sees it; `check` raises it.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jsonschema
from documents_open import OpenRun, OpenStream, at, digest, flaw_of, listed, named, texts
from event_model import DocumentNames, schema_validators

from mxplans.plans import documents
from mxplans.plans.document_starts import fields_of
from mxplans.plans.document_streams import SCAN_ROLES, STREAMS, Key
from mxplans_lims.journal import read_journal

_JSON = {"string": str, "integer": int, "number": int | float, "object": dict, "list": list | tuple, "boolean": bool}
_ENDS = ("success", "abort", "fail")


class ContractValidator:
    """A subscriber that checks documents.

    Args:
        deaths: Whether processes may have died: runs may have no end then, or one that a sweeper wrote later.
        others: Whether runs of others may come, which say nothing in `mxplans`; our streams in them have our keys.
    """

    def __init__(self, deaths: bool = False, others: bool = False) -> None:
        self.breaches: list[str] = []
        self.runs: dict[str, OpenRun] = {}
        self._deaths, self._others = deaths, others
        self._streams: dict[str, OpenStream] = {}
        self._resources: dict[str, OpenRun] = {}
        self._uids: set[str] = set()
        self._kept: list[tuple[str, dict[str, Any], str]] = []

    def __call__(self, name: str, document: dict[str, Any]) -> None:
        """Take one document."""
        self._kept.append((name, document, digest(document)))
        try:
            schema_validators[DocumentNames[name]].validate(listed(document))
        except jsonschema.ValidationError as error:
            self._breach(f"{name}: {error.message[:300]}")
            return
        self._unique(name, document)
        taken = getattr(self, f"_{name}", None)
        if taken is None:
            self._breach(f"a {name} document has no place in the contract")
            return
        taken(document)

    def check(self) -> None:
        """Raise what was found, also runs without an end and documents that were changed."""
        for name, document, before in self._kept:
            if digest(document) != before:
                self._breach(f"{name} {document.get('uid')} was changed after it was emitted")
        for run in self.runs.values():
            if run.ended is None and not self._deaths:
                self._breach(f"{named(run)} has no stop document")
        assert not self.breaches, "\n".join(dict.fromkeys(self.breaches))

    def _breach(self, text: str) -> None:
        self.breaches.append(text)

    def _expect(self, holds: bool, text: str) -> None:
        if not holds:
            self._breach(text)

    def _unique(self, name: str, document: dict[str, Any]) -> None:
        uid = document.get("uid")
        if uid is not None:
            self._expect(uid not in self._uids, f"{name}: uid {uid} came before")
            self._uids.add(uid)

    def _open(self, uid: str, what: str) -> OpenRun | None:
        run = self.runs.get(uid)
        if run is None:
            self._breach(f"{what} is of run {uid}, which has not started")
        elif run.ended is not None:
            self._breach(f"{what} comes after the end of {named(run)}")
        return run

    def _start(self, document: dict[str, Any]) -> None:
        run = OpenRun(document)
        self.runs[run.uid] = run
        if not run.said:
            self._expect(self._others, f"run {run.uid} says nothing in `mxplans`")
            return
        self._expect(run.said.get("schema") == documents.SCHEMA, f"{named(run)}: schema {run.said.get('schema')!r}")
        self._expect(run.role in ("sample", *SCAN_ROLES), f"{named(run)}: no such role")
        self._expect(document.get("plan_name") == run.role, f"{named(run)}: plan_name {document.get('plan_name')!r}")
        self._expect(isinstance(document.get("sample_name"), str), f"{named(run)} has no sample_name")
        self._section(run)
        self._plain_json(run)
        self._nesting(run)

    def _section(self, run: OpenRun) -> None:
        """Every field of the section, with its type, and none besides."""
        fields = fields_of(run.role)
        for each in fields:
            value, there = at(run.said, each.name)
            if not there:
                self._expect(not each.required, f"{named(run)}: mxplans.{each.name} is missing")
            elif value is None:
                self._expect(each.nullable, f"{named(run)}: mxplans.{each.name} is null")
            else:
                right = isinstance(value, _JSON[each.type]) and isinstance(value, bool) == (each.type == "boolean")
                self._expect(right, f"{named(run)}: mxplans.{each.name} is {value!r}, a {each.type} is expected")
        known = {each.name.partition(".")[0] for each in fields}
        self._expect(set(run.said) <= known, f"{named(run)}: unknown fields {sorted(set(run.said) - known)}")

    def _plain_json(self, run: OpenRun) -> None:
        try:
            same = json.loads(json.dumps(run.said, allow_nan=False)) == listed(run.said)
        except (TypeError, ValueError) as error:
            self._breach(f"{named(run)}: mxplans is no plain JSON: {error}")
            return
        self._expect(same, f"{named(run)}: mxplans does not come out of JSON as it went in")
        for text in texts(run.said):
            self._expect(not text.lstrip().startswith(("{", "[")), f"{named(run)}: JSON as text: {text[:60]!r}")

    def _nesting(self, run: OpenRun) -> None:
        still_open = [other for other in self.runs.values() if other.said and other.ended is None and other is not run]
        if run.role == "sample":
            self._expect(self._deaths or not still_open, f"{named(run)} starts within another run")
            self._expect(run.said.get("item_uid") == at(run.said, "item.uuid")[0], f"{named(run)}: two uuids")
            return
        parent = run.said.get("parent_uid")
        inner = [other for other in still_open if other.role != "sample"]
        self._expect(self._deaths or not inner, f"{named(run)} starts within another scan")
        if parent is None:
            self._expect(run.said.get("item_uid") is None, f"{named(run)} has an item and no outer run")
            return
        outer = self._open(parent, named(run))
        if outer is not None:
            self._expect(outer.role == "sample", f"{named(run)}: its parent is no outer run")
            self._expect(outer.said["item_uid"] == run.said.get("item_uid"), f"{named(run)} is of another item")
            self._expect(outer.start["sample_name"] == run.start["sample_name"], f"{named(run)} is of another sample")
            self._once(run)

    def _once(self, run: OpenRun) -> None:
        """No scan of an outer run is taken again once it has come to its end."""
        mine = (run.said.get("sweep_uuid"), at(run.said, "scan.ordinal")[0])
        for other in self.runs.values():
            if other is run or other.said.get("parent_uid") != run.said["parent_uid"]:
                continue
            theirs = (other.said.get("sweep_uuid"), at(other.said, "scan.ordinal")[0])
            good = other.ended is not None and other.ended["exit_status"] == "success"
            self._expect(mine != theirs or not good, f"{named(run)} was taken before")
            self._expect(mine[1] != theirs[1] or not good, f"{named(run)}: ordinal {mine[1]} twice")

    def _descriptor(self, document: dict[str, Any]) -> None:
        name = document["name"]
        run = self._open(document["run_start"], f"descriptor of {name}")
        if run is None:
            return
        stream = STREAMS.get(name) if run.said or name.startswith("mx_") else None
        if run.said and (stream is None or run.role not in stream.roles):
            self._breach(f"{named(run)}: no stream {name} in a run of this role")
        self._expect(name not in run.streams, f"{named(run)}: stream {name} is declared twice")
        opened = OpenStream(run, name, stream, frozenset(document["data_keys"]))
        run.streams[name] = self._streams[document["uid"]] = opened
        if stream is None:
            return
        for key, described in document["data_keys"].items():
            self._key(f"{named(run)} {name}", stream.key(key), key, described)
        missing = stream.required - set(document["data_keys"])
        self._expect(not missing, f"{named(run)} {name}: no {', '.join(sorted(missing))}")
        self._configuration(opened, document)

    def _key(self, where: str, known: Key | None, name: str, described: dict[str, Any]) -> None:
        if known is None:
            self._breach(f"{where}: unknown key {name}")
            return
        dtype, units = described["dtype"], described.get("units")
        self._expect(dtype == known.dtype, f"{where}: {name} is of type {dtype}, not {known.dtype}")
        self._expect(units == known.units, f"{where}: {name} has unit {units!r}, not {known.units!r}")

    def _configuration(self, opened: OpenStream, document: dict[str, Any]) -> None:
        for device, keys in (opened.stream.configuration if opened.stream else {}).items():
            found = document.get("configuration", {}).get(device, {})
            for key in keys:
                described, value = found.get("data_keys", {}).get(key.name), found.get("data", {}).get(key.name)
                where = f"{named(opened.run)} {opened.name}: configuration of {device}"
                if described is None:
                    self._expect(not key.required, f"{where}: no {key.name}")
                    continue
                self._key(where, key, key.name, described)
                self._value(where, key, value)

    def _event(self, document: dict[str, Any]) -> None:
        opened = self._streams.get(document["descriptor"])
        if opened is None:
            self._breach(f"an event of descriptor {document['descriptor']}, which did not come")
            return
        run = self._open(opened.run.uid, f"event of {opened.name}")
        opened.events += 1
        where = f"{named(opened.run)} {opened.name}"
        self._expect(
            document["seq_num"] == opened.events, f"{where}: event {document['seq_num']} after {opened.events - 1}"
        )
        self._expect(set(document["data"]) == opened.keys, f"{where}: its keys are not those announced")
        for name, value in document["data"].items():
            key = opened.stream.key(name) if opened.stream else None
            if key is not None:
                self._value(where, key, value)
        if run is not None and opened.name == documents.PHASE:
            self._phase(run, document["data"])
        if opened.name == documents.ROBOT:
            begun_s = document["data"].get("robot_start_s", 0.0)
            self._expect(begun_s <= document["time"], f"{where}: over before it began")

    def _event_page(self, document: dict[str, Any]) -> None:
        for place, seq_num in enumerate(document["seq_num"]):
            data = {name: values[place] for name, values in document["data"].items()}
            single = {"seq_num": seq_num, "time": document["time"][place], "data": data}
            self._event({"descriptor": document["descriptor"], **single})

    def _value(self, where: str, key: Key, value: Any) -> None:
        flaw = flaw_of(key, value)
        self._expect(flaw is None, f"{where}: {flaw}")

    def _phase(self, run: OpenRun, said: dict[str, str]) -> None:
        if said["state"] == "begin":
            run.phases.append(said["phase"])
        else:
            begun = run.phases.pop() if run.phases else None
            self._expect(begun == said["phase"], f"{named(run)}: phase {said['phase']} ends, {begun} has begun")

    def _stream_resource(self, document: dict[str, Any]) -> None:
        run = self._open(document["run_start"], f"stream_resource {document['uid']}")
        if run is not None:
            self._resources[document["uid"]] = run
            self._expect("dataset" in document["parameters"], f"{named(run)}: a resource without a dataset")

    def _stream_datum(self, document: dict[str, Any]) -> None:
        run, opened = self._resources.get(document["stream_resource"]), self._streams.get(document["descriptor"])
        if run is None or opened is None or opened.run is not run:
            self._breach(f"stream_datum {document['uid']} leads nowhere")
            return
        indices, numbers = document["indices"], document["seq_nums"]
        where = f"{named(run)} {opened.name}"
        frames = indices["stop"] - indices["start"]
        self._expect(frames == numbers["stop"] - numbers["start"], f"{where}: indices and seq_nums differ in number")
        self._expect(numbers["start"] == opened.events + 1, f"{where}: frame {numbers['start']} after {opened.events}")
        opened.events += frames

    def _stop(self, document: dict[str, Any]) -> None:
        run = self._open(document["run_start"], "stop document")
        if run is None:
            return
        run.ended = document
        self._expect(document["exit_status"] in _ENDS, f"{named(run)} ends with {document['exit_status']}")
        counted = {name: opened.events for name, opened in run.streams.items()}
        said = document.get("num_events", {})
        self._expect(said == counted, f"{named(run)}: {said} events, {counted} came")
        inner = [each for each in self.runs.values() if each.said.get("parent_uid") == run.uid and each.ended is None]
        self._expect(not inner, f"{named(run)} ends before {', '.join(map(named, inner))}")
        if document["exit_status"] == "success":
            self._good_end(run)

    def _good_end(self, run: OpenRun) -> None:
        if run.role == "sample":
            self._expect(run.count(documents.VERDICT) == 1, f"{named(run)}: {run.count(documents.VERDICT)} verdicts")
            self._expect(not run.phases, f"{named(run)}: phase {run.phases} has not ended")
        elif run.role in SCAN_ROLES:
            for name in (documents.PRE, documents.POST):
                self._expect(run.count(name) == 1, f"{named(run)}: {run.count(name)} events of {name}")
            wanted = at(run.said, "scan.numberImages")[0]
            frames = run.count(documents.FRAMES)
            self._expect(frames == wanted, f"{named(run)}: {frames} frames announced, {wanted} asked for")


def check_journal(path: Path, deaths: bool = False) -> ContractValidator:
    """Check all documents of a journal.

    Args:
        path: The journal.
        deaths: As for the validator.

    Raises:
        AssertionError: With all that breaks the contract.
    """
    return check_documents(read_journal(path), deaths)


def check_documents(
    found: Iterable[tuple[str, dict[str, Any]]], deaths: bool = False, others: bool = False
) -> ContractValidator:
    """The same for documents that were gathered."""
    validator = ContractValidator(deaths, others)
    for name, document in found:
        validator(name, document)
    validator.check()
    return validator
