"""Markdown tables for the Dagster UI: short, escaped, capped, money as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from stampli_assets.model.findings import Finding
from stampli_assets.model.money import Money
from stampli_assets.model.postings import Conflict, Intent

MOST_ROWS = 50
"""A table in the UI holds at most this many rows; the whole list is a file away."""
_MOST_CHARACTERS = 300


def markdown(headers: Sequence[str], rows: Iterable[Sequence[object]], *, total: int) -> str:
    """A table of the first :data:`MOST_ROWS` rows, and a line that says how many there are in all."""
    lines = [_row(headers), _row(["---"] * len(headers))]
    lines += [_row([_cell(value) for value in row]) for row in islice(rows, MOST_ROWS)]
    if total > MOST_ROWS:
        lines += ["", f"*The first {MOST_ROWS} of {total}; the error list holds them all.*"]
    return "\n".join(lines)


def findings_table(findings: Sequence[Finding]) -> str:
    """What is not posted, why, and what to do about it."""
    return markdown(
        ["End", "Document", "Vendor", "Amount", "Row", "Column", "Value", "What happened", "What to do"],
        (
            (f.end, f.document, f.vendor, f.amount, f.row or "", f.column, f.value, f.sentence, f.remedy)
            for f in findings
        ),
        total=len(findings),
    )


def postings_table(intents: Sequence[Intent], file_name: str) -> str:
    """What one request, or one file, put into the ERP: the row of the audit trail that a person reads."""
    return markdown(
        [
            "File",
            "Row",
            "Kind",
            "Document",
            "Record no",
            "Result",
            "Amount",
            "Vendor",
            "Name",
            "GL accounts",
            "Control id",
        ],
        (_posting_row(intent, file_name) for intent in intents),
        total=len(intents),
    )


def _posting_row(intent: Intent, file_name: str) -> Sequence[object]:
    bill, posting = intent.document, intent.posting
    result = "already there" if posting.adopted else str(posting.state)
    if posting.conflict is Conflict.SUPERSEDED:
        result = "superseded"
    if posting.reason is not None:
        result = f"{result}: {posting.reason.sentence}"
    return (
        file_name,
        bill.first_row,
        bill.kind,
        bill.number,
        posting.record_no,
        result,
        bill.total.labelled,
        bill.vendor_id,
        bill.vendor_name,
        ", ".join(bill.accounts),
        posting.control_id,
    )


def totals(amounts: Iterable[Money]) -> dict[str, Money]:
    """The exact sum of each currency, by currency code in alphabetical order."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, Money(0, amount.currency)) + amount
    return dict(sorted(sums.items()))


def totals_text(sums: Iterable[Money]) -> str:
    """``1,284.50 USD + 90 JPY``; ``none`` where there is nothing."""
    return " + ".join(amount.labelled for amount in sums) or "none"


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _cell(value: object) -> str:
    """One line, no cell or link of its own: text from outside cannot break out of the table."""
    text = " ".join(str(value).split())
    if len(text) > _MOST_CHARACTERS:
        text = text[: _MOST_CHARACTERS - 1] + "…"
    for mark in "\\|`*_[]<>":
        text = text.replace(mark, f"\\{mark}")
    return text
