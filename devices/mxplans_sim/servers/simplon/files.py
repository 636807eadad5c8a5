"""Files as a DECTRIS file writer leaves them: a master with headers and links, data files with bitshuffle-LZ4 frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.servers.simplon.series import OpenSeries

SOFTWARE = "1.8.0"
BITSHUFFLE_LZ4 = dict(hdf5plugin.Bitshuffle(nelems=0, cname="lz4"))


class SeriesFiles:
    """Writes one series; a file gets its name when it is closed, so that nobody reads half a file.

    Args:
        folder: The data folder.
        series: What is written.
        name: File name without `_master.h5`, relative to the folder.

    Raises:
        OSError: If the folder of the files cannot be made.
    """

    def __init__(self, folder: Path, series: OpenSeries, name: str) -> None:
        self._folder = folder
        self._series = series
        self._name = name
        self._data: h5py.Dataset | None = None
        self._partial = folder / f"{name}_data.partial"
        self._counts: list[int] = []
        (folder / name).parent.mkdir(parents=True, exist_ok=True)

    def add(self, frames: npt.NDArray[np.uint32]) -> list[str]:
        """Append frames (n, ny, nx); names of the files that are closed by it, relative to the data folder.

        Raises:
            OSError, RuntimeError: If they cannot be written.
        """
        closed = []
        while len(frames):
            data = self._data or self._begin(frames.shape[1:])
            index = self._counts[-1]
            part, frames = np.split(frames, [self._series.images_per_file - index])
            data.resize(index + len(part), axis=0)
            data[index:] = part
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
        names = [self._data_name(number) for number in range(1, len(self._counts) + 1)]
        master = f"{self._name}_master.h5"
        self._write_master(self._folder / master, names)
        return [*closed, master]

    def abandon(self) -> None:
        """Leave nothing of the file that is open; those that are closed stay."""
        self._partial.unlink(missing_ok=True)

    def _data_name(self, number: int) -> str:
        return f"{self._name}_data_{number:06d}.h5"

    def _begin(self, shape: tuple[int, ...]) -> h5py.Dataset:
        file = h5py.File(self._partial, "w", libver="latest")
        group = file.create_group("entry/data")
        group.attrs["NX_class"] = "NXdata"
        file["entry"].attrs["NX_class"] = "NXentry"
        self._data = group.create_dataset(
            "data",
            shape=(0, *shape),
            maxshape=(None, *shape),
            chunks=(1, *shape),
            dtype=f"<u{self._series.detector.bit_depth // 8}",
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

    def _write_master(self, path: Path, names: list[str]) -> None:
        partial = path.with_suffix(".partial")
        with h5py.File(partial, "w", libver="latest") as master:
            _tree(master, _headers(self._series, sum(self._counts)))
            data = master["entry/data"]
            for number, name in enumerate(names, start=1):
                data[f"data_{number:06d}"] = h5py.ExternalLink(Path(name).name, "/entry/data/data")
        partial.rename(path)


def _tree(parent: h5py.Group, content: dict[str, Any]) -> None:
    """Write nested groups; a leaf is (value, unit), a key `@name` an attribute of its group."""
    for key, value in content.items():
        if key.startswith("@"):
            parent.attrs[key[1:]] = value
        elif isinstance(value, dict):
            _tree(parent.create_group(key), value)
        else:
            item, unit = value
            packed = BITSHUFFLE_LZ4 if np.ndim(item) == 2 else {}
            dataset = parent.create_dataset(key, data=item, **packed)
            if unit:
                dataset.attrs["units"] = unit


def _headers(series: OpenSeries, number: int) -> dict[str, Any]:
    """Header items with the names and units that DECTRIS masters use."""
    config = series.config
    omega = config["omega_start"] + config["omega_increment"] * np.arange(number)
    return {
        "entry": {
            "@NX_class": "NXentry",
            "definition": ("NXmx", ""),
            "data": {"@NX_class": "NXdata"},
            "instrument": {
                "@NX_class": "NXinstrument",
                "beam": {"@NX_class": "NXbeam", "incident_wavelength": (HC_EV_A / config["photon_energy"], "angstrom")},
                "detector": _detector_header(series, number),
            },
            "sample": {
                "@NX_class": "NXsample",
                "goniometer": {
                    "@NX_class": "NXtransformations",
                    "omega": (omega, "degree"),
                    "omega_end": (omega + config["omega_increment"], "degree"),
                    "omega_increment": (config["omega_increment"], "degree"),
                    "omega_range_average": (config["omega_increment"], "degree"),
                    "omega_range_total": (config["omega_increment"] * number, "degree"),
                },
            },
        }
    }


def _detector_header(series: OpenSeries, number: int) -> dict[str, Any]:
    config, detector = series.config, series.detector
    shape = (detector.ny, detector.nx)
    return {
        "@NX_class": "NXdetector",
        "beam_center_x": (config["beam_center_x"], "pixel"),
        "beam_center_y": (config["beam_center_y"], "pixel"),
        "bit_depth_image": (detector.bit_depth, ""),
        "bit_depth_readout": (16, ""),
        "count_time": (config["count_time"], "s"),
        "frame_time": (config["frame_time"], "s"),
        "description": (config["description"], ""),
        "detector_number": (config["detector_number"], ""),
        "detector_distance": (config["detector_distance"], "m"),
        "detector_readout_time": (1e-7, "s"),
        "saturation_value": (2 ** min(detector.bit_depth, 31) - 1, ""),
        "sensor_material": ("Si", ""),
        "sensor_thickness": (4.5e-4, "m"),
        "threshold_energy": (config["photon_energy"] / 2, "eV"),
        "x_pixel_size": (detector.pixel_um * 1e-6, "m"),
        "y_pixel_size": (detector.pixel_um * 1e-6, "m"),
        "detectorSpecific": {
            "@NX_class": "NXcollection",
            "nimages": (config["nimages"], ""),
            "ntrigger": (config["ntrigger"], ""),
            "nimages_written": (number, ""),
            "photon_energy": (config["photon_energy"], "eV"),
            "software_version": (SOFTWARE, ""),
            "trigger_mode": (config["trigger_mode"], ""),
            "x_pixels_in_detector": (detector.nx, ""),
            "y_pixels_in_detector": (detector.ny, ""),
            "pixel_mask": (np.zeros(shape, dtype=np.uint32), ""),
            "flatfield": (np.ones(shape, dtype=np.float32), ""),
        },
    }
