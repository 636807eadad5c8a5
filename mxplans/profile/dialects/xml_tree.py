"""XML as a tree with places and comments, read within limits and without any entity of a file's own."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Never
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, property_lexical_handler
from xml.sax.xmlreader import AttributesImpl, InputSource

from defusedxml.common import DefusedXmlException, DTDForbidden
from defusedxml.sax import make_parser

from mxplans.profile.dialects.xml_encoding import InvalidXml, decoded
from mxplans.profile.places import Place
from mxplans.profile.yaml12 import LIMITS, Limits

XML_LIMITS = Limits(LIMITS.size_bytes, LIMITS.depth, nodes=50_000)
"""As for YAML, but for nodes: each of an object's elements has a place and may have a finding, within 300 MB."""


@dataclass(slots=True, eq=False)
class Element:
    """An element.

    Attributes:
        tag: Its name, with a prefix if it has one.
        attributes: As written.
        place: Where it begins.
        start: Its position among the beginnings of elements and the comments.
        end: That of the last thing within it.
        children: Elements within it.
        chunks: Texts within it: before the first child, between two, behind the last one.
    """

    tag: str
    attributes: dict[str, str]
    place: Place
    start: int
    end: int = 0
    children: list[Element] = field(default_factory=list)
    chunks: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text that stands in it directly."""
        return "".join(self.chunks)

    @property
    def text_beside(self) -> str:
        """Text in it that is more than blanks, each piece in a line of its own."""
        return "\n".join(chunk.strip() for chunk in self.chunks if chunk.strip())


@dataclass(frozen=True, slots=True)
class TreeComment:
    """A comment, or a processing instruction written as `<?target data?>`.

    Attributes:
        text: As written.
        line: Where it begins, from 1.
        position: Among the beginnings of elements and the comments.
    """

    text: str
    line: int
    position: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A file."""

    root: Element
    comments: tuple[TreeComment, ...]


def read_tree(content: bytes, file: str, limits: Limits = XML_LIMITS) -> Tree:
    """Read an XML file.

    Args:
        content: The file.
        file: What places call it.
        limits: How much it may ask for; nodes are elements, attributes and comments.

    Raises:
        InvalidXml: If it is not well-formed, in an unknown or another encoding than it says, too large or too deep,
            or has a document type, which may declare entities: with line and column.
    """
    if len(content) > limits.size_bytes:
        what = f"has {len(content)} bytes; allowed are {limits.size_bytes}"
        raise InvalidXml(Place(file), what, "give the right file")
    source = InputSource(file)
    source.setEncoding("utf-8")
    source.setByteStream(io.BytesIO(decoded(content, file).encode("utf-8")))
    builder = _Builder(file, limits)
    parser = make_parser()
    parser.forbid_dtd = parser.forbid_entities = parser.forbid_external = True
    parser.setContentHandler(builder)
    parser.setProperty(property_lexical_handler, builder)
    try:
        parser.parse(source)
    except SAXParseException as error:
        place = Place(file, error.getLineNumber() or 0, (error.getColumnNumber() or 0) + 1)
        raise InvalidXml(place, f"is not XML: {error.getMessage()}", "correct the file") from error
    except DefusedXmlException as error:
        what = "has a document type" if isinstance(error, DTDForbidden) else "declares or uses an entity of its own"
        raise InvalidXml(builder.place(), f"{what}; allowed are elements", "take it out") from error
    return builder.tree()


class _Builder(ContentHandler):
    """Makes a tree of SAX events, without recursion."""

    def __init__(self, file: str, limits: Limits) -> None:
        super().__init__()
        self._file = file
        self._limits = limits
        self._nodes = 0
        self._position = 0
        self._open: list[Element] = []
        self._text: list[str] = []
        self._roots: list[Element] = []
        self._comments: list[TreeComment] = []
        self._locator: Any = None

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802 (SAX)
        self._locator = locator

    def place(self) -> Place:
        return Place(self._file, self._locator.getLineNumber() or 0, (self._locator.getColumnNumber() or 0) + 1)

    def tree(self) -> Tree:
        """The tree of a file that was read to its end, which has a root then."""
        return Tree(self._roots[0], tuple(self._comments))

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 (SAX)
        self._count(1 + len(attrs))
        if len(self._open) >= self._limits.depth:
            self._refuse(f"is nested more than {self._limits.depth} deep; allowed is less")
        element = Element(name, dict(attrs.items()), self.place(), self._next())
        if self._open:
            self._end_text()
            self._open[-1].children.append(element)
        else:
            self._roots.append(element)
        self._open.append(element)

    def endElement(self, name: str) -> None:  # noqa: N802 (SAX)
        self._end_text()
        self._open.pop().end = self._position

    def characters(self, content: str) -> None:
        self._text.append(content)

    def _end_text(self) -> None:
        self._open[-1].chunks.append("".join(self._text))
        self._text.clear()

    def processingInstruction(self, target: str, data: str) -> None:  # noqa: N802 (SAX)
        self.comment(f"<?{target} {data}?>")

    def comment(self, text: str) -> None:
        self._count(1)
        self._comments.append(TreeComment(text, self.place().line, self._next()))

    def startDTD(self, name: str, public_id: str, system_id: str) -> None:  # noqa: N802 (SAX)
        """Never comes: it is refused before."""

    def endDTD(self) -> None:  # noqa: N802 (SAX)
        """As `startDTD`."""

    def startCDATA(self) -> None:  # noqa: N802 (SAX)
        """Text is text, however it is written."""

    def endCDATA(self) -> None:  # noqa: N802 (SAX)
        """As `startCDATA`."""

    def _next(self) -> int:
        self._position += 1
        return self._position

    def _count(self, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > self._limits.nodes:
            self._refuse(f"holds more than {self._limits.nodes} elements, attributes and comments; allowed are less")

    def _refuse(self, what: str) -> Never:
        raise InvalidXml(self.place(), what, "give the right file")
