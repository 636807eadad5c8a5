"""Several detectors asked for the same looks: who agrees with whom, and whose answer is taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import Field

from mxplans.centring.detection.asking import ask
from mxplans.errors import AnalysisFailed, DeviceFault, InvalidInput
from mxplans.model.detection import Detection, Look, Notion
from mxplans.model.device_settings import DeviceEntry, DeviceSettings
from mxplans.roles import SampleDetector

TIP_MAX_UM = 30.0
"""Tips no farther apart agree: a third of a small loop, and what people differ by who click."""
OVERLAP_MIN = 0.5
"""Of the foregrounds, intersection over union: a detector may leave out the pin, but not look at another thing."""
DISAGREED_SCORE = 0.2
UNSEEN_FACTOR = 0.5


@dataclass(frozen=True)
class ConsensusDetector:
    """Asks all its detectors; the answer that most of them agree with is taken, of equals that of the most trusted.

    Attributes:
        detectors: The most trusted first.
        tip_max_um: How far apart tips may be that agree.
        overlap_min: Least overlap of foregrounds that agree, intersection over union.
        name: Of this detector.

    Raises:
        InvalidInput: If there is no detector, or two have one name.
    """

    class Settings(DeviceSettings):
        """Settings of a `ConsensusDetector`."""

        detectors: tuple[DeviceEntry, ...] = Field(
            min_length=1, description="Entries of class and settings, as for any device; the most trusted first"
        )
        tip_max_um: float = Field(default=TIP_MAX_UM, gt=0, description="How far apart tips may be that agree")
        overlap_min: float = Field(
            default=OVERLAP_MIN,
            ge=0,
            le=1,
            description="Least overlap of foregrounds that agree, intersection over union",
        )
        name: str = Field(
            default="consensus", min_length=1, description="Of a detector among several, for results and messages"
        )

    detectors: Sequence[SampleDetector]
    tip_max_um: float = TIP_MAX_UM
    overlap_min: float = OVERLAP_MIN
    name: str = "consensus"

    def __post_init__(self) -> None:
        """Answers and faults are told by the detectors' names."""
        names = [detector.name for detector in self.detectors]
        if not names or len(set(names)) < len(names):
            raise InvalidInput(
                f"the detectors of {self.name} are {', '.join(names) or 'none'}; there must be one or more, each with a "
                "name of its own: give it as a setting"
            )

    def detect(self, looks: Sequence[Look]) -> Sequence[Detection]:
        """One detection for each look, in their order.

        Its evidence names the detector whose answer it is (`answer_of`), those that agreed, disagreed, saw nothing,
        and the faults of those that could not be asked. An answer that another one contradicts has a low score. It says
        nothing of the sample (`answer_used`) where none of them does, and that a background is stale where any does.

        Raises:
            DeviceFault: If every detector had a fault.
            InvalidInput: If a look is not as it must be.
        """
        answers: dict[str, Sequence[Detection]] = {}
        faults: dict[str, str] = {}
        for detector in self.detectors:
            try:
                answers[detector.name] = ask(detector, looks)
            except (DeviceFault, AnalysisFailed) as fault:
                faults[detector.name] = str(fault)
        if not answers:
            told = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
            raise DeviceFault(f"no sample detector answered: {told or 'there are none'}; start one of their services")
        return [
            self._joined(look, {name: found[index] for name, found in answers.items()}, faults)
            for index, look in enumerate(looks)
        ]

    def _joined(self, look: Look, found: Mapping[str, Detection], faults: Mapping[str, str]) -> Detection:
        present = {name: each for name, each in found.items() if each.present}
        silent = {name: each.reason for name, each in found.items() if not each.present}
        if not present:
            reason = "; ".join(f"{name}: {reason or 'nothing found'}" for name, reason in silent.items())
            evidence = {"silent": silent, "faults": dict(faults)} | _of_all(found)
            told = {name: dict(each.evidence) for name, each in found.items()}
            return Detection(self.name, reason=reason, evidence=evidence | {"evidence_of": told})
        friends = {
            name: [other for other in present if other != name and self._agree(present[name], present[other], look)]
            for name in present
        }
        # The order of trust is that of the dictionary, and the first of the largest is taken.
        answer = max(friends, key=lambda name: len(friends[name]))
        others = [name for name in present if name not in friends[answer] and name != answer]
        taken = present[answer]
        evidence = (
            dict(taken.evidence)
            | _of_all(found)
            | {
                "answer_of": answer,
                "agreed": friends[answer],
                "disagreed": others,
                "silent": silent,
                "faults": dict(faults),
                "tip_distance_um": {
                    name: distance
                    for name in present
                    if name != answer and (distance := _distance_um(taken, present[name], look)) is not None
                },
                "overlap_frac": {name: _overlap(taken, present[name]) for name in present if name != answer},
            }
        )
        score = self._score(taken, [present[name] for name in friends[answer]], bool(others), bool(silent))
        return replace(taken, detector=self.name, score=score, evidence=evidence)

    def _agree(self, one: Detection, other: Detection, look: Look) -> bool:
        """Whether two saw the same thing; a tip that one of them does not tell contradicts nothing."""
        distance_um = _distance_um(one, other, look)
        near = distance_um is None or distance_um <= self.tip_max_um
        return near and _overlap(one, other) >= self.overlap_min

    def _score(self, taken: Detection, friends: Sequence[Detection], contradicted: bool, unseen: bool) -> float:
        """Doubts multiply where they agree; an answer alone against others is hardly one."""
        if friends:
            return 1.0 - math.prod(1.0 - each.score for each in (taken, *friends))
        if contradicted:
            return min(taken.score, DISAGREED_SCORE)
        return taken.score * UNSEEN_FACTOR if unseen else taken.score


def _of_all(found: Mapping[str, Detection]) -> dict[str, bool]:
    """What holds if it does for one of them."""
    stale = [bool(each.evidence["background_stale"]) for each in found.values() if "background_stale" in each.evidence]
    told = {"answer_used": any(each.answered for each in found.values())}
    return told | ({"background_stale": any(stale)} if stale else {})


def _distance_um(one: Detection, other: Detection, look: Look) -> float | None:
    if one.tip_px is None or other.tip_px is None:
        return None
    return math.dist(one.tip_px, other.tip_px) * look.um_per_px


def _overlap(one: Detection, other: Detection) -> float:
    """Intersection over union of the foregrounds; 0 when they are of different sizes."""
    first, second = one.masks[Notion.FOREGROUND], other.masks[Notion.FOREGROUND]
    if first.shape != second.shape:
        return 0.0
    union = int(np.count_nonzero(first | second))
    return int(np.count_nonzero(first & second)) / union if union else 0.0
