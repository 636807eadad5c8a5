"""Noise as functions of time: the same time always has the same value, whoever asks, in whatever order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.seeding import rng_for

Array = npt.NDArray[np.float64]

_SINES = 12
_SAMPLE_S = 0.001
_SAMPLES = 1000
_FADED = 12.0
"""Time constants after which nothing is left of a jump."""


class Wander:
    """Slow, smooth noise: sines whose periods lie between two times.

    Args:
        seed: With the name, what it depends on.
        name: Of what wanders.
        rms: Standard deviation over long times.
        periods_s: Shortest and longest period; the slow ones are larger.
    """

    def __init__(self, seed: int, name: str, rms: float, periods_s: tuple[float, float]) -> None:
        rng = rng_for(seed, "wander", name)
        edges = np.geomspace(*periods_s, _SINES + 1)
        periods = rng.uniform(edges[:-1], edges[1:])
        amplitudes = np.sqrt(periods)
        self._amplitudes = rms * amplitudes * np.sqrt(2 / (amplitudes**2).sum())
        self._rates = 2 * np.pi / periods
        self._phases = rng.uniform(0, 2 * np.pi, _SINES)

    def __call__(self, at_s: Array) -> Array:
        """Value at each time, (n,)."""
        angles = np.asarray(at_s)[:, None] * self._rates + self._phases
        return np.asarray((self._amplitudes * np.sin(angles)).sum(axis=1))


class Flicker:
    """Noise without memory: a normal number for each millisecond.

    Args:
        seed: With the name, what it depends on.
        name: Of what flickers.
        rms: Standard deviation.
    """

    def __init__(self, seed: int, name: str, rms: float) -> None:
        self._seed, self._name, self._rms = seed, name, rms

    def __call__(self, at_s: Array) -> Array:
        """Value at each time, (n,)."""
        values = np.zeros(len(at_s))
        if self._rms:
            # A nanosecond is added so that times which are meant to be round do not fall short of it.
            samples = np.floor((np.asarray(at_s) + 1e-9) / _SAMPLE_S).astype(np.int64)
            for block in np.unique(samples // _SAMPLES):
                drawn = rng_for(self._seed, "flicker", self._name, int(block)).normal(0.0, self._rms, _SAMPLES)
                chosen = samples // _SAMPLES == block
                values[chosen] = drawn[samples[chosen] % _SAMPLES]
        return values


class Jumps:
    """Sudden shifts at random times, each of which dies away.

    Args:
        seed: With the name, what it depends on.
        name: Of what jumps.
        rms: Standard deviation of a shift.
        per_h: How many in an hour, in the mean.
        time_constant_s: In which a shift dies away.
    """

    def __init__(self, seed: int, name: str, rms: float, per_h: float, time_constant_s: float) -> None:
        self._seed, self._name = seed, name
        self._rms, self._tau_s = rms, time_constant_s
        self._block_s = max(3600.0, _FADED * time_constant_s)
        self._per_block = per_h * self._block_s / 3600.0 if rms else 0.0

    def __call__(self, at_s: Array) -> Array:
        """Value at each time, (n,)."""
        at_s = np.asarray(at_s)
        values = np.zeros(len(at_s))
        if not self._per_block:
            return values
        blocks = np.floor(at_s / self._block_s).astype(np.int64)
        for block in np.unique(np.concatenate([blocks, blocks - 1])):
            rng = rng_for(self._seed, "jumps", self._name, int(block))
            number = int(rng.poisson(self._per_block))
            times = (block + rng.uniform(size=number)) * self._block_s
            sizes = rng.normal(0.0, self._rms, number)
            chosen = (blocks == block) | (blocks == block + 1)
            since = at_s[chosen, None] - times
            left = np.where(since >= 0, np.exp(-np.maximum(since, 0.0) / self._tau_s), 0.0)
            values[chosen] += (sizes * left).sum(axis=1)
        return values
