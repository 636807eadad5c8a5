"""Frames of an item come out of the catalogue as one array in image order, whatever was taken in between."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sweeps_support import Interleaved, Wedge
from tiled.client import from_uri
from tiled_support import ArchiveProcess

from mxplans.errors import InvalidInput
from mxplans_lims.frames import open_frames, sweeps_of

# Two energies in turn, and files of different lengths: 1-5, other, 11-15, other, 6-10.
FIRST_TRY = [Wedge("peak", 1, (5,)), Wedge("remote", 1, (6, 2)), Wedge("peak", 11, (3, 2))]
SECOND_TRY = [Wedge("remote", 9, (7,)), Wedge("peak", 6, (4, 1))]


@dataclass
class Served:
    catalogue: Any
    item: Interleaved
    item_uid: str
    runs: list[str]
    stray: str
    state: dict[str, Any]

    def written(self, sweep: str) -> list[np.ndarray[Any, Any]]:
        images = sorted(image for name, image in self.item.frames if name == sweep)
        assert images == list(range(1, 16))
        return [self.item.frames[sweep, image] for image in images]


@pytest.fixture(scope="module")
def served(make_night: Any) -> Iterator[Served]:
    night = make_night({"Only": "COLLECTED"})
    item = Interleaved(night.documents, night.out / "data" / "Only")
    stray = list(Interleaved(night.documents, night.out / "data" / "Stray").wedge(Wedge("stray", 1, (2,))))
    stray[1][1]["name"] = "a/b"  # no name for a node of Tiled
    documents = [*stray, *item.attempt(1, FIRST_TRY), *item.attempt(2, SECOND_TRY)]
    lines = [json.dumps(each, default=lambda array: array.tolist()) + "\n" for each in documents]
    (night.out / "documents.jsonl").write_text("".join(lines))
    with ArchiveProcess(night.out, "--follow") as process:
        said = process.flush()
        assert (said["failed"], said["pending"]) == (1, 0), process.log.read_text()
        catalogue = from_uri(process.url, api_key=process.key)
        state = json.loads((night.out / "lims" / "tiled_state.json").read_text())
        runs = [d["uid"] for name, d in documents if name == "start" and d["uid"] != stray[0][1]["uid"]]
        yield Served(catalogue, item, night.items[0].uuid, runs, stray[0][1]["uid"], state)
        catalogue.context.close()
        assert process.end() == 0


@pytest.mark.timeout(120)  # starts the server, on a machine that may be busy
@pytest.mark.parametrize("sweep", ["peak", "remote"])
def test_each_frame_of_interleaved_wedges_bit_for_bit(served: Served, sweep: str) -> None:
    frames = open_frames(served.catalogue, served.item_uid, sweep)
    written = served.written(sweep)
    assert frames.shape == (15, *written[0].shape)
    assert frames.dtype == written[0].dtype
    for number, frame in enumerate(written):
        np.testing.assert_array_equal(frames[number], frame, err_msg=f"image {number + 1}")
    np.testing.assert_array_equal(frames[:], np.stack(written))
    np.testing.assert_array_equal(frames[3:12], np.stack(written[3:12]))  # over the borders of files and wedges


def test_the_stream_says_which_images_of_which_runs(served: Served) -> None:
    streams = sweeps_of(served.catalogue, served.item_uid)
    assert {"sweep_peak", "sweep_remote"} < set(streams)  # and the grids
    said = streams["sweep_peak"].metadata["configuration"]["sweep"]["data"]
    assert said["sweep_first_images"] == [1, 6, 11]
    assert said["sweep_images"] == [5, 5, 5]
    firsts = [served.catalogue[uid].start["mxplans"]["scan"]["firstImageNumber"] for uid in said["sweep_runs"]]
    assert firsts == [1, 6, 11]
    same = open_frames(served.catalogue, served.item_uid, said["sweep_uuid"])
    np.testing.assert_array_equal(same[7], served.item.frames["peak", 8])


def test_an_attempt_holds_what_was_measured_by_its_end(served: Served) -> None:
    runs = [served.catalogue[uid] for uid in served.runs]
    first = next(
        run for run in runs if run.start["mxplans"]["role"] == "sample" and run.start["mxplans"]["attempt"] == 1
    )
    frames = first["sweep_peak"]["detector_image"]
    assert frames.shape[0] == 10
    np.testing.assert_array_equal(frames[5], served.item.frames["peak", 11])


def test_documents_of_the_item_can_be_exported(served: Served) -> None:
    """A stream that no RunEngine made must not break those that read documents."""
    outer = [uid for uid in served.runs if served.catalogue[uid].start["mxplans"]["role"] == "sample"]
    for uid in outer:
        names = [document["name"] for name, document in served.catalogue[uid].documents() if name == "descriptor"]
        assert "sweep_peak" in names and "mx_verdict" in names


def test_an_unknown_sweep_or_item_says_what_there_is(served: Served) -> None:
    with pytest.raises(InvalidInput, match=r"no sweep inflection; it has .*sweep_peak"):
        open_frames(served.catalogue, served.item_uid, "inflection")
    with pytest.raises(InvalidInput, match="no run of item"):
        open_frames(served.catalogue, "0" * 36, "peak")


def test_frames_are_read_from_their_files_and_not_copied(served: Served, tmp_path: Path) -> None:
    stream = sweeps_of(served.catalogue, served.item_uid)["sweep_peak"]
    (source,) = stream.base["detector_image"].include_data_sources().data_sources()
    assert source.management == "external"
    assert [asset.data_uri.rsplit("/", 1)[-1] for asset in sorted(source.assets, key=lambda each: each.num)] == [
        "peak_1_data_000001.h5",
        "peak_5_data_000001.h5",
        "peak_5_data_000002.h5",
        "peak_3_data_000001.h5",
        "peak_3_data_000002.h5",
    ]


def test_a_run_that_the_server_refuses_is_set_aside_with_the_reason(served: Served) -> None:
    assert list(served.state["failed"]) == [served.stray]
    assert "404" in served.state["failed"][served.stray], served.state["failed"]
    assert served.state["pending_runs"] == 0
