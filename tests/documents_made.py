"""Documents of one item as the contract has them, made of its own tables: for tests of whoever checks or reads them."""

import copy
from collections.abc import Iterator
from typing import Any

from event_model import compose_run

from mxplans.model import kinds
from mxplans.model.experiments import Scan
from mxplans.plans import documents
from mxplans.plans.document_streams import STREAMS, Key
from mxplans.plans.documents import ScanContext

NOW_S = 1_795_000_000.0
IMAGES = 4
ITEM = kinds.rotation(
    sample_name="made", location=(1, 2), number_images=IMAGES, image_width_deg=0.5, exposure_s=0.1, wedge_images=IMAGES
)
Document = tuple[str, dict[str, Any]]
_PLAIN = {"string": "", "number": 0.5, "integer": 1, "array": []}


def value_of(key: Key) -> Any:
    """Something of its type."""
    return _PLAIN[key.dtype]


def described(key: Key) -> dict[str, Any]:
    """Its entry in a descriptor."""
    shape = [0] if key.dtype == "array" else []
    return {"source": "made", "dtype": key.dtype, "shape": shape} | ({"units": key.units} if key.units else {})


class Made:
    """One run, document by document."""

    def __init__(self, metadata: dict[str, Any], at_s: float) -> None:
        self.at_s = at_s
        self._run = compose_run(metadata=metadata, time=at_s, event_counters={})
        self.start = self._run.start_doc

    @property
    def uid(self) -> str:
        return str(self.start["uid"])

    def begin(self) -> Document:
        return "start", dict(self.start)

    def events(self, stream: str, *said: dict[str, Any]) -> Iterator[Document]:
        """A stream of as many events as are given, other keys filled up."""
        keys = [key for key in STREAMS[stream].keys if key.required]
        bundle = self._run.compose_descriptor(
            name=stream, data_keys={key.name: described(key) for key in keys}, time=self.at_s
        )
        yield "descriptor", dict(bundle.descriptor_doc)
        for values in said:
            data = {key.name: values.get(key.name, value_of(key)) for key in keys}
            stamps = dict.fromkeys(data, self.at_s)
            yield "event", dict(bundle.compose_event(data=data, timestamps=stamps, time=self.at_s, validate=False))

    def frames(self, number: int) -> Iterator[Document]:
        """Its frames in one file."""
        stream = STREAMS[documents.FRAMES]
        image = {"source": "made", "dtype": "array", "dtype_numpy": "<u4", "shape": [2, 2], "external": "STREAM:"}
        keys = stream.configuration["detector"]
        configuration = {
            "data": {key.name: value_of(key) for key in keys},
            "timestamps": dict.fromkeys((key.name for key in keys), self.at_s),
            "data_keys": {key.name: described(key) for key in keys},
        }
        bundle = self._run.compose_descriptor(
            name=stream.name,
            data_keys={"detector_image": image},
            configuration={"detector": configuration},
            time=self.at_s,
        )
        yield "descriptor", dict(bundle.descriptor_doc)
        resource = self._run.compose_stream_resource(
            mimetype="application/x-hdf5",
            uri="file://localhost/data/made_data_000001.h5",
            data_key="detector_image",
            parameters={"dataset": "/entry/data/data"},
        )
        yield "stream_resource", dict(resource.stream_resource_doc)
        datum = resource.compose_stream_datum(
            {"start": 0, "stop": number}, seq_nums={"start": 1, "stop": number + 1}, descriptor=bundle.descriptor_doc
        )
        yield "stream_datum", dict(datum)

    def end(self, counts: dict[str, int], exit_status: str = "success") -> Document:
        return "stop", {
            "uid": f"{self.uid[:-4]}0000",
            "time": self.at_s,
            "run_start": self.uid,
            "exit_status": exit_status,
            "reason": "",
            "num_events": counts,
        }


def made_documents() -> list[Document]:
    """One item, mounted, collected in one scan, taken out."""
    outer = Made(documents.sample_metadata(ITEM, "made"), NOW_S)
    (sweep,) = ITEM.sweeps
    part = Scan(scan_position_start=0.0, first_image_number=1, number_images=IMAGES, ordinal=1)
    context = ScanContext(ITEM.sample_name, ITEM.uuid, outer.uid)
    inner = Made(documents.scan_metadata("rotation", context, sweep, part), NOW_S + 1)
    phases = [{"phase": "collect", "state": state} for state in ("begin", "end")]
    robot = {"robot_action": "LOAD", "robot_start_s": NOW_S - 10}
    told = [outer.begin(), *outer.events(documents.PHASE, *phases), *outer.events(documents.ROBOT, robot)]
    ending = told.pop(2 + 1)  # the end of the phase
    told += [inner.begin(), *inner.events(documents.PRE, {}), *inner.frames(IMAGES), *inner.events(documents.POST, {})]
    told += [inner.end({documents.PRE: 1, documents.FRAMES: IMAGES, documents.POST: 1}), ending]
    told += outer.events(documents.VERDICT, {"verdict": "COLLECTED", "verdict_reason": "all images"})
    told.append(outer.end({documents.PHASE: 2, documents.ROBOT: 1, documents.VERDICT: 1}))
    return copy.deepcopy(told)
