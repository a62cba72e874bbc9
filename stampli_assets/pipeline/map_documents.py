"""Documents as a whole: what cannot be posted as it stands is held, never bent; nor is one of two that would be one."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from stampli_assets.mapping.verdicts import Hold
from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import PostingKey, posting_key
from stampli_assets.model.money import Money
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.worksheet import CORRECT_IN_STAMPLI, Worksheet

CREDIT_MEMO = "CREDIT_MEMO"


def kind_of(document_type: str) -> Kind:
    """What a document of this type is posted as."""
    return Kind.CREDIT if document_type == CREDIT_MEMO else Kind.BILL


def keys_of(heads: pd.DataFrame, target: Target) -> list[PostingKey]:
    """The posting key of each document, by its first row."""
    columns = (heads[name] for name in ("document_type", "vendor_id", "vendor_name", "invoice_number"))
    return [
        posting_key(
            erp=target.erp,
            company=target.company,
            kind=kind_of(document_type),
            vendor_id=vendor or name,
            number=number,
        )
        for document_type, vendor, name, number in zip(*columns, strict=True)
    ]


def documents(work: Worksheet) -> None:
    """Type and sign, number, due date."""
    for at, head in work.heads().iterrows():
        for column, why in _holds(head, work):
            work.hold(at, column, "", why)
    if work.target.one_sign_in_credits:
        _mixed_signs(work)


def _holds(head: pd.Series, work: Worksheet) -> Iterable[tuple[str, Hold]]:
    number, target, kind = str(head["invoice_number"]), work.target, kind_of(head["document_type"])
    total = Money(int(head["invoice_total"]), str(head["currency"]))
    if total.minor == 0:
        said = "a credit memo" if kind is Kind.CREDIT else "an invoice"
        yield "Invoice Total", Hold("ZERO_TOTAL", f"{number} is {said} over nothing", CORRECT_IN_STAMPLI)
    elif kind is Kind.CREDIT and total.minor > 0:
        because = f"{number} is a credit memo with the positive total {total.labelled}, which would be owed"
        remedy = (
            "Where this export writes credit memos without a sign, set credit_sign to unsigned in the layout "
            "(stampli.layout); otherwise correct it in Stampli."
        )
        yield "Invoice Total", Hold("CREDIT_SIGN", because, remedy)
    if len(number) > target.longest_number:
        because = f"{number} has {len(number)} characters; a bill number holds {target.longest_number} and is never cut"
        yield "Invoice Number", Hold("NUMBER_TOO_LONG", because, CORRECT_IN_STAMPLI)
    if kind is Kind.BILL and not head["due_date"] and target.post_as == "submit":
        because = f"{number} has no due date, and a bill that goes straight to the ledger needs one"
        yield "Due Date", Hold("DUE_DATE_MISSING", because, CORRECT_IN_STAMPLI)


def _mixed_signs(work: Worksheet) -> None:
    """A credit of which a line is owed after all."""
    frame = work.frame
    owed = (frame["document_type"] == CREDIT_MEMO) & ((frame["line_amount"] > 0) | (frame["tax_amount"] > 0))
    for at in frame.index[owed & (frame["invoice_total"] < 0)]:
        amount = Money(int(frame.at[at, "line_amount"]), str(frame.at[at, "currency"])).labelled
        because = f"line {int(frame.at[at, 'line_number'])} of the credit memo is over {amount}, the credit is negative"
        remedy = "The ERP takes one sign in a credit: split it in Stampli into a credit memo and an invoice."
        work.hold(at, "Line Amount", amount, Hold("CREDIT_MIXED_SIGNS", because, remedy))


def doubles(work: Worksheet) -> None:
    """Two documents of one file that would be one bill: which is meant is not guessed, both are held. An invoice and a
    credit memo of one number are two.
    """
    heads = work.heads()
    keys = keys_of(heads, work.target)
    same_key = pd.Series(keys, index=heads.index).duplicated(keep=False)
    mapped = heads[heads["erp_vendor_id"] != ""]
    same_bill = mapped.duplicated(["document_type", "erp_vendor_id", "invoice_number"], keep=False)
    for at in heads.index[same_key]:
        number = str(heads.at[at, "invoice_number"])
        because = f"{number} of this vendor stands twice in the file, as different documents"
        work.hold(at, "Invoice Number", number, Hold("DUPLICATE_IN_FILE", because, "Cancel one of the two in Stampli."))
    for at in mapped.index[same_bill & ~same_key.loc[mapped.index]]:
        number, vendor = str(heads.at[at, "invoice_number"]), str(heads.at[at, "erp_vendor_id"])
        because = f"two Stampli vendors with an invoice {number} are both mapped to vendor {vendor}"
        remedy = "If it is one invoice, cancel one in Stampli; otherwise correct the rules in vendors.csv."
        work.hold(at, "Invoice Number", number, Hold("TWIN_IN_FILE", because, remedy))
