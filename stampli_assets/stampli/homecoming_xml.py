"""Rejected invoices of an XML export as an export of their own: the same root, the same elements, nothing added."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from lxml import etree

from stampli_assets.stampli.envelope import unwrapped
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.xml_walk import Walk, local


def rejected_invoices(
    source: BinaryIO, name: str, layout: Layout, rows: Collection[int], *, most_bytes: int
) -> bytes | None:
    """The invoices to which one of the ``rows`` belongs; ``None`` where they are more than ``most_bytes``.

    Raises:
        FileRefused: it is not the file that was read.
    """
    walk = Walk(unwrapped(source, name, layout), name, layout)
    chosen: list[bytes] = []
    shell: Any = None
    row = size = 0
    for invoice in walk.documents():
        shell = _shell(invoice, layout) if shell is None else shell
        first, row = row + 1, row + (_count(invoice, list(layout.xml_line)) or 1)
        if not any(one in rows for one in range(first, row + 1)):
            continue
        chosen.append(etree.tostring(invoice, encoding="UTF-8", with_tail=False))
        size += len(chosen[-1])
        if size > most_bytes:
            return None
    return _whole(shell, chosen) if chosen else b""


def _count(element: Any, path: list[str]) -> int:
    return sum(1 for _ in _at(element, path))


def _at(element: Any, path: list[str]) -> Iterator[Any]:
    for child in element:
        if local(child) == path[0]:
            yield from [child] if len(path) == 1 else _at(child, path[1:])


def _shell(invoice: Any, layout: Layout) -> list[Any]:
    """The elements around the invoices, the root first: names and attributes, without what else they hold."""
    around = list(reversed(list(invoice.iterancestors())))[: len(layout.xml_document)]
    return [etree.Element(one.tag, attrib=dict(one.attrib), nsmap=one.nsmap) for one in around]


def _whole(shell: list[Any], chosen: list[bytes]) -> bytes:
    root = inner = shell[0]
    if "count" in root.attrib:
        root.set("count", str(len(chosen)))
    for one in shell[1:]:
        inner.append(one)
        inner = one
    for invoice in chosen:
        inner.append(etree.fromstring(invoice))
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
