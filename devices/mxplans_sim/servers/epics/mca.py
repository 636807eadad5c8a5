"""The multi-channel analyser, in the manner of the EPICS mca record and its database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from caproto import ChannelData

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice, Number, OnPut, Refused, Text, Whole
from mxplans_sim.servers.epics.live import Part
from mxplans_sim.servers.epics.switches import Switch
from mxplans_sim.world.elements import MissingLibrary
from mxplans_sim.world.spectrometer import Counts, Spectrometer

ROIS = 4
_LONGEST_S = 1e5


class _Roi:
    """Counts in a range of channels; a range that begins at -1 is none.

    Args:
        channels: Number of channels of the spectrum.
    """

    def __init__(self, channels: int) -> None:
        self._last = channels - 1
        self._counts = np.zeros(channels, dtype=np.int64)
        self._low = Whole(value=-1, on_put=lambda value: self._put(self._low, value))
        self._high = Whole(value=-1, on_put=lambda value: self._put(self._high, value))
        self._sum = Whole(value=0)
        self._name = Text(value="", on_put=self._put_name)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by the end of their field's name."""
        return {"": self._sum, "LO": self._low, "HI": self._high, "NM": self._name}

    async def count(self, counts: Counts) -> None:
        """Take up a spectrum."""
        self._counts = counts
        low, high = int(self._low.value), int(self._high.value)
        await self._sum.show(int(counts[low : high + 1].sum()) if low >= 0 else 0)

    async def _put(self, limit: Whole, value: Any) -> None:
        channel = int(value)
        if not -1 <= channel <= self._last:
            raise Refused(f"channel {channel} is outside of 0 to {self._last}; -1 is no range")
        await limit.show(channel)
        await self.count(self._counts)

    async def _put_name(self, value: Any) -> None:
        await self._name.show(str(value)[:39])


class Analyser(Part):
    """A put to EraseStart, Start or .ERST completes at the end of counting; .VAL is the spectrum then.

    Args:
        prefix: Of its process variables; the record is called `mca1`.
        spectrometer: What counts.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, spectrometer: Spectrometer, clock: Clock) -> None:
        settings = spectrometer.fluorescence.settings
        self._spectrometer = spectrometer
        self._spectrum = Whole(value=[0] * settings.channels, max_length=settings.channels)
        self._acquiring = Whole(value=0)
        self._real_time = Number(value=0.0, units="s", precision=3)
        self._live_time = Number(value=0.0, units="s", precision=3)
        self._dead = Number(value=0.0, units="%", precision=2)
        self._rate = Number(value=0.0, units="1/s", precision=0)
        self._presets = {
            "PRTM": Number(value=spectrometer.preset_real_s, units="s", precision=3, on_put=self._preset("PRTM")),
            "PLTM": Number(value=spectrometer.preset_live_s, units="s", precision=3, on_put=self._preset("PLTM")),
        }
        self._rois = [_Roi(settings.channels) for _ in range(ROIS)]
        name, switch = f"{prefix}mca1", Switch(f"{prefix}POSITION", spectrometer.slide)
        rate = {f"{prefix}InputCountRate": self._rate}
        super().__init__(clock, {**self._record(name), **self._commands(name), **rate, **switch.channels})
        spectrometer.changed.subscribe(self._show)

    async def stop(self) -> None:
        """End counting."""
        await self._spectrometer.stop()

    def _record(self, name: str) -> dict[str, ChannelData]:
        settings = self._spectrometer.fluorescence.settings
        fields: dict[str, ChannelData] = {
            "VAL": self._spectrum,
            "BG": Whole(value=[0] * settings.channels, max_length=settings.channels),
            "NUSE": Whole(value=settings.channels),
            "NMAX": Whole(value=settings.channels),
            "ACQG": self._acquiring,
            "ERTM": self._real_time,
            "ELTM": self._live_time,
            "DTIM": self._dead,
            **self._presets,
            "CALO": Number(value=settings.offset_ev / 1000, units="keV", precision=6),
            "CALS": Number(value=settings.ev_per_channel / 1000, units="keV", precision=6),
            "CALQ": Number(value=0.0, units="keV", precision=6),
            "EGU": Text(value="keV"),
            "MODE": Choice(value="PHA", enum_strings=("PHA", "MCS", "List"), on_put=self._put_mode),
            "ERST": self._command("ERST"),
            "STRT": self._command("Start"),
            "STOP": self._command("Stop"),
            "ERAS": self._command("Erase"),
        }
        for number, roi in enumerate(self._rois):
            fields |= {f"R{number}{field}": channel for field, channel in roi.channels.items()}
        return {name: self._spectrum, **{f"{name}.{field}": channel for field, channel in fields.items()}}

    def _commands(self, name: str) -> dict[str, ChannelData]:
        return {name + command: self._command(command) for command in ("EraseStart", "Start", "Stop", "Erase")}

    def _command(self, command: str) -> Whole:
        async def put(value: Any) -> None:
            if not value:
                return
            if command == "Stop":
                await self._spectrometer.stop()
                return
            if self._spectrometer.acquiring and command != "Erase":
                raise Refused(f"{command}: it is counting; stop it or wait for its end")
            if command != "Start":
                await self._spectrometer.erase()
            if command != "Erase":
                try:
                    await self._spectrometer.acquire()
                except MissingLibrary as error:
                    raise Refused(f"{command}: {error}") from error

        return Whole(value=0, on_put=put)

    def _preset(self, field: str) -> OnPut:
        async def put(value: Any) -> None:
            time_s = float(value)
            if not 0 <= time_s <= _LONGEST_S:
                raise Refused(f"{field}: {time_s:g} s is outside of 0 to {_LONGEST_S:g} s; 0 is no preset")
            if field == "PRTM":
                self._spectrometer.preset_real_s = time_s
            else:
                self._spectrometer.preset_live_s = time_s
            await self._presets[field].show(time_s)

        return put

    async def _put_mode(self, value: Any) -> None:
        """Clients set the mode before they count; this one only counts pulses by height."""
        if value not in (0, "PHA"):
            raise Refused(f"mode {value} is not possible, only PHA is")

    async def _show(self) -> None:
        spectrometer = self._spectrometer
        counts = spectrometer.counts
        await self._spectrum.show(counts.tolist())
        for roi in self._rois:
            await roi.count(counts)
        await self._real_time.show(spectrometer.real_s)
        await self._live_time.show(spectrometer.live_s)
        await self._dead.show(100 * spectrometer.dead_frac)
        await self._rate.show(counts.sum() / spectrometer.live_s if spectrometer.live_s > 0 else 0.0)
        await self._acquiring.show(int(spectrometer.acquiring))
