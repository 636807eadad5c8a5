"""Which XML files are hardware objects, even where they cannot be read."""

from __future__ import annotations

import re
from collections.abc import Container

REDIRECT = "hwr_import"
ROOTS = ("object", "device", "equipment", "procedure", REDIRECT)
_LOOKED_AT_BYTES = 65_536
_TAG = re.compile(r"<([^\s<>/!?\"'=&]+)([^<>]*)(>?)")
_CLASS = re.compile(r"\sclass\s*=")


def is_object(tag: str, attributes: Container[str]) -> bool:
    """Whether a file with this root is a hardware object."""
    return tag in ROOTS or "class" in attributes


def would_be_object(content: bytes) -> bool:
    """Whether the first tag of a file that cannot be read is that of a hardware object, or the beginning of one."""
    text = content[:_LOOKED_AT_BYTES].replace(b"\0", b"").decode("latin-1")
    begin = text.find("<")
    while begin >= 0:
        if text.startswith("<!--", begin):
            end = text.find("-->", begin)
        elif text.startswith("<?", begin):
            end = text.find("?>", begin)
        elif text.startswith("<!", begin):
            end = _end_of_doctype(text, begin)
        else:
            tag = _TAG.match(text, begin)
            return tag is not None and _is_object_tag(*tag.groups())
        begin = text.find("<", end) if end >= 0 else -1
    return False


def _end_of_doctype(text: str, begin: int) -> int:
    """End of a document type: behind its square brackets, if it has some."""
    end, bracket = text.find(">", begin), text.find("[", begin)
    return text.find("]", bracket) if 0 <= bracket < end else end


def _is_object_tag(name: str, attributes: str, closed: str) -> bool:
    is_cut = not closed and not attributes
    return name in ROOTS or bool(_CLASS.search(attributes)) or (is_cut and any(root.startswith(name) for root in ROOTS))
