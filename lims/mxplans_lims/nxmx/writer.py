"""Writes an NXmx file: the tree of its payload, the frames as one virtual dataset, and what only the frames tell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mxplans.errors import AnswerPending, TargetRefused, TargetUnreachable
from mxplans_lims.nxmx.tree import field, write

VERSIONS = ("earliest", "v110")
"""Formats that the HDF5 of older programs can read."""
PAYLOAD = "mxplans_payload"
"""Attribute of the file: digest of the payload that it was written from."""
AGAIN_S = 5.0
"""Until a file of the detector that is not there is looked for again."""
_MASKS = ("/entry/instrument/detector/pixel_mask", "/entry/instrument/detector/detectorSpecific/pixel_mask")
_LARGEST = 2**31 - 1
"""Programs read counts into signed integers of 32 bits."""


@dataclass(frozen=True)
class Frame:
    """Height and width (px) of a frame, and the type of its pixels."""

    shape: tuple[int, int]
    dtype: np.dtype[Any]

    @property
    def top(self) -> int:
        """What a pixel holds that is not to be trusted: the largest value of its type."""
        return int(np.iinfo(self.dtype).max)


def write_file(path: Path, payload: Mapping[str, Any], digest: str) -> None:
    """Write the file of a payload, whole or not at all; an earlier one is replaced.

    Raises:
        TargetUnreachable: If the file cannot be written, as things are now.
        AnswerPending: If the frames or the master file cannot be read, as things are now.
        TargetRefused: If the frames are not what the documents say.
    """
    partial = path.with_name(f"{path.name}.partial")
    frame = _frame(path.parent, payload["sources"], payload["frame"])
    mask = _mask(path.parent, payload["master"], frame)
    try:
        with h5py.File(partial, "w", libver=VERSIONS) as file:
            file.attrs["file_name"] = path.name
            file.attrs["HDF5_Version"] = h5py.version.hdf5_version
            file.attrs[PAYLOAD] = digest
            write(file, payload["content"])
            _write_frames(file["entry/data"], payload, frame)
            _write_told_by_frames(file["entry/instrument/detector"], frame)
            if mask is not None:
                write(file["entry/instrument/detector"], {"pixel_mask_applied": field(True)})
                file["entry/instrument/detector/pixel_mask"] = h5py.ExternalLink(payload["master"], mask)
        with partial.open("rb") as done:
            os.fsync(done.fileno())
        partial.replace(path)
    except (OSError, RuntimeError) as error:  # by which h5py tells of a full disk
        raise TargetUnreachable(
            f"{path} cannot be written: {error}; look at the folder, who may write there and whether its disk is full"
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def written_from(path: Path) -> str | None:
    """Digest of the payload that a file was written from; None where there is none that can be read."""
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs[PAYLOAD])
    except (OSError, KeyError):
        return None


def _frame(folder: Path, sources: Sequence[Mapping[str, Any]], told: Mapping[str, int | None]) -> Frame:
    """What all frames have in common."""
    frames = {(source["path"], source["dataset"]): _look(folder, source) for source in sources}
    first = next(iter(frames.values()))
    for (path, _), each in frames.items():
        if each != first:
            raise TargetRefused(
                f"{path} holds frames of {each.shape} {each.dtype}, others of the sweep are of {first.shape} {first.dtype}; "
                "one sweep has frames of one kind: do not change the detector's region within it"
            )
    said = (told["height_px"], told["width_px"])
    if None not in said and said != first.shape:
        raise TargetRefused(f"the documents tell of frames of {said} pixels, the files hold {first.shape}")
    return first


def _look(folder: Path, source: Mapping[str, Any]) -> Frame:
    path = folder / source["path"]
    try:
        with h5py.File(path, "r") as file:
            data = file[source["dataset"]]
            shape, dtype = tuple(data.shape), data.dtype
    except OSError as error:
        raise _unreadable(path, error) from error
    except KeyError as error:
        raise TargetRefused(f"{path} has no {source['dataset']}; the documents say that frames stand there") from error
    if len(shape) != 3 or shape[0] < source["begin"] + source["number"] or dtype.kind not in "ui":
        raise TargetRefused(
            f"{path} holds {shape} {dtype}; the documents tell of images {source['begin']} to "
            f"{source['begin'] + source['number'] - 1} in it"
        )
    return Frame(shape[1:], dtype)


def _write_frames(group: h5py.Group, payload: Mapping[str, Any], frame: Frame) -> None:
    """All frames as one dataset, in image order; one that was not taken holds nothing but untrusted pixels."""
    layout = h5py.VirtualLayout((payload["images"], *frame.shape), frame.dtype)
    for source in payload["sources"]:
        begin, number, first = source["begin"], source["number"], source["first"]
        # The shape of the part that is used: what a file holds besides may still grow.
        given = h5py.VirtualSource(source["path"], source["dataset"], (begin + number, *frame.shape), frame.dtype)
        layout[first : first + number] = given[begin : begin + number]
    group.create_virtual_dataset("data", layout, fillvalue=np.array(frame.top, frame.dtype))


def _write_told_by_frames(detector: h5py.Group, frame: Frame) -> None:
    bits = frame.dtype.itemsize * 8
    write(detector["module"], {"data_size": field(list(frame.shape))})
    told = {
        "bit_depth_image": field(bits),
        "bit_depth_readout": field(bits),
        "saturation_value": field(min(frame.top - 1, _LARGEST)),
    }
    write(detector, {name: value for name, value in told.items() if name not in detector})


def _mask(folder: Path, master: str | None, frame: Frame) -> str | None:
    """Name of the mask in the detector's master file, if that is there and has one that fits."""
    if master is None or not (folder / master).is_file():
        return None
    try:
        with h5py.File(folder / master, "r") as file:
            for name in _MASKS:
                mask = file.get(name)
                if isinstance(mask, h5py.Dataset) and mask.shape == frame.shape:
                    # The thing itself: some programs follow one link and no other behind it.
                    soft = file.get(name, getlink=True)
                    return str(soft.path) if isinstance(soft, h5py.SoftLink) else name
    except OSError as error:
        raise _unreadable(folder / master, error) from error
    return None


def _unreadable(path: Path, error: OSError) -> AnswerPending:
    return AnswerPending(f"{path} cannot be read: {error}; look at the detector's disk", retry_s=AGAIN_S)
