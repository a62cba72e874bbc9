"""Walking through an XML export, element by element: nothing is fetched or expanded, and no document is kept."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from lxml import etree

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.layout import Layout

_PROLOG = 1 << 16
_MOST_STRANGERS = 200
_MOST_ELEMENTS = 500_000
_MOST_SILENT = 10_000_000
"""Bytes of one text, comment or tag at the most."""


@dataclass
class Walk:
    """One pass over a file. Afterwards ``root`` holds the root's attributes, ``strangers`` what is no document."""

    stream: io.BufferedReader
    name: str
    layout: Layout
    root: dict[str, str] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    count: int = 0

    def documents(self) -> Iterator[Any]:
        """Every document's element, whole, and dropped when the next is asked for.

        Raises:
            FileRefused: the file declares a document type, is cut off or no XML, is nested too deep, or has another
                version, kind or number of documents than it should.
        """
        refuse_document_type(self.stream, self.name)
        yield from _documents(self)
        said = self.root.get("count", "").strip()
        if said and said != str(self.count):
            raise FileRefused(
                f"{self.name} says that it holds {said} {self.layout.contract.documents} and holds {self.count}.",
                remedy=SEND_AGAIN,
                code="COUNT",
            )


class _Seen(Exception):
    """The prolog is over."""


def refuse_document_type(stream: io.BufferedReader, name: str) -> None:
    """Before anything is parsed for its content: no export needs a document type, and entities live there."""
    prolog = expat.ParserCreate()
    found: list[bool] = []

    def doctype(*_: object) -> None:
        found.append(True)
        raise _Seen

    def element(*_: object) -> None:
        raise _Seen

    prolog.StartDoctypeDeclHandler = doctype
    prolog.StartElementHandler = element
    with contextlib.suppress(_Seen, expat.ExpatError, ValueError, LookupError):
        prolog.Parse(stream.peek(_PROLOG)[:_PROLOG], False)  # noqa: FBT003 - expat's own way
    if found:
        raise _document_type(name)


def _document_type(name: str) -> FileRefused:
    return FileRefused(
        f"{name} declares a document type (<!DOCTYPE …>), through which XML can read other files or grow without end.",
        remedy="Have the export written without it; it was not read.",
        code="XML_DTD",
    )


def _documents(walk: Walk) -> Iterator[Any]:
    wanted = list(walk.layout.xml_document)
    stack: list[str] = []
    held = outside = 0
    counted = _Counted(walk.stream, walk.name)
    parsing = etree.iterparse(
        counted, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for event, element in _told(parsing, counted, walk.name):
        if event == "start":
            stack.append(local(element))
            if len(stack) == 1:
                _look_at_root(element, walk)
            if len(stack) > walk.layout.xml.max_depth:
                raise FileRefused(
                    f"{walk.name} nests its elements deeper than {walk.layout.xml.max_depth} (line {element.sourceline}).",
                    remedy="No export does that. " + SEND_AGAIN,
                    code="XML_DEPTH",
                )
            continue
        inside = stack[1:]
        stack.pop()
        if len(inside) > len(wanted) and inside[: len(wanted)] == wanted:
            held = _one_more(held, element, walk)
            continue
        if inside == wanted:
            walk.count += 1
            yield element
        elif inside and inside != wanted[: len(inside)]:
            outside = _one_more(outside, element, walk)
            if len(walk.strangers) < _MOST_STRANGERS:
                walk.strangers.add("/".join(inside))
        held = 0
        _drop(element)
    if walk.strangers and not walk.count:
        raise FileRefused(
            f"{walk.name} is no {walk.layout.contract.document} file: it has no element {'/'.join(wanted)!r} under its "
            f"root; it has {', '.join(sorted(walk.strangers)[:5])}.",
            remedy="Check the export template in Stampli, or its element's path under xml in the layout.",
            code="COLUMN_MISSING",
        )


class _Counted:
    """A stream that knows how many lines it gave, and how much without an element beginning or ending."""

    def __init__(self, stream: io.BufferedReader, name: str) -> None:
        self._stream = stream
        self._name = name
        self.lines = 0
        self.over = False
        self.silent = 0

    def read(self, size: int) -> bytes:
        block = self._stream.read(size)
        self.silent += len(block)
        if self.silent > _MOST_SILENT:
            raise _broken("too long", self.lines + 1, self._name, at_end=False)
        self.lines += block.count(b"\n")
        self.over = self.over or len(block) < size
        return block


def _told(parsing: Any, counted: _Counted, name: str) -> Iterator[tuple[str, Any]]:
    """The parser's events; its errors in our words."""
    try:
        for event in parsing:
            counted.silent = 0
            yield event
    except etree.XMLSyntaxError as error:
        fatal = parsing.error_log.filter_from_fatals()
        message, line = (fatal[0].message, fatal[0].line) if len(fatal) else (str(error.msg), error.lineno or 0)
        raise _broken(message.strip(), line, name, at_end=counted.over and line > counted.lines) from None


def _one_more(held: int, element: Any, walk: Walk) -> int:
    if held >= _MOST_ELEMENTS:
        raise FileRefused(
            f"{walk.name} has more than {_MOST_ELEMENTS:,} elements in one {walk.layout.contract.document}, or beside its "
            f"{walk.layout.contract.documents} (line {element.sourceline}).",
            remedy="No export has so many. " + SEND_AGAIN,
            code="XML_SIZE",
        )
    return held + 1


def _look_at_root(element: Any, walk: Walk) -> None:
    information = element.getroottree().docinfo
    if information.internalDTD is not None or information.doctype:
        raise _document_type(walk.name)
    root = walk.root
    root.update({str(key): str(text) for key, text in element.attrib.items()})
    version = root.get("version", "")
    if version and walk.layout.xml.version and version != walk.layout.xml.version:
        raise FileRefused(
            f"{walk.name} is written in version {version!r} of the template; the layout knows "
            f"{walk.layout.xml.version!r}.",
            remedy="Compare the new template with the layout, then set xml.version.",
            code="XML_VERSION",
        )
    contract = walk.layout.contract
    kind = root.get("object", contract.kind)
    if kind != contract.kind:
        raise FileRefused(
            f"{walk.name} is no {contract.document} file: it says that it holds {kind}.",
            remedy="Name this kind of file in the settings' file patterns, so that it goes its own way.",
            code="COLUMN_MISSING",
        )


def _drop(element: Any) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def local(element: Any) -> str:
    """An element's name without its namespace; empty for anything that is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _broken(message: str, line: int, name: str, *, at_end: bool) -> FileRefused:
    lower = message.lower()
    if "huge text node" in lower or "huge input" in lower or "too long" in lower or "buffer size limit" in lower:
        code, what = "FIELD_TOO_LONG", f"has a text that is far too long (line {line})"
    elif "depth" in lower:
        code, what = "XML_DEPTH", f"nests its elements too deep (line {line})"
    elif "not defined" in lower:
        code, what = "XML_SYNTAX", f"uses an entity that XML does not know in line {line}: {message}"
    elif "proper utf-8" in lower or "encoding" in lower or "input conversion" in lower:
        code, what = "DECODE_ERROR", f"is not written in the encoding that it declares (line {line})"
    elif "premature end" in lower or "couldn't find end" in lower or (at_end and "expected" in lower):
        code, what = "TRUNCATED", f"is cut off: it ends in line {line} before its elements do"
    else:
        code, what = "XML_SYNTAX", f"breaks the rules of XML in line {line}: {message}"
    return FileRefused(f"{name} {what}.", remedy=SEND_AGAIN, code=code)
