"""Parse: the bytes of a payment file become payments with the invoices that they settle, or rejects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd

from stampli_assets.model.export_frames import PAID_INVOICES
from stampli_assets.model.frames import REJECTS, conform, empty
from stampli_assets.model.money import Money
from stampli_assets.pipeline.parse_steps import faults_of, fingerprints, opened, rejects_of, totals_of
from stampli_assets.stampli.judging import documents_of
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.payment_rules import MADE, VOIDED, judge_payments, number_payments, settled_invoices

_FINGERPRINTED_HEAD = (
    "payment_number", "payment_date", "payment_method", "entity_id", "bank_account_id", "vendor_id", "currency",
    "payment_total", "void_date",
)  # fmt: skip
_FINGERPRINTED_LINE = ("settled", "applied_amount", "discount_amount")


@dataclass(frozen=True, slots=True)
class ParsedPayments:
    """A parsed payment file.

    ``lines`` are ``PAID_INVOICES``, ``rejects`` are ``REJECTS``, ``notes`` are for a person. ``totals`` are exact sums by
    currency of the accepted payments: PAID and CLEARED count, VOIDED counts negative, every other status is no cash.
    """

    lines: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...]
    totals: Mapping[str, Money]
    payments: int
    rejected_payments: int


def parse_payments(source: BinaryIO, *, name: str, layout: Layout) -> ParsedPayments:
    """Read and judge a whole payment file; every fault of every payment is reported at once.

    A payment with one bad row is rejected whole, the others go on. A payment is known by its Stampli id and whether it is
    VOIDED, so an id may come once as paid and once as voided. Whether a bill exists, a check number was used before, or
    a status is to be posted, is judged by later stages.

    Args:
        layout: ``PaymentLayout().layout()`` of the settings.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    read = opened(source, name, layout)
    if read.is_empty:
        return ParsedPayments(empty(PAID_INVOICES), empty(REJECTS), tuple(read.notes), {}, 0, 0)
    frame = read.cells.frame
    frame["document"] = number_payments(frame)
    faults, strangers = faults_of(read)
    judged = judge_payments(frame, faults, read.headers.titles)
    bad = documents_of(frame, judged.faults)
    lines = _lines(frame[~frame["document"].isin(bad)])
    heads = lines.drop_duplicates("payment")
    sign = _sign(heads["payment_status"])
    moved, cash = sign != 0, heads["payment_total"].to_numpy() * sign
    return ParsedPayments(
        lines=lines,
        rejects=rejects_of(read, judged.faults),
        notes=(*read.notes, *judged.notes),
        totals=totals_of(heads["currency"][moved], cash[moved].tolist()),
        payments=len(heads),
        rejected_payments=len(bad) + strangers,
    )


def _sign(statuses: pd.Series) -> np.ndarray:
    """What a status means for cash: out, back, or nothing."""
    return np.where(statuses.isin(MADE), 1, np.where(statuses == VOIDED, -1, 0))


def _lines(accepted: pd.DataFrame) -> pd.DataFrame:
    if accepted.empty:
        return empty(PAID_INVOICES)
    lines = accepted.assign(document=pd.factorize(accepted["document"])[0] + 1, settled=settled_invoices(accepted))
    lines["fingerprint"] = fingerprints(lines, _FINGERPRINTED_HEAD, _FINGERPRINTED_LINE, "settled")
    return conform(lines.rename(columns={"document": "payment"}).reset_index(drop=True), PAID_INVOICES)
