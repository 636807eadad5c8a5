"""What is to be known of an XML file, collected while it is read."""

from __future__ import annotations

from mxplans.profile.dialects.config_object import Value
from mxplans.profile.dialects.typing_rules import bracketed, literal, surprise, typed
from mxplans.profile.places import Finding, Place, Severity

_SHOWN = 40
_MOST_FINDINGS = 1000


class XmlFindings:
    """Findings of one file: the first 1000 of them, and a note if there are more; errors always."""

    def __init__(self) -> None:
        self._all: list[Finding] = []
        self._left_out = 0

    def sorted(self) -> tuple[Finding, ...]:
        """From the first line to the last."""
        found = sorted(self._all, key=lambda finding: finding.place)
        if self._left_out:
            what = f"{self._left_out} more warnings and notes are left out"
            found.append(Finding(Severity.NOTE, Place(found[0].place.file), what, "see to the others first"))
        return tuple(found)

    def error(self, place: Place, what: str, remedy: str) -> None:
        """It cannot be used as it is."""
        self._all.append(Finding(Severity.ERROR, place, what, remedy))

    def warning(self, place: Place, what: str, remedy: str, also: tuple[Place, ...] = ()) -> None:
        """It is probably not what its author meant."""
        self._add(Finding(Severity.WARNING, place, what, remedy, also))

    def note(self, place: Place, what: str, remedy: str, also: tuple[Place, ...] = ()) -> None:
        """Worth knowing."""
        self._add(Finding(Severity.NOTE, place, what, remedy, also))

    def _add(self, finding: Finding) -> None:
        if len(self._all) < _MOST_FINDINGS:
            self._all.append(finding)
        else:
            self._left_out += 1

    def value(self, text: str, thing: str, place: Place) -> Value:
        """The value of a text as MXCuBE types it; what surprises about it is a warning.

        Args:
            text: As written.
            thing: What it is the value of, as "attribute polling of channel State".
            place: Where.
        """
        reason = surprise(text)
        if reason is not None:
            self.warning(place, f"{thing}: {shown(text)} {reason}", "write it as it is meant")
        elif bracketed(text) and literal(text) is None:
            what = f"{thing}: {shown(text)} begins with a bracket and is no list or mapping of JSON or Python"
            self.note(place, what, "nothing, if its class reads it so")
        return typed(text)


def shown(text: str) -> str:
    """A text in quotes, shortened.

    >>> shown("x" * 50)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'"
    """
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
