"""A DECTRIS detector that speaks SIMPLON and writes its own HDF5 files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ophyd import Component, Device

from mxplans.errors import DetectorFault, InvalidInput
from mxplans.model.acquisition import AcquisitionSettings
from mxplans_devices._frames import FrameForm, FrameStream, count_frames
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Known
from mxplans_devices._simplon_settings import SimplonSettings
from mxplans_devices._simplon_units import exposed_s, mm, parameters, um
from mxplans_devices.protocols.simplon import SimplonClient

_POLL_S = 0.05
_SETTLE_S = 5.0
"""Real seconds until closed files must be seen here, through whatever file system."""


class SimplonDetector(Device):
    """The detector; data keys `<name>_image` (frames, in files) and `<name>_sequence_id`.

    Configuration, as set and read back for the armed series: `<name>_number_images`, `_exposure_s`, `_energy_ev`,
    `_distance_mm`, `_omega_start_deg`, `_omega_increment_deg`, `_beam_centre_x_px`, `_beam_centre_y_px`,
    `_pixel_x_um`, `_pixel_y_um`, `_model`, `_serial_number`, `_file_base` (path under `data_dir` in front of
    `_master.h5`). Prepare it before a stream is declared.

    Args:
        prefix: Unused, detectors have a `url`.
        name: Role.
        url: Address of the control unit.
        data_dir: The file writer's folder as seen from here.
        images_per_file: Most frames in one data file; one file for each series if None. With more than one file, the
            plan collects once per file.
        readout_s: Dead time between two frames.
        omega_sign: -1 where positive omega of the motor is left-handed about the axis that we call omega's; headers of
            frames have the motor's omega, documents ours.
        http_timeout_s: Real seconds to wait for a plain answer.
        prepare_timeout_s: Real seconds until setting, initialising and arming have failed.
        complete_timeout_s: Real seconds beyond the exposures until all frames must be on disk.
    """

    Settings = SimplonSettings

    sequence_id = Component(Known, value=0, kind="normal")
    number_images = Component(Known, value=0, kind="config")
    exposure_s = Component(Known, value=0.0, units="s", kind="config")
    energy_ev = Component(Known, value=0.0, units="eV", kind="config")
    distance_mm = Component(Known, value=0.0, units="mm", kind="config")
    omega_start_deg = Component(Known, value=0.0, units="deg", kind="config")
    omega_increment_deg = Component(Known, value=0.0, units="deg", kind="config")
    beam_centre_x_px = Component(Known, value=0.0, units="px", kind="config")
    beam_centre_y_px = Component(Known, value=0.0, units="px", kind="config")
    pixel_x_um = Component(Known, value=0.0, units="um", kind="config")
    pixel_y_um = Component(Known, value=0.0, units="um", kind="config")
    model = Component(Known, value="", kind="config")
    serial_number = Component(Known, value="", kind="config")
    file_base = Component(Known, value="", kind="config")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        url: str,
        data_dir: str | Path,
        images_per_file: int | None = None,
        readout_s: float = 1e-7,
        omega_sign: int = 1,
        http_timeout_s: float = 10.0,
        prepare_timeout_s: float = 120.0,
        complete_timeout_s: float = 120.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._url = url
        self._data_dir = Path(data_dir)
        self._images_per_file = images_per_file
        self._readout_s = readout_s
        if omega_sign not in (1, -1):
            raise InvalidInput(f"{name}: omega_sign {omega_sign!r}: allowed are 1 and -1")
        self._omega_sign = omega_sign
        self._http_timeout_s = http_timeout_s
        self._prepare_timeout_s = prepare_timeout_s
        self._complete_timeout_s = complete_timeout_s
        self._worker = Worker(self, DetectorFault)
        self._settings: AcquisitionSettings | None = None
        self._form: FrameForm | None = None
        self._stream: FrameStream | None = None
        self._scan = 0

    def prepare(self, value: AcquisitionSettings) -> FaultStatus:
        """Initialise if need be, set, read back, arm.

        Raises:
            InvalidInput: If the directory leads out of the detector's data folder.
        """
        directory = PurePosixPath(value.directory)
        if directory.is_absolute() or ".." in directory.parts:
            raise InvalidInput(f"{self.name}: directory {value.directory!r} must be relative and without '..'")
        self._settings = self._form = self._stream = None
        self._scan = 0
        return self._worker.start(
            lambda task: self._prepare(task, value, f"{directory / value.prefix}_$id"),
            f"preparation of {value.number_images} images",
            self._prepare_timeout_s,
        )

    def kickoff(self) -> FaultStatus:
        """See that it is armed; with the internal trigger, take the frames of the next scan as well."""
        settings = self._prepared()
        self._scan += 1

        def work(task: Task) -> None:
            timeout_s = exposed_s(settings) + self._http_timeout_s
            with self._client() as client:
                if (state := client.state()) not in ("ready", "acquire"):
                    raise DetectorFault(f"{self.name} is {state!r} instead of armed; prepare it again")
                if settings.trigger == "internal":
                    client.command("trigger", timeout_s)

        return self._worker.start(work, "kickoff", exposed_s(settings) + self._complete_timeout_s)

    def complete(self) -> FaultStatus:
        """Wait until all frames of the scan are on disk, and count them there."""
        settings = self._prepared()
        return self._worker.start(
            lambda task: self._complete(task, settings, min(max(1, self._scan), settings.number_scans)),
            f"series of {settings.number_images} images",
            exposed_s(settings) + self._complete_timeout_s,
        )

    def unstage(self) -> list[Any]:
        """Leave disarmed."""
        self._disarm()
        return super().unstage()  # type: ignore[no-any-return]

    def stop(self, *, success: bool = False) -> None:
        """Leave disarmed; an exposure is aborted."""
        self._disarm()

    def describe_collect(self) -> dict[str, Any]:
        """Data key of the frames.

        Raises:
            DetectorFault: If it is not prepared, so that the type of the frames is not known.
        """
        self._prepared()
        if self._form is None:
            raise DetectorFault(f"{self.name} is not armed yet; wait for its preparation before declaring a stream")
        return {self._data_key: self._form.data_key(f"SIMPLON:{self._url}")}

    def get_index(self) -> int:
        """Frames on disk."""
        return 0 if self._stream is None else self._stream.frames

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        """Documents of the next data file, up to `index` frames."""
        if self._stream is not None:
            yield from self._stream.documents(index)

    @property
    def _data_key(self) -> str:
        return f"{self.name}_image"

    def _client(self) -> SimplonClient:
        return SimplonClient(self._url, timeout_s=self._http_timeout_s)

    def _prepared(self) -> AcquisitionSettings:
        if self._settings is None:
            raise DetectorFault(f"{self.name} is not prepared; prepare it with AcquisitionSettings first")
        return self._settings

    def _disarm(self) -> None:
        self._worker.interrupt()
        with self._client() as client:
            client.disarm()

    def _prepare(self, task: Task, settings: AcquisitionSettings, pattern: str) -> None:
        per_file = settings.number_images
        if settings.number_scans == 1:
            per_file = self._images_per_file or settings.number_images
        with self._client() as client:
            client.disarm()
            if client.state() in ("na", "error"):
                client.command("initialize")
                task.until(lambda: client.state() == "idle", lambda: f"it is {client.state()!r} after initialize")
            client.configure(parameters(settings, self._readout_s, self._omega_sign))
            client.configure(
                {"mode": "enabled", "name_pattern": pattern, "nimages_per_file": per_file, "compression_enabled": True},
                module="filewriter",
            )
            task.pause(0.0)
            sequence_id = client.arm()
            task.until(lambda: client.state() == "ready", lambda: f"it is {client.state()!r} after arm", timeout_s=10.0)
            self._remember(client, settings, sequence_id, pattern)

    def _remember(self, client: SimplonClient, settings: AcquisitionSettings, sequence_id: int, pattern: str) -> None:
        """Keep what the armed detector says of itself."""
        file_base = pattern.replace("$id", str(sequence_id))
        if self._local(f"{file_base}_data_000001.h5").exists():
            raise DetectorFault(f"{self.name}: {file_base}_data_000001.h5 exists already; use another prefix")
        self._form = FrameForm(
            int(client.config("y_pixels_in_detector")),
            int(client.config("x_pixels_in_detector")),
            f"<u{int(client.config('bit_depth_image')) // 8}",
        )
        self._stream = FrameStream(self._data_key, self._form)
        for signal, value in (
            (self.sequence_id, sequence_id),
            (self.number_images, int(client.config("nimages")) * int(client.config("ntrigger"))),
            (self.exposure_s, float(client.config("frame_time"))),
            (self.energy_ev, float(client.config("photon_energy"))),
            (self.distance_mm, mm(client.config("detector_distance"))),
            (self.omega_start_deg, self._omega_sign * float(client.config("omega_start"))),
            (self.omega_increment_deg, self._omega_sign * float(client.config("omega_increment"))),
            (self.beam_centre_x_px, float(client.config("beam_center_x"))),
            (self.beam_centre_y_px, float(client.config("beam_center_y"))),
            (self.pixel_x_um, um(client.config("x_pixel_size"))),
            (self.pixel_y_um, um(client.config("y_pixel_size"))),
            (self.model, str(client.config("description"))),
            (self.serial_number, str(client.config("detector_number"))),
            (self.file_base, file_base),
        ):
            signal.put(value)
        self._settings = settings

    def _complete(self, task: Task, settings: AcquisitionSettings, scan: int) -> None:
        """Wait for the frames of the n-th scan of a series; of the last one until the series is over."""
        wanted, last = settings.number_images * scan, scan == settings.number_scans
        with self._client() as client:
            if not last:
                task.until(
                    lambda: self._take_files(client) >= wanted or self._is_over(client),
                    lambda: self._missing(wanted),
                    period_s=_POLL_S,
                )
                if self.get_index() < wanted:
                    raise DetectorFault(f"{self.name}: the series is over, {self._missing(wanted)}")
                return
            task.until(
                lambda: self._is_over(client),
                lambda: f"the detector is still {client.state()!r}; check that the motion program triggers it",
                period_s=_POLL_S,
            )
            task.until(
                lambda: client.writer_state() != "acquire",
                "the file writer still writes; check its disk",
                None,
                _POLL_S,
            )
            client.require_writer()
            task.until(
                lambda: self._take_files(client) >= wanted,
                lambda: self._missing(wanted),
                timeout_s=_SETTLE_S,
                period_s=_POLL_S,
            )
        if self.get_index() > wanted:
            raise DetectorFault(
                f"{self.name}: {self.get_index()} frames are on disk in {self._local(self.file_base.get())}_data_*.h5, "
                f"{wanted} were asked for; check what triggers the detector"
            )

    def _missing(self, wanted: int) -> str:
        return (
            f"{self.get_index()} of {wanted} frames are on disk in {self._local(self.file_base.get())}_data_*.h5; check "
            "triggers, file writer and data_dir, then take the series again"
        )

    def _is_over(self, client: SimplonClient) -> bool:
        state = client.state()
        if state not in ("idle", "ready", "acquire", "configure"):
            raise DetectorFault(f"{self.name} is {state!r} during a series; initialise it and take the series again")
        return state == "idle"

    def _take_files(self, client: SimplonClient) -> int:
        """Count the closed files that are new; returns the frames on disk."""
        if self._stream is None or self._form is None:
            raise DetectorFault(f"{self.name} was prepared anew during a series; take the series again")
        for name in sorted(client.files()):
            path = self._local(name)
            if name.startswith(f"{self.file_base.get()}_data_") and path.exists() and not self._stream.has(path):
                self._stream.add(path, count_frames(path, self._form))
        return self.get_index()

    def _local(self, name: str) -> Path:
        return self._data_dir / name
