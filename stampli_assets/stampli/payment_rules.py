"""The rules across the rows of a payment. A payment is accepted whole or rejected whole, with all its faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from stampli_assets.stampli.cells import CellFault
from stampli_assets.stampli.contracts import PAYMENTS
from stampli_assets.stampli.judging import Judged, apply_rules, header_conflicts, said, wrong_totals

VOIDED = "VOIDED"
MADE = ("PAID", "CLEARED")
"""Statuses of a payment that was made."""


def number_payments(frame: pd.DataFrame) -> pd.Series:
    """The payment of each row, from 1 in order of first rows: its id, and whether it is voided.

    A row whose id could not be read is a payment of its own.
    """
    voided = (frame["payment_status"] == VOIDED).astype("int8").astype(str)
    keys = frame["stampli_payment_id"].astype(object) + "\x1f" + voided
    nameless = frame["stampli_payment_id"] == ""
    if nameless.any():
        keys = keys.where(~nameless, "\x1e" + frame["row"].astype(str))
    return pd.Series(pd.factorize(keys)[0] + 1, index=frame.index, dtype="int64")


def settled_invoices(frame: pd.DataFrame) -> pd.Series:
    """What each row settles: Stampli's id of the invoice, or its number where the export has no id."""
    by_id = frame["stampli_invoice_id"]
    return by_id.where(by_id != "", "\x1f" + frame["invoice_number"])


def judge_payments(frame: pd.DataFrame, faults: Iterable[CellFault], titles: Mapping[str, str]) -> Judged:
    """Apply the rules in order to every payment whose cells could be read. ``frame`` carries ``document``."""
    rules = (_no_invoice, header_conflicts, _given_together, _invoices_twice, _signs, _totals)
    return apply_rules(Judged(frame, PAYMENTS, list(faults), titles=titles), rules)


def _no_invoice(judged: Judged, frame: pd.DataFrame) -> None:
    for at in frame.index[(frame["stampli_invoice_id"] == "") & (frame["invoice_number"] == "")]:
        because = "neither the invoice's Stampli id nor its number is given, so what was paid is not known"
        judged.fault(at, "stampli_invoice_id", "", "MISSING", because)


def _given_together(judged: Judged, frame: pd.DataFrame) -> None:
    """What one field says asks for another; said once for each payment."""
    heads = frame.drop_duplicates("document")
    voided = heads["payment_status"] == VOIDED
    for at in heads.index[(heads["payment_method"] == "CHECK") & (heads["payment_number"] == "")]:
        judged.fault(at, "payment_number", "", "MISSING", "it is empty; a payment by check has its check number")
    for at in heads.index[voided & (heads["void_date"] == "")]:
        judged.fault(
            at, "void_date", "", "MISSING", "it is empty; a voided payment has the date on which it was voided"
        )
    for at in heads.index[heads["payment_status"].isin(MADE) & (heads["void_date"] != "")]:
        status, day = str(frame.at[at, "payment_status"]), str(frame.at[at, "void_date"])
        because = f"the payment is {status} and has the void date {day}: whether it was voided is in doubt"
        judged.fault(at, "void_date", day, "VOID_IN_DOUBT", because)


def _invoices_twice(judged: Judged, frame: pd.DataFrame) -> None:
    """One invoice stands once in a payment, whether it is named by id or by number."""
    settled = pd.DataFrame({"document": frame["document"], "settled": settled_invoices(frame)})
    again = settled.index[settled.duplicated()]
    pair = ["document", "invoice_number"]
    has_id = frame["stampli_invoice_id"] != ""
    of_ids = pd.MultiIndex.from_frame(frame.loc[has_id & (frame["invoice_number"] != ""), pair])
    without = frame.loc[~has_id, pair]
    by_number = without.index[pd.MultiIndex.from_frame(without).isin(of_ids)]
    for at in again.union(by_number):
        named = next(name for name in ("stampli_invoice_id", "invoice_number") if frame.at[at, name])
        value = str(frame.at[at, named])
        because = f"invoice {value} stands twice in this payment, and which of its amounts was paid is not guessed"
        judged.fault(at, named, value, "INVOICE_TWICE", because)


def _signs(judged: Judged, frame: pd.DataFrame) -> None:
    heads = frame.drop_duplicates("document")
    for at in heads.index[heads["payment_total"] < 0]:
        because = "a payment cannot be negative; a voided one repeats its amounts as they were, with status VOIDED"
        judged.fault(at, "payment_total", said(frame, at, "payment_total"), "NEGATIVE_PAYMENT", because)
    for at in frame.index[frame["discount_amount"] < 0]:
        because = "a discount that was taken cannot be negative"
        judged.fault(at, "discount_amount", said(frame, at, "discount_amount"), "NEGATIVE_DISCOUNT", because)


def _totals(judged: Judged, frame: pd.DataFrame) -> None:
    wrong_totals(judged, frame, "payment_total", ("applied_amount",), "applied amounts")
