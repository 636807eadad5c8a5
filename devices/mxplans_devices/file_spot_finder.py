"""The built-in spot finder: reads a detector's HDF5 files while they are written. No service is needed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  registers the compression of the frames
import numpy as np
import numpy.typing as npt
from ophyd import Device
from pydantic import Field

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.acquisition import FrameSpots, SpotRequest
from mxplans.model.device_settings import DeviceSettings, TimeoutS
from mxplans_devices._frames import DATASET
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices.dispersion import DispersionSettings, DispersionTest, SpotGeometry, as_spots

_DETECTOR = "entry/instrument/detector"
_MASK_FRAMES = 8
Found = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]


class FileSpotFinder(Device):
    """Finds spots with `DispersionTest` in the data files of a series, one after the other as they are closed.

    The request must say where the files are (`file_base`), which the plan has from the detector. Gaps and bad pixels are
    those that hold the largest value of their type in all frames, as DECTRIS file writers mark them, so that nothing has
    to wait for the master file; geometry is read from it in the end.

    Args:
        prefix: Unused, spot finders have a `data_dir`.
        name: Role.
        data_dir: The file writer's folder as seen from here.
        timeout_s: Real seconds until a request has failed, from setting to the last frame.
        stall_timeout_s: Real seconds without any new file until a request has failed.
        period_s: Real seconds between two looks at the folder.
        settings: What counts as a spot: fields of `DispersionSettings`; None takes its own.
    """

    class Settings(DeviceSettings):
        """Settings of a `FileSpotFinder`."""

        data_dir: Path = Field(description="The file writer's folder as seen from here")
        timeout_s: TimeoutS = Field(
            default=1800.0, description="Real seconds until a request has failed, from setting to the last frame"
        )
        stall_timeout_s: TimeoutS = Field(
            default=180.0, description="Real seconds without any new file until a request has failed"
        )
        period_s: TimeoutS = Field(default=0.1, description="Real seconds between two looks at the folder")
        settings: DispersionSettings | None = Field(
            default=None, description="What counts as a spot; None takes the defaults"
        )

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        data_dir: str | Path,
        timeout_s: float = 1800.0,
        stall_timeout_s: float = 180.0,
        period_s: float = 0.1,
        settings: DispersionSettings | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._data_dir = Path(data_dir)
        self._timeout_s = timeout_s
        self._stall_timeout_s = stall_timeout_s
        self._period_s = period_s
        self._settings = DispersionSettings.model_validate(settings or {})
        self._worker = Worker(self)
        self._frames: tuple[FrameSpots, ...] = ()

    @property
    def frames(self) -> tuple[FrameSpots, ...]:
        """Answers to the last request, in image order, once its Status has ended well."""
        return self._frames

    def set(self, value: SpotRequest) -> FaultStatus:
        """Work through a series; ends when every frame has an answer.

        Raises:
            InvalidInput: If the request does not say where the files are, or leads out of the data folder.
        """
        if value.file_base is None:
            raise InvalidInput(
                f"{self.name}: the request for series {value.sequence_id} has no file_base; the detector must say where "
                "its files are, or use a spot finder that knows it"
            )
        base = PurePosixPath(value.file_base)
        if base.is_absolute() or ".." in base.parts:
            raise InvalidInput(f"{self.name}: file_base {value.file_base!r} must be relative and without '..'")
        what = f"spots of {value.number_images} frames of series {value.sequence_id}"
        return self._worker.start(lambda task: self._work(task, value), what, self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Work no longer."""
        self._worker.interrupt()

    def _work(self, task: Task, request: SpotRequest) -> None:
        self._frames = ()
        base = self._data_dir / str(request.file_base)
        found: list[Found] = []
        for path in self._files(task, base, request.number_images, found):
            found += self._of_file(task, path, request.number_images - len(found))
        geometry = self._geometry(task, Path(f"{base}_master.h5"))
        self._frames = tuple(
            FrameSpots(image=image, spots=as_spots(spots, geometry)) for image, spots in enumerate(found, start=1)
        )

    def _geometry(self, task: Task, master: Path) -> SpotGeometry:
        """What the master file says, once it is whole."""
        said: list[SpotGeometry] = []
        missing = [f"{master} does not come; look at the file writer"]

        def is_whole() -> bool:
            if not master.exists():
                return False
            try:
                said.append(read_geometry(master))
            except DeviceFault as fault:
                missing[:] = [str(fault)]
            return bool(said)

        task.until(is_whole, lambda: missing[0], self._stall_timeout_s, self._period_s)
        return said[0]

    def _files(self, task: Task, base: Path, wanted: int, found: list[Found]) -> Iterator[Path]:
        """Data files in their order, each when it is there and can be opened."""
        for number in itertools.count(1):
            if len(found) >= wanted:
                return
            path = Path(f"{base}_data_{number:06d}.h5")
            task.until(
                lambda path=path: _is_closed(path, DATASET),  # type: ignore[misc]
                f"{len(found)} of {wanted} frames are analysed and {path} does not come; check data_dir and that frames "
                "are taken",
                self._stall_timeout_s,
                self._period_s,
            )
            yield path

    def _of_file(self, task: Task, path: Path, most: int) -> list[Found]:
        try:
            with h5py.File(path, "r") as file:
                data = file[DATASET]
                test = DispersionTest(_good(data), self._settings)
                found = []
                for index in range(min(len(data), most)):
                    task.pause(0.0)  # ends here when somebody stops it
                    found.append(test.find(data[index]))
                return found
        except (OSError, KeyError, ValueError) as error:
            raise DeviceFault(
                f"{self.name}: {path} cannot be read as frames: {error}; look at the file writer and its disk"
            ) from error


def read_geometry(master: Path) -> SpotGeometry:
    """Where the detector stood, from a DECTRIS or NXmx master file.

    Raises:
        DeviceFault: If the file does not say.
    """
    try:
        # Without a lock: a writer may have it open, or open it again just now, and must not fail for us.
        with h5py.File(master, "r", locking=False) as file:
            detector = file[_DETECTOR]
            return SpotGeometry(
                wavelength_a=float(file["entry/instrument/beam/incident_wavelength"][()]),
                distance_mm=float(detector["detector_distance"][()]) * 1e3,
                beam_x_px=float(detector["beam_center_x"][()]),
                beam_y_px=float(detector["beam_center_y"][()]),
                pixel_x_um=float(detector["x_pixel_size"][()]) * 1e6,
                pixel_y_um=float(detector["y_pixel_size"][()]) * 1e6,
            )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise DeviceFault(f"{master} does not say where the detector was: {error}; look at the file writer") from error


def _good(data: Any) -> npt.NDArray[np.bool_]:
    """Pixels that do not hold the largest value of their type in all of some frames; an overload is no gap."""
    top = np.iinfo(data.dtype).max
    chosen = np.unique(np.linspace(0, len(data) - 1, _MASK_FRAMES).astype(int))
    bad = np.ones(data.shape[1:], dtype=bool)
    for index in chosen.tolist():
        bad &= data[index] == top
    return np.asarray(~bad)


def _is_closed(path: Path, holding: str) -> bool:
    """Whether a file can be opened and holds something; one that is being written cannot, or is not there under this name."""
    if not path.exists():
        return False
    try:
        with h5py.File(path, "r") as file:
            return holding in file
    except OSError:
        return False
