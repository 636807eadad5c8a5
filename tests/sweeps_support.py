"""Interleaved sweeps for tests: documents of a real run, copied for each wedge, with frames in files of their own."""

import copy
import itertools
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np

Document = tuple[str, dict[str, Any]]
NY, NX = 48, 40


@dataclass(frozen=True)
class Wedge:
    """A scan: the sweep that it belongs to, its first image, and how many images stand in each of its files."""

    sweep: str
    first: int
    files: tuple[int, ...]

    @property
    def images(self) -> int:
        return sum(self.files)


def run_documents(documents: Sequence[Document], uid: str) -> list[Document]:
    """Those of one run, in order."""
    known = {uid}
    found = []
    for name, document in documents:
        if known & {document.get(key) for key in ("run_start", "descriptor")} or document["uid"] == uid:
            known.add(document["uid"])
            found.append((name, document))
    return found


class Interleaved:
    """An item whose rotation is replaced by wedges.

    Args:
        documents: Of one collected sample, as the RunEngine gave them.
        folder: For files.

    Attributes:
        frames: By sweep and image number, as written.
        names: Of the sweeps, by uuid.
    """

    def __init__(self, documents: Sequence[Document], folder: Path) -> None:
        starts = [d for name, d in documents if name == "start"]
        self.outer = next(d["uid"] for d in starts if d["mxplans"]["role"] == "sample")
        rotation = next(d["uid"] for d in starts if d["mxplans"]["role"] == "rotation")
        self._template = run_documents(documents, rotation)
        inner = {id(d) for _, d in self._template}
        rest = [each for each in documents if id(each[1]) not in inner]
        place = next(n for n, (_, d) in enumerate(documents) if d["uid"] == rotation)
        self._before, self._after = rest[:place], rest[place:]
        self.frames: dict[tuple[str, int], np.ndarray[Any, Any]] = {}
        self._folder = folder
        self._random = np.random.default_rng(5)
        self._ordinals = itertools.count(1)

    def attempt(self, number: int, wedges: Sequence[Wedge]) -> list[Document]:
        """Documents of one attempt at the item, with runs of its own."""
        inside = [each for wedge in wedges for each in self.wedge(wedge)]
        documents = copy.deepcopy([*self._before, *inside, *self._after])
        uids = {d["uid"] for _, d in [*self._before, *self._after]}
        if number > 1:
            documents = _renamed(documents, uids)
        for name, document in documents:
            document["time"] = document.get("time", 0.0) + 100.0 * number
            if name == "start" and document["mxplans"]["role"] == "sample":
                document["mxplans"]["attempt"] = number
        return documents

    def wedge(self, wedge: Wedge) -> Iterator[Document]:
        """Documents of one scan."""
        ordinal = next(self._ordinals)
        documents = _renamed(self._template, {d["uid"] for _, d in self._template})
        pairs = [each for each in documents if each[0] in ("stream_resource", "stream_datum")][:2]
        rest = [each for each in documents if each[0] not in ("stream_resource", "stream_datum")]
        start = rest[0][1]
        start["mxplans"]["scan"] |= {
            "firstImageNumber": wedge.first,
            "numberImages": wedge.images,
            "ordinal": ordinal,
        }
        start["mxplans"]["sweep"] |= {
            "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, wedge.sweep)),
            "prefix": wedge.sweep,
            "numberImages": 15,
        }
        for _, document in rest:
            document["time"] += float(ordinal)
        yield from rest[:-1]
        image = wedge.first
        for number, count in enumerate(wedge.files, start=1):
            path = self._write(f"{wedge.sweep}_{ordinal}_data_{number:06d}.h5", wedge.sweep, image, count)
            yield from _leading_to(path, count, pairs, image - wedge.first)
            image += count
        yield rest[-1]

    def _write(self, name: str, sweep: str, first: int, count: int) -> Path:
        frames = self._random.poisson(3, (count, NY, NX)).astype("<u4")
        self.frames |= {(sweep, first + number): frame for number, frame in enumerate(frames)}
        self._folder.mkdir(parents=True, exist_ok=True)
        with h5py.File(self._folder / name, "w") as file:
            file.create_dataset(
                "/entry/data/data", data=frames, chunks=(1, NY, NX), **hdf5plugin.Bitshuffle(cname="lz4")
            )
        return self._folder / name


def _leading_to(path: Path, count: int, pair: Sequence[Document], done: int) -> Iterator[Document]:
    (_, resource), (_, datum) = copy.deepcopy(list(pair))
    resource["uid"] = str(uuid.uuid4())
    resource["uri"] = f"file://localhost{path.resolve()}"
    datum["uid"], datum["stream_resource"] = f"{resource['uid']}/0", resource["uid"]
    datum["indices"] = {"start": 0, "stop": count}
    datum["seq_nums"] = {"start": done + 1, "stop": done + count + 1}
    yield "stream_resource", resource
    yield "stream_datum", datum


def _renamed(documents: Sequence[Document], uids: set[str]) -> list[Document]:
    text = json.dumps(documents)
    for uid in uids:
        text = text.replace(uid, str(uuid.uuid4()) if "/" not in uid else f"{uuid.uuid4()}/0")
    return [(name, document) for name, document in json.loads(text)]
