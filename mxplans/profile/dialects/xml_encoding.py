"""From the bytes of an XML file to its text: byte order mark, declared encoding, UTF-8, in this order."""

from __future__ import annotations

import codecs
import re

from mxplans.errors import InvalidProfile
from mxplans.profile.places import Place

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"))
_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']""")
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "utf-7", "undefined", "mbcs", "oem"}
"""Python's codecs that are no encoding of files."""


class InvalidXml(InvalidProfile):
    """A file is no XML, or asks for what is not done here.

    Args:
        place: Where.
        what: What is wrong, and what is allowed.
        remedy: What to do.
    """

    def __init__(self, place: Place, what: str, remedy: str) -> None:
        self.place = place
        self.what = what
        self.remedy = remedy
        super().__init__(f"{place}: {what}; {remedy}")


def decoded(content: bytes, file: str) -> str:
    """The text of an XML file.

    Args:
        content: The file.
        file: What places call it.

    Raises:
        InvalidXml: If the encoding is unknown, or a byte does not fit it; with the place of the byte.
    """
    mark, encoding = _encoding(content, file)
    try:
        return content[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        before = content[mark : mark + error.start].decode(encoding, "replace")
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        byte = content[mark + error.start]
        what = f"byte 0x{byte:02x} is not {encoding.upper()}: {error.reason}"
        raise InvalidXml(place, what, "save it in this encoding, or declare the one it has") from error


def _encoding(content: bytes, file: str) -> tuple[int, str]:
    """Length of the byte order mark, and the encoding."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return len(mark), name
    for start, name in _UNMARKED:
        if content.startswith(start):
            return 0, name
    declared = _DECLARED.match(content)
    if declared is None:
        return 0, "utf-8"
    name = declared[1].decode("ascii").lower()
    try:
        codec = codecs.lookup(name)
        fits = codec.name not in _REFUSED and b"<?xml".decode(codec.name) == "<?xml"
    except (LookupError, UnicodeError):
        fits = False
    if not fits:
        place = Place(file, 1, declared.start(1) + 1)
        raise InvalidXml(place, f"encoding {name!r} is not known, or not what the file has", "save it as UTF-8")
    return 0, codec.name
