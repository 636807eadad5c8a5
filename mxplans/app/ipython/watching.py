"""Says what dies while a plan runs, since the plan may wait for it for a long time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.text import Text

REMEDY = "Ctrl-C twice pauses the plan, %abort gives it up, bl.status() says more"


class Watch:
    """Tells each problem once, and once more when it comes back.

    Args:
        console: To print on.
        look: What is wrong now, by name, in words; does not wait for anything.
    """

    def __init__(self, console: Console, look: Callable[[], Mapping[str, str]]) -> None:
        self._console = console
        self._look = look
        self._known = frozenset(look())

    def __call__(self) -> None:
        """Look, and tell what is new."""
        found = self._look()
        for name in found.keys() - self._known:
            self._console.print(Text(f"{name} {found[name]}; {REMEDY}", "red"), soft_wrap=True)
        self._known = frozenset(found)
