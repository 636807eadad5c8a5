"""Files as a DECTRIS file writer leaves them: a master with headers and links, data files with bitshuffle-LZ4 frames."""

from __future__ import annotations

import contextlib
from pathlib import Path

import h5py
import numpy as np

from mxplans_sim.servers.simplon.chunks import BITSHUFFLE_LZ4
from mxplans_sim.servers.simplon.master import headers, write_tree
from mxplans_sim.servers.simplon.series import Series

FAILURES = (OSError, RuntimeError)
"""By which h5py tells of a full disk."""
VERSIONS = ("earliest", "v110")
"""Formats that the HDF5 of older programs can read."""


class SeriesFiles:
    """Writes one series; a file gets its name when it is closed, so that nobody reads half a file.

    Args:
        folder: The data folder.
        series: What is written.
        name: File name without `_master.h5`, relative to the folder.

    Raises:
        OSError: If the folder of the files cannot be made.
    """

    def __init__(self, folder: Path, series: Series, name: str) -> None:
        self._folder = folder
        self._series = series
        self._name = name
        self._data: h5py.Dataset | None = None
        self._partial = folder / f"{name}_data.partial"
        self._counts: list[int] = []
        (folder / name).parent.mkdir(parents=True, exist_ok=True)

    def add(self, chunks: list[bytes]) -> list[str]:
        """Append frames; names of the files that are closed by it, relative to the data folder.

        Raises:
            OSError, RuntimeError: If they cannot be written.
        """
        closed = []
        while chunks:
            data = self._data or self._begin()
            index = self._counts[-1]
            room = self._series.images_per_file - index
            part, chunks = chunks[:room], chunks[room:]
            data.resize(index + len(part), axis=0)
            for place, chunk in enumerate(part, start=index):
                data.id.write_direct_chunk((place, 0, 0), chunk)
            self._counts[-1] += len(part)
            if self._counts[-1] == self._series.images_per_file:
                closed.append(self._end(data))
        return closed

    def close(self) -> list[str]:
        """Close the last data file, write the master; names of both, relative to the data folder.

        Raises:
            OSError, RuntimeError: If they cannot be written.
        """
        closed = [] if self._data is None else [self._end(self._data)]
        master = f"{self._name}_master.h5"
        self._write_master(self._folder / master)
        return [*closed, master]

    def abandon(self) -> None:
        """Leave nothing of the file that is open; those that are closed stay."""
        if self._data is not None:
            # What could not be written cannot be closed either.
            with contextlib.suppress(*FAILURES):
                self._data.file.close()
            self._data = None
        self._partial.unlink(missing_ok=True)

    def _data_name(self, number: int) -> str:
        return f"{self._name}_data_{number:06d}.h5"

    def _begin(self) -> h5py.Dataset:
        file = h5py.File(self._partial, "w", libver=VERSIONS)
        group = file.create_group("entry/data")
        group.attrs["NX_class"] = "NXdata"
        file["entry"].attrs["NX_class"] = "NXentry"
        shape = (self._series.panel.ny, self._series.panel.nx)
        self._data = group.create_dataset(
            "data",
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(1, *shape),
            dtype=self._series.panel.dtype,
            **(BITSHUFFLE_LZ4 if self._series.compressed else {}),
        )
        self._data.attrs["image_nr_low"] = sum(self._counts) + 1
        self._counts.append(0)
        return self._data

    def _end(self, data: h5py.Dataset) -> str:
        data.attrs["image_nr_high"] = sum(self._counts)
        data.file.close()
        self._data = None
        name = self._data_name(len(self._counts))
        self._partial.rename(self._folder / name)
        return name

    def _write_master(self, path: Path) -> None:
        partial = path.with_suffix(".partial")
        try:
            with h5py.File(partial, "w", libver=VERSIONS) as master:
                write_tree(master, headers(self._series, sum(self._counts)))
                self._link(master["entry/data"])
            partial.rename(path)
        except FAILURES:
            partial.unlink(missing_ok=True)
            raise

    def _link(self, group: h5py.Group) -> None:
        """Links to the data files, and all of them in one, for readers that want a single array."""
        panel = self._series.panel
        layout = h5py.VirtualLayout((sum(self._counts), panel.ny, panel.nx), panel.dtype)
        begin = 0
        for number, count in enumerate(self._counts, start=1):
            name = Path(self._data_name(number)).name
            group[f"data_{number:06d}"] = h5py.ExternalLink(name, "/entry/data/data")
            layout[begin : begin + count] = h5py.VirtualSource(name, "/entry/data/data", (count, panel.ny, panel.nx))
            begin += count
        group.create_virtual_dataset("data", layout, fillvalue=np.array(panel.top, panel.dtype))
        group.attrs["signal"] = "data"
