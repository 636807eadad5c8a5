"""Comments of XML as comments of YAML."""

from __future__ import annotations

import re
import textwrap

_UNPRINTABLE = re.compile(r"[^\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML does not allow outside of quotes; a line break is not among it."""


def comment_lines(text: str) -> list[str]:
    """A comment as lines that begin with `#`; commented-out XML keeps its own indentation.

    >>> comment_lines(" one ")
    ['# one']
    >>> comment_lines('''
    ...    <a>
    ...      <b/>
    ...    </a>
    ... ''')
    ['# <a>', '#   <b/>', '# </a>']
    """
    first, *rest = [_printable(line).rstrip() for line in text.splitlines()] or [""]
    # What follows the opening mark directly says nothing of the indentation of the other lines.
    lines = [first.strip(), *textwrap.dedent("\n".join(rest)).split("\n")] if rest else [first.strip()]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return [f"# {line}".rstrip() for line in lines] or ["#"]


def _printable(line: str) -> str:
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)
