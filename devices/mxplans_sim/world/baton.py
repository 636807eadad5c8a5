"""Who has the beamline, and who wants it: cooperative, as at Diamond."""

from __future__ import annotations


class Baton:
    """The present user and the one who asks; both are free to be set by anybody.

    Attributes:
        requested: Who asks for the beamline, empty for nobody.
        current: Who has it, empty for nobody.
    """

    def __init__(self) -> None:
        self.requested = ""
        self.current = ""

    def request(self, user: str) -> None:
        """Ask for the beamline."""
        self.requested = user

    def take(self, user: str) -> None:
        """Have the beamline."""
        self.current = user
