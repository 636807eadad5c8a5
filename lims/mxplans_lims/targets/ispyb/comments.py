"""Comments are everybody's: people and programs write there too. What they wrote stays, to the letter."""

from __future__ import annotations

from collections.abc import Sequence

_JOINED = "; "
_CUT = "…"


def shortened(text: str, width: int) -> str:
    """Words of ours, with an ellipsis where they are too many.

    >>> shortened("gripper did not close", 10)
    'gripper d…'
    """
    return text if len(text) <= width else text[: width - len(_CUT)] + _CUT


def beside(stands: str, ours: Sequence[str], width: int) -> str:
    """What stands, and after it what is ours: each once, as far as there is room.

    >>> beside("looks twinned", ("Se-1 is not in ISPyB", "COLLECTED"), 40)
    'looks twinned; Se-1 is not in ISPyB; CO…'
    """
    for text in ours:
        room = width - len(stands) - len(_JOINED) if stands else width
        if text not in stands and room > len(_CUT):
            stands += (_JOINED if stands else "") + shortened(text, room)
    return stands
