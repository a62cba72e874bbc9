"""Proposing a layout for XML exports: which element repeats is a document, which repeats within it is a line."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from typing import Any

from lxml import etree

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.columns import holds_bank_details, squeezed
from stampli_assets.stampli.contracts import INVOICES, Contract, recognized
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.proposal_styles import Proposal
from stampli_assets.stampli.values import trimmed
from stampli_assets.stampli.words import likely_column
from stampli_assets.stampli.xml_walk import local, refuse_document_type

Columns = list[tuple[str, list[str]]]
_PLACES = {"invoices": "invoice", "payments": "payment"}
"""Where the settings take the path of a document, by kind of file; elsewhere it is ``record``."""
_LINES = {"invoices": "coding line", "payments": "paid invoice"}


def propose_xml(content: bytes, found: Proposal) -> Columns:
    """Fill in kind, layout and questions; answers the columns that the layout gives.

    Raises:
        FileRefused: it declares a document type, or is no XML.
    """
    refuse_document_type(io.BufferedReader(io.BytesIO(content)), found.file)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    root = etree.fromstring(content, parser)
    if root is None:
        raise FileRefused(f"{found.file} is no XML that can be read.", remedy=SEND_AGAIN, code="XML_SYNTAX")
    paths, values = _leaves(root)
    contract = recognized(path.split("/")[-1].lstrip("@") for path in paths) or INVOICES
    found.kind = contract.kind
    found.layout["kind"] = "xml"
    document, line = _repeating(root, contract)
    if not document:
        found.questions.append(
            "No element repeats: which one is an invoice, and which one a line? Set xml.invoice and xml.line."
            if contract is INVOICES
            else f"No element repeats: which one is a {contract.document}? Set its path under xml."
        )
        return []
    shape: dict[str, object] = {}
    if document != contract.xml_document:
        shape[_PLACES.get(contract.kind, "record")] = document
    if line and line != contract.xml_line:
        shape["line"] = line
    columns, told = _columns(paths, values, document, line, found)
    if told:
        shape["paths"] = told
    version = root.get("version", "")
    if version and version != "1.0":
        shape["version"] = version
    if shape:
        found.layout["xml"] = shape
    if contract.xml_line and not line:
        found.questions.append(
            f"Nothing repeats within {document!r}: which element is a {_LINES[contract.kind]}? Set xml.line."
        )
    return columns


def _leaves(root: Any) -> tuple[list[str], dict[str, list[str]]]:
    """Paths of texts and attributes from the root, with their values."""
    values: dict[str, list[str]] = defaultdict(list)
    for element in root.iter(etree.Element):
        path = _path(element, root)
        for key, text in element.attrib.items():
            values[f"{path}/@{key}".lstrip("/")].append(trimmed(str(text)))
        if not len(element) and (element.text or "").strip():
            values[path].append(trimmed(str(element.text)))
    return list(values), values


def _path(element: Any, root: Any) -> str:
    steps: list[str] = []
    while element is not None and element is not root:
        steps.append(local(element))
        element = element.getparent()
    return "/".join(reversed(steps))


def _repeating(root: Any, contract: Contract) -> tuple[str, str]:
    """The outermost element that repeats (or is called as documents are), and the one that repeats within it."""
    counts = Counter(_path(element, root) for element in root.iter(etree.Element) if len(element) or element.attrib)
    counts.pop("", None)
    names = {"invoice", "bill", "document"} if contract is INVOICES else {contract.xml_document.casefold()}
    named = [path for path in counts if path.split("/")[-1].casefold() in names]
    repeated = [path for path, count in counts.items() if count > 1]
    document = min(named or repeated, key=lambda path: (path.count("/"), -counts[path]), default="")
    if not contract.xml_line:
        return document, ""
    within = [path for path in counts if document and path.startswith(f"{document}/")]
    line_names = {"line", "row", "item", "distribution", "paidinvoice"}
    lines = [path for path in within if path.split("/")[-1].casefold() in line_names]
    line = max(
        lines or [path for path in within if counts[path] > counts[document]], key=lambda p: counts[p], default=""
    )
    return document, line.removeprefix(f"{document}/")


def _columns(
    paths: list[str], values: dict[str, list[str]], document: str, line: str, found: Proposal
) -> tuple[Columns, dict[str, str]]:
    contract = found.contract
    accepted, by_name = contract.accepted({}), contract.by_name
    columns: Columns = []
    told: dict[str, str] = {}
    for path in paths:
        if not path.startswith(f"{document}/"):
            continue
        inner = path.removeprefix(f"{document}/")
        of_line = bool(line) and inner.startswith(f"{line}/")
        inner = inner.removeprefix(f"{line}/") if of_line else inner
        last = inner.split("/")[-1].lstrip("@")
        name = accepted.get(squeezed(last), "")
        if holds_bank_details(inner) and (contract.shuns_bank or not name):
            found.notes.append(f"The element {inner!r} looks like bank details; it is not read.")
            continue
        plain = "/" not in inner and not inner.startswith("@")
        fits = bool(name) and by_name[name].of_document is not of_line
        if fits and plain:
            columns.append((last, values[path]))
        elif (likely := name if fits else likely_column(last)) in by_name and likely not in told:
            if by_name[likely].of_document is of_line:
                continue
            told[likely] = inner
            columns.append((by_name[likely].header, values[path]))
            found.questions.append(
                f"Is {inner!r} the {by_name[likely].header}? It says {', '.join(map(repr, values[path][:3]))}."
            )
        elif inner.split("/")[0] not in {"Attachments", "Custom"}:
            found.questions.append(f"What is {inner!r}? It says {', '.join(map(repr, values[path][:3]))}.")
    return columns, told
