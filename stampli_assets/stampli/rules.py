"""The rules across the rows of an invoice. A document is accepted whole or rejected whole, with all its faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from stampli_assets.model.frames import DOCUMENT_TEXTS
from stampli_assets.model.money import Money
from stampli_assets.stampli.cells import CellFault
from stampli_assets.stampli.columns import BY_NAME

_INT64 = 2**62
_PLACES = {"row", "line", "head_row", "head_line"}
IDENTITY = ("entity_id", "vendor_id", "vendor_name", "document_type", "invoice_number")
"""What makes rows one document where the export has no Stampli id."""


@dataclass
class Judged:
    """Which documents are accepted, and the faults of the others, as ``(index of a row, or -1, document, fault)``."""

    frame: pd.DataFrame
    faults: list[CellFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the columns are called in the file, by canonical name."""


def number_documents(frame: pd.DataFrame) -> pd.Series:
    """The document of each row, from 1 in order of first rows, wherever in the file the rows stand."""
    keys = frame["stampli_invoice_id"]
    without = keys == ""
    if without.any():
        fallback = "\x1e" + frame[IDENTITY[0]]
        for column in IDENTITY[1:]:
            fallback = fallback + "\x1f" + frame[column]
        keys = keys.where(~without, fallback)
    return pd.Series(pd.factorize(keys)[0] + 1, index=frame.index, dtype="int64")


def judge(frame: pd.DataFrame, faults: Iterable[CellFault], titles: Mapping[str, str]) -> Judged:
    """Apply the rules in order to every document whose cells could be read; the first failing group decides.

    ``frame`` carries ``document`` (and ``head_row``, ``head_line`` where documents have records of their own). The
    answer's frame holds the rows that are left: identical rows may be collapsed.
    """
    judged = Judged(frame, list(faults), titles=titles)
    for rule in (_no_vendor, _header_conflicts, _line_conflicts, _negative_invoices, _totals):
        bad = documents_of(judged.frame, judged.faults)
        rule(judged, judged.frame[~judged.frame["document"].isin(bad)] if bad else judged.frame)
    return judged


def documents_of(frame: pd.DataFrame, faults: Iterable[CellFault]) -> set[int]:
    """The documents that have a fault."""
    return set(frame["document"].reindex([fault.at for fault in faults]).dropna())


def _no_vendor(judged: Judged, frame: pd.DataFrame) -> None:
    for at in frame.index[(frame["vendor_id"] == "") & (frame["vendor_name"] == "")]:
        _fault(judged, at, "vendor_id", "", "MISSING", "neither vendor id nor vendor name is given")


def _header_conflicts(judged: Judged, frame: pd.DataFrame) -> None:
    """The document's fields repeat on each of its rows, and must say the same."""
    documents = frame["document"].to_numpy()
    _, first_rows, of_row = np.unique(documents, return_index=True, return_inverse=True)
    for column in (*DOCUMENT_TEXTS, "invoice_total"):
        codes = pd.factorize(frame[column])[0]
        for place in np.flatnonzero(codes != codes[first_rows][of_row]).tolist():
            at, first = frame.index[place], frame.index[first_rows[of_row[place]]]
            shown, before = str(frame.at[at, column]), str(frame.at[first, column])
            if column == "invoice_total":
                currency = str(frame.at[at, "currency"])
                shown, before = (str(Money(int(amount), currency)) for amount in (shown, before))
            because = (
                f"{shown!r} differs from {before!r} in row {frame.at[first, 'row']}, the first row of the same invoice"
            )
            _fault(judged, at, column, shown, "HEADER_CONFLICT", because)


def _line_conflicts(judged: Judged, frame: pd.DataFrame) -> None:
    """A line number stands once. A row that stands twice to the letter is collapsed only when the total proves it."""
    numbered = frame["line_number"] != ""
    if not numbered.all():
        some = numbered.groupby(frame["document"]).transform("any")
        for at in frame.index[~numbered & some]:
            because = "it is empty, and other rows of the same invoice have a line number"
            _fault(judged, at, "line_number", "", "MISSING", because)
        without = frame.index[~some]
        counted = frame.loc[without].groupby("document").cumcount() + 1
        judged.frame.loc[without, "line_number"] = counted.astype(str)
    lines = frame[numbered]
    again = lines[lines.duplicated(["document", "line_number"], keep="first")]
    if again.empty:
        return
    content = [column for column in frame.columns if column not in _PLACES]
    same = lines.duplicated(content, keep="first")
    for at in again.index[~same.loc[again.index]]:
        number = str(frame.at[at, "line_number"])
        _fault(judged, at, "line_number", number, "LINE_CONFLICT", f"line {number} stands twice with different content")
    copies = again.index[same.loc[again.index]]
    left = frame.drop(index=copies)
    proven = _sums(left)
    totals = left.groupby("document")["invoice_total"].first()
    collapsed = [at for at in copies if proven[frame.at[at, "document"]] == totals[frame.at[at, "document"]]]
    for at in copies.difference(collapsed):
        because = (
            "the row repeats an earlier one to the letter, and the invoice total does not prove that it counts once"
        )
        _fault(judged, at, "line_number", str(frame.at[at, "line_number"]), "TOTAL_MISMATCH", because)
    judged.frame = judged.frame.drop(index=collapsed)
    judged.notes += [
        f"Row {frame.at[at, 'row']} repeats an earlier row to the letter; it counts once." for at in collapsed
    ]


def _negative_invoices(judged: Judged, frame: pd.DataFrame) -> None:
    heads = frame.drop_duplicates("document")
    for at in heads.index[(heads["document_type"] == "INVOICE") & (heads["invoice_total"] < 0)]:
        shown = str(Money(int(frame.at[at, "invoice_total"]), str(frame.at[at, "currency"])))
        because = "an invoice cannot be negative; a credit is sent as document type CREDIT_MEMO"
        _fault(judged, at, "invoice_total", shown, "NEGATIVE_INVOICE", because)


def _totals(judged: Judged, frame: pd.DataFrame) -> None:
    """The lines and their tax add up to the invoice, to the minor unit."""
    heads = frame.drop_duplicates("document")
    sums = _sums(frame)
    wrong = heads[heads["invoice_total"].to_numpy() != sums[heads["document"].to_numpy()]]
    for at in wrong.index:
        currency = str(frame.at[at, "currency"])
        total, lines = (
            Money(int(frame.at[at, "invoice_total"]), currency),
            Money(int(sums[frame.at[at, "document"]]), currency),
        )
        because = (
            f"the lines add up to {lines.labelled}, the invoice says {total.labelled}: {(lines - total).labelled} apart"
        )
        _fault(judged, at, "invoice_total", str(total), "TOTAL_MISMATCH", because)


def _sums(frame: pd.DataFrame) -> np.ndarray:
    """The exact sum of lines and tax of each document, at its number; as whole numbers of any size where need be."""
    documents = frame["document"].to_numpy()
    amounts = frame["line_amount"].to_numpy() + frame["tax_amount"].to_numpy()
    largest = int(np.abs(amounts).max()) if len(amounts) else 0
    exact = "int64" if largest * len(amounts) < _INT64 else object
    sums = np.zeros(int(documents.max()) + 1 if len(documents) else 1, dtype=exact)
    np.add.at(sums, documents, amounts.astype(exact))
    return sums


def _fault(judged: Judged, at: int, column: str, value: str, rule: str, because: str) -> None:
    frame, of_head = judged.frame, BY_NAME[column].of_document and "head_row" in judged.frame
    row, line = (int(frame.at[at, place]) for place in (("head_row", "head_line") if of_head else ("row", "line")))
    title = judged.titles.get(column, BY_NAME[column].header)
    sentence = f"Row {row} (line {line}), column {title!r}: {because}."
    judged.faults.append(CellFault(int(at), title, value, rule, sentence, row, line))
