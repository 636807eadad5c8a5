"""Comments of XML as comments of YAML."""

from __future__ import annotations

import textwrap


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
    """A line without characters that YAML does not allow outside of quotes."""
    return "".join(
        each if each == "\t" or each.isprintable() or each == "\xa0" else f"\\u{ord(each):04x}" for each in line
    )
