"""The rules across the rows of an invoice. A document is accepted whole or rejected whole, with all its faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from stampli_assets.stampli.cells import CellFault
from stampli_assets.stampli.contracts import INVOICES
from stampli_assets.stampli.judging import Judged, apply_rules, header_conflicts, said, sums_of, wrong_totals

_PLACES = {"row", "line", "head_row", "head_line"}
IDENTITY = ("entity_id", "vendor_id", "vendor_name", "document_type", "invoice_number")
"""What makes rows one document where the export has no Stampli id."""


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
    """Apply the rules in order to every invoice whose cells could be read.

    The answer's frame holds the rows that are left: identical rows may be collapsed.
    """
    return apply_rules(
        Judged(frame, INVOICES, list(faults), titles=titles),
        (_no_vendor, header_conflicts, _line_conflicts, _negative_invoices, _totals),
    )


def _no_vendor(judged: Judged, frame: pd.DataFrame) -> None:
    for at in frame.index[(frame["vendor_id"] == "") & (frame["vendor_name"] == "")]:
        judged.fault(at, "vendor_id", "", "MISSING", "neither vendor id nor vendor name is given")


def _line_conflicts(judged: Judged, frame: pd.DataFrame) -> None:
    """A line number stands once. A row that stands twice to the letter is collapsed only when the total proves it."""
    numbered = frame["line_number"] != ""
    if not numbered.all():
        some = numbered.groupby(frame["document"]).transform("any")
        for at in frame.index[~numbered & some]:
            because = "it is empty, and other rows of the same invoice have a line number"
            judged.fault(at, "line_number", "", "MISSING", because)
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
        judged.fault(at, "line_number", number, "LINE_CONFLICT", f"line {number} stands twice with different content")
    copies = again.index[same.loc[again.index]]
    left = frame.drop(index=copies)
    proven = sums_of(left, "line_amount", "tax_amount")
    totals = left.groupby("document")["invoice_total"].first()
    collapsed = [at for at in copies if proven[frame.at[at, "document"]] == totals[frame.at[at, "document"]]]
    for at in copies.difference(collapsed):
        because = (
            "the row repeats an earlier one to the letter, and the invoice total does not prove that it counts once"
        )
        judged.fault(at, "line_number", str(frame.at[at, "line_number"]), "TOTAL_MISMATCH", because)
    judged.frame = judged.frame.drop(index=collapsed)
    judged.notes += [
        f"Row {frame.at[at, 'row']} repeats an earlier row to the letter; it counts once." for at in collapsed
    ]


def _negative_invoices(judged: Judged, frame: pd.DataFrame) -> None:
    heads = frame.drop_duplicates("document")
    for at in heads.index[(heads["document_type"] == "INVOICE") & (heads["invoice_total"] < 0)]:
        because = "an invoice cannot be negative; a credit is sent as document type CREDIT_MEMO"
        judged.fault(at, "invoice_total", said(frame, at, "invoice_total"), "NEGATIVE_INVOICE", because)


def _totals(judged: Judged, frame: pd.DataFrame) -> None:
    wrong_totals(judged, frame, "invoice_total", ("line_amount", "tax_amount"), "lines")
