"""Proposing a layout for XML exports: which element repeats is an invoice, which repeats within it is a line."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from typing import Any

from lxml import etree

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.columns import BY_NAME, accepted_headers, squeezed
from stampli_assets.stampli.envelope import SEND_AGAIN
from stampli_assets.stampli.values import trimmed
from stampli_assets.stampli.words import likely_column
from stampli_assets.stampli.xml_walk import local, refuse_document_type

Columns = list[tuple[str, list[str]]]


def propose_xml(content: bytes, name: str) -> tuple[dict[str, object], Columns, list[str]]:
    """The layout, the columns that it gives, and the questions.

    Raises:
        FileRefused: it declares a document type, or is no XML.
    """
    refuse_document_type(io.BufferedReader(io.BytesIO(content)), name)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    root = etree.fromstring(content, parser)
    if root is None:
        raise FileRefused(f"{name} is no XML that can be read.", remedy=SEND_AGAIN, code="XML_SYNTAX")
    paths, values = _leaves(root)
    invoice, line = _repeating(root)
    layout: dict[str, object] = {"kind": "xml"}
    questions: list[str] = []
    shape: dict[str, object] = {}
    if not invoice:
        questions.append(
            "No element repeats: which one is an invoice, and which one a line? Set xml.invoice and xml.line."
        )
        return layout, [], questions
    if invoice != "Invoice":
        shape["invoice"] = invoice
    if line and line != "Lines/Line":
        shape["line"] = line
    columns, told = _columns(paths, values, invoice, line, questions)
    if told:
        shape["paths"] = told
    version = root.get("version", "")
    if version and version != "1.0":
        shape["version"] = version
    if shape:
        layout["xml"] = shape
    if not line:
        questions.append(f"Nothing repeats within {invoice!r}: which element is a coding line? Set xml.line.")
    return layout, columns, questions


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


def _repeating(root: Any) -> tuple[str, str]:
    """The outermost element that repeats (or is called Invoice), and the one that repeats within it."""
    counts = Counter(_path(element, root) for element in root.iter(etree.Element) if len(element) or element.attrib)
    counts.pop("", None)
    named = [path for path in counts if path.split("/")[-1].casefold() in {"invoice", "bill", "document"}]
    repeated = [path for path, count in counts.items() if count > 1]
    invoice = min(named or repeated, key=lambda path: (path.count("/"), -counts[path]), default="")
    within = [path for path in counts if invoice and path.startswith(f"{invoice}/")]
    lines = [path for path in within if path.split("/")[-1].casefold() in {"line", "row", "item", "distribution"}]
    line = max(
        lines or [path for path in within if counts[path] > counts[invoice]], key=lambda p: counts[p], default=""
    )
    return invoice, line.removeprefix(f"{invoice}/")


def _columns(
    paths: list[str], values: dict[str, list[str]], invoice: str, line: str, questions: list[str]
) -> tuple[Columns, dict[str, str]]:
    accepted = accepted_headers({})
    columns: Columns = []
    told: dict[str, str] = {}
    for path in paths:
        if not path.startswith(f"{invoice}/"):
            continue
        inner = path.removeprefix(f"{invoice}/")
        of_line = bool(line) and inner.startswith(f"{line}/")
        inner = inner.removeprefix(f"{line}/") if of_line else inner
        last = inner.split("/")[-1].lstrip("@")
        name = accepted.get(squeezed(last), "")
        plain = "/" not in inner and not inner.startswith("@")
        fits = bool(name) and BY_NAME[name].of_document is not of_line
        if fits and plain:
            columns.append((last, values[path]))
        elif (likely := name if fits else likely_column(last)) and likely not in told:
            if BY_NAME[likely].of_document is of_line:
                continue
            told[likely] = inner
            columns.append((BY_NAME[likely].header, values[path]))
            questions.append(
                f"Is {inner!r} the {BY_NAME[likely].header}? It says {', '.join(map(repr, values[path][:3]))}."
            )
        elif inner.split("/")[0] not in {"Attachments", "Custom"}:
            questions.append(f"What is {inner!r}? It says {', '.join(map(repr, values[path][:3]))}.")
    return columns, told
