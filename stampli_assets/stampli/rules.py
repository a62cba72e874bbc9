"""The rules across the rows of an invoice. A document is accepted whole or rejected whole, with all its faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from stampli_assets.model.frames import DOCUMENT_TEXTS
from stampli_assets.model.money import Money
from stampli_assets.stampli.cells import CellFault
from stampli_assets.stampli.columns import BY_NAME

IDENTITY = ("entity_id", "vendor_id", "vendor_name", "document_type", "invoice_number")
"""What makes rows one document where the export has no Stampli id."""


@dataclass
class Judged:
    """Which documents are accepted, and the faults of the others, as ``(index of a row, or -1, document, fault)``."""

    frame: pd.DataFrame
    faults: list[CellFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def number_documents(frame: pd.DataFrame) -> pd.Series:
    """The document of each row, from 1 in order of first rows, wherever in the file the rows stand."""
    by_id = frame["stampli_invoice_id"]
    fallback = frame[list(IDENTITY)].agg("\x1f".join, axis=1) if (by_id == "").any() else by_id
    keys = by_id.where(by_id != "", "\x1e" + fallback)
    return pd.Series(pd.factorize(keys)[0] + 1, index=frame.index, dtype="int64")


def judge(frame: pd.DataFrame, faults: Iterable[CellFault]) -> Judged:
    """Apply the rules in order to every document whose cells could be read; the first failing group decides.

    ``frame`` carries ``document``; the answer's frame holds the rows that are left (identical rows may be collapsed).
    """
    judged = Judged(frame, list(faults))
    for rule in (_no_vendor, _header_conflicts, _line_conflicts, _negative_invoices, _totals):
        bad = set(judged.frame["document"].reindex([fault.at for fault in judged.faults]).dropna())
        rule(judged, judged.frame[~judged.frame["document"].isin(bad)])
    return judged


def _no_vendor(judged: Judged, frame: pd.DataFrame) -> None:
    for at in frame.index[(frame["vendor_id"] == "") & (frame["vendor_name"] == "")]:
        _fault(judged, at, "Vendor ID", "", "MISSING", "neither vendor id nor vendor name is given")


def _header_conflicts(judged: Judged, frame: pd.DataFrame) -> None:
    """The document's fields repeat on each of its rows, and must say the same."""
    for column in (*DOCUMENT_TEXTS, "invoice_total"):
        first = frame.groupby("document")[column].transform("first")
        for at in frame.index[frame[column] != first]:
            shown, before = str(frame.at[at, column]), str(first.at[at])
            if column == "invoice_total":
                currency = str(frame.at[at, "currency"])
                shown, before = (str(Money(int(amount), currency)) for amount in (shown, before))
            because = f"{shown!r} differs from {before!r} in the first row of the same invoice"
            _fault(judged, at, BY_NAME[column].header, shown, "HEADER_CONFLICT", because)


def _line_conflicts(judged: Judged, frame: pd.DataFrame) -> None:
    """A line number stands once. A row that stands twice to the letter is collapsed only when the total proves it."""
    numbered = frame["line_number"] != ""
    without = frame.index[~numbered]
    if len(without):
        counted = frame.loc[without].groupby("document").cumcount() + 1
        judged.frame.loc[without, "line_number"] = counted.astype(str)
    lines = frame[numbered]
    again = lines[lines.duplicated(["document", "line_number"], keep="first")]
    if again.empty:
        return
    content = [column for column in frame.columns if column not in {"row", "line"}]
    same = lines.duplicated(content, keep="first")
    for at in again.index[~same.loc[again.index]]:
        number = str(frame.at[at, "line_number"])
        _fault(judged, at, "Line Number", number, "LINE_CONFLICT", f"line {number} stands twice with different content")
    copies = again.index[same.loc[again.index]]
    left = frame.drop(index=copies)
    proven = left.groupby("document")[["line_amount", "tax_amount"]].sum().sum(axis=1)
    totals = left.groupby("document")["invoice_total"].first()
    collapsed = [at for at in copies if proven[frame.at[at, "document"]] == totals[frame.at[at, "document"]]]
    for at in copies.difference(collapsed):
        because = (
            "the row repeats an earlier one to the letter, and the invoice total does not prove that it counts once"
        )
        _fault(judged, at, "Line Number", str(frame.at[at, "line_number"]), "TOTAL_MISMATCH", because)
    judged.frame = judged.frame.drop(index=collapsed)
    judged.notes += [
        f"Row {frame.at[at, 'row']} repeats an earlier row to the letter; it counts once." for at in collapsed
    ]


def _negative_invoices(judged: Judged, frame: pd.DataFrame) -> None:
    heads = frame.drop_duplicates("document")
    for at in heads.index[(heads["document_type"] == "INVOICE") & (heads["invoice_total"] < 0)]:
        shown = str(Money(int(frame.at[at, "invoice_total"]), str(frame.at[at, "currency"])))
        because = "an invoice cannot be negative; a credit is sent as document type CREDIT_MEMO"
        _fault(judged, at, "Invoice Total", shown, "NEGATIVE_INVOICE", because)


def _totals(judged: Judged, frame: pd.DataFrame) -> None:
    """The lines and their tax add up to the invoice, to the minor unit."""
    documents = frame["document"].to_numpy()
    size = int(documents.max()) + 1 if len(documents) else 1
    sums = np.zeros(size, dtype="int64")
    np.add.at(sums, documents, frame["line_amount"].to_numpy() + frame["tax_amount"].to_numpy())
    heads = frame.drop_duplicates("document")
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
        _fault(judged, at, "Invoice Total", str(total), "TOTAL_MISMATCH", because)


def _fault(judged: Judged, at: int, column: str, value: str, rule: str, because: str) -> None:
    row, line = int(judged.frame.at[at, "row"]), int(judged.frame.at[at, "line"])
    sentence = f"Row {row} (line {line}), column {column!r}: {because}."
    judged.faults.append(CellFault(int(at), column, value, rule, sentence))
