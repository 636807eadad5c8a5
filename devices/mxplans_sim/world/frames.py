"""What frames see: of a motion program, of the sample at rest, or of whatever moves while a detector runs freely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mxplans_sim.world.burst import Array, Burst
from mxplans_sim.world.goniometer import ABOVE_OMEGA
from mxplans_sim.world.program import AXES, Scan
from mxplans_sim.world.whole import Whole

SAME_DEG = 1e-6
"""Frames whose widths differ by less turn alike: a thousandth of the finest encoder."""


class Frames:
    """Makes bursts from where motors and beam are, or will be in a moment.

    Args:
        world: Of the motors and the beam.
    """

    def __init__(self, world: Whole) -> None:
        self._world = world

    def still(self, images: int, exposure_s: float) -> Burst:
        """Frames without a motion, beginning now."""
        poses = np.tile([self._world.axes[name].driven for name in AXES], (images, 1))
        return self._burst(poses, np.zeros(4), exposure_s, self._world.clock.now_s())

    def scan(self, scan: Scan, row: int, first: int, number: int, row_begins_s: float) -> Burst:
        """Some frames of a row that began at a simulated time; see `Scanner` for their pulses."""
        begins = scan.frames(row)[first : first + number] + self._lags(scan, row)
        begins_s = row_begins_s + first * scan.period_s
        burst = self._burst(begins, scan.during(row), scan.exposure_s, begins_s, scan.pause_s)
        every = self._world.settings.motion.pulses
        if every == "image":
            return burst
        return replace(burst, pulses="none" if first or (row and every == "scan") else "first")

    def watch(self, begins_s: float, number: int, exposure_s: float, period_s: float) -> list[Burst]:
        """Frames at times of the detector's own, of the motors as they move by then; without pulses.

        Times must lie within the present motions or a moment after: nobody knows what is asked of the motors later.

        Args:
            begins_s: Simulated time at which the first frame begins.
            number: Of frames.
            exposure_s: Of each.
            period_s: From frame to frame.
        """
        times_s: Array = begins_s + np.arange(number, dtype=np.float64) * period_s
        begins, ends = self._driven(times_s), self._driven(times_s + exposure_s)
        bursts = []
        for part in _alike(ends[:, 3] - begins[:, 3]):
            steps = ends[part] - begins[part]
            burst = self._burst(begins[part], steps, exposure_s, float(times_s[part][0]), period_s - exposure_s)
            bursts.append(replace(burst, pulses="none"))
        return bursts

    def _lags(self, scan: Scan, row: int) -> Array:
        """How far what is driven is from the encoders in a row: play, and pushes that they do not know of."""
        axes, step = self._world.axes, scan.row(row)[1]
        return np.array([axes[name].lag(float(direction)) for name, direction in zip(AXES, step, strict=True)])

    def _driven(self, times_s: Array) -> Array:
        axes = [self._world.axes[name] for name in AXES]
        return np.array([[axis.driven_at(at_s) for axis in axes] for at_s in times_s.tolist()])

    def _burst(self, begins: Array, steps: Array, exposure_s: float, begins_s: float, pause_s: float = 0.0) -> Burst:
        """Frames whose motors go on by `steps` while they are exposed; omega by the same in all of them."""
        world, number = self._world, len(begins)
        above = {name: world.axes[name].position for name in ABOVE_OMEGA[world.gonio.settings.kind]}
        stand = world.gonio.stand(begins + steps / 2, above)
        middles_s: Array = begins_s + np.arange(number, dtype=np.float64) * (exposure_s + pause_s) + exposure_s / 2
        width_deg = world.gonio.settings.omega_sign * float(np.atleast_2d(steps)[0, 3])
        return Burst(
            specimen=world.specimen,
            mount=stand.mount,
            spindle_mm=stand.spindle_mm,
            lab_mm=stand.lab_mm,
            omega_start_deg=stand.omega_deg - width_deg / 2,
            omega_width_deg=width_deg,
            exposure_s=exposure_s,
            beam_mm=world.beam.position_mm(middles_s),
            beam_fwhm_um=world.beam.fwhm_um,
            beam_profile=world.beam.profile,
            flux_hz=world.beam.frame_flux_hz(middles_s) * world.beam_passes,
            energy_ev=world.beam.energy_ev,
            distance_mm=world.distance.position,
            ends_at_s=begins_s + number * (exposure_s + pause_s),
            shadow=world.surroundings.shadow(world.distance.position),
            pause_s=pause_s,
        )

    def note(self, scan: Scan, images_done: int) -> None:
        """Write down what a scan has exposed, and how far off the beam its crystal was."""
        world = self._world
        world.truth.record(
            "scan",
            sample=world.sample_name or None,
            scan="rotation" if scan.step[3] else "grid",
            rows=scan.rows,
            images=scan.images,
            images_done=images_done,
            exposure_s=scan.exposure_s,
            start_mm=list(scan.start[:3]),
            omega_start_deg=scan.start[3],
            step_mm=list(scan.step[:3]),
            omega_step_deg=scan.step[3],
            above_deg={name: world.axes[name].position for name in ABOVE_OMEGA[world.gonio.settings.kind]},
            energy_ev=world.beam.energy_ev,
            distance_mm=world.distance.position,
            transmission_frac=world.beam.transmission_frac,
            flux_hz=world.beam.flux_hz,
            aperture=world.beam.aperture,
            crystal_offset_um=self._crystal_offset_um(scan),
        )

    def _crystal_offset_um(self, scan: Scan) -> list[float] | None:
        """Nearest crystal centre minus the beam, in the middle of a scan, in spindle axes; None without a crystal."""
        specimen = self._world.specimen
        if specimen is None or not specimen.crystals:
            return None
        first, last = scan.ends(0)[0], scan.ends(scan.rows - 1)[1]
        place = (first + last) / 2 + self._lags(scan, 0)
        middle = self._burst(place[None], np.zeros(4), scan.exposure_s, self._world.clock.now_s())
        centres = np.array([crystal.centre_mm for crystal in specimen.crystals])
        offsets = middle.seen_mm(centres)[0] - [*middle.beam_mm[0], 0.0]
        nearest = offsets[np.linalg.norm(offsets, axis=1).argmin()]
        angle = np.radians(-middle.omega_deg[0])
        c, s = np.cos(angle), np.sin(angle)
        turned = nearest[0], nearest[1] * c - nearest[2] * s, nearest[1] * s + nearest[2] * c
        return [round(float(value) * 1000, 3) for value in turned]


def _alike(widths_deg: Array) -> Iterator[slice]:
    """Stretches of frames that turn alike."""
    begin = 0
    for index in range(1, len(widths_deg) + 1):
        if index == len(widths_deg) or abs(widths_deg[index] - widths_deg[begin]) > SAME_DEG:
            yield slice(begin, index)
            begin = index
