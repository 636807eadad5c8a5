"""What detectors said around a turn, besides what they saw: whose answers they are, who contradicted, who failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mxplans.centring.outline import LoopView
from mxplans.centring.views import stale_frac


def testimony(views: Sequence[LoopView]) -> dict[str, str | float]:
    """Values for the events of a centring: of all views, whatever came of them."""
    said = [view.detection for view in views]
    whose = Counter(str(each.evidence.get("answer_of", each.detector)) for each in said if each.present)
    # One fault is told with every look of the same request.
    faults = dict.fromkeys(
        f"{name}: {fault}" for each in said for name, fault in dict(each.evidence.get("faults", {})).items()
    )
    contradicted = sum(bool(each.evidence.get("disagreed")) for each in said)
    return {
        "optical_answers": ", ".join(f"{name} {count}" for name, count in whose.most_common()),
        "optical_detector_faults": "; ".join(faults),
        "optical_disagreed_frac": contradicted / max(len(said), 1),
        "optical_background_stale_frac": stale_frac(views),
    }
