"""A supplier invoice or credit memo as X3's window takes it (object BIS), in our words for its fields; or why it cannot be.

X3 keeps the amounts of a credit memo positive and says by its kind that they are owed to us (INVTYP 2 [T]; the sign is
[P]); Stampli's credits are negative. A source document number holds 20 characters [T]; a longer one is refused, never cut.
Descriptions hold 30 and are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from stampli_assets.model.documents import Bill, BillLine
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Reason
from stampli_assets.x3.api import Record
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.names import Names

LONGEST_NUMBER = 20
"""Characters of a source document number (BPRVCR) [T]."""
LONGEST_DESCRIPTION = 30
LONGEST_REFERENCE = 20
EXPORT_AGAIN = "and let it be exported again."


def record_of(bill: Bill, folder: Folder, names: Names[Any]) -> Record:
    """What is created for one bill or credit.

    Tax is sent as a code for each line, with the line's amounts before and after it; X3 computes it from the codes and
    compares (5.4 of the notes). A rate's day and kind go along where the bill says them; otherwise X3 takes its own.
    """
    signed = _signed(bill)
    record: dict[str, Any] = {
        "site": folder.site,
        "kind": names.credit_kind if bill.is_credit else names.invoice_kind,
        "supplier": bill.vendor_id,
        "accounting_date": bill.posting_date.isoformat(),
        "document_date": bill.invoice_date.isoformat(),
        "source_document": bill.number,
        "original": bill.original_number if len(bill.original_number) <= LONGEST_NUMBER else "",
        "currency": bill.currency,
        **_exchange(bill),
        "payment_term": bill.term,
        "reference": bill.po_number if len(bill.po_number) <= LONGEST_REFERENCE else "",
        "description": bill.description[:LONGEST_DESCRIPTION].strip(),
        "total": signed(bill.total),
    }
    if any(line.tax is not None for line in bill.lines):
        record["total_net"] = signed(Money(sum(line.amount.minor for line in bill.lines), bill.currency))
    return {**record, "lines": [_line(line, folder, names, signed) for line in bill.lines]}


def unfit(bill: Bill, folder: Folder, names: Names[Any]) -> Reason | None:
    """Why a bill cannot be sent as it is; nothing of it leaves."""
    return next(_faults(bill, folder, names), None)


def _faults(bill: Bill, folder: Folder, names: Names[Any]) -> Iterator[Reason]:
    if len(bill.number) > LONGEST_NUMBER:
        yield Reason(
            "NUMBER_TOO_LONG",
            f"{bill.number} has {len(bill.number)} characters; X3 keeps {LONGEST_NUMBER}, and it is never cut.",
            f"Shorten the invoice number in Stampli {EXPORT_AGAIN}",
        )
    if sum(line.amount.minor + (line.tax.minor if line.tax else 0) for line in bill.lines) != bill.total.minor:
        yield Reason(
            "TOTAL_DIFFERS",
            f"The lines of {bill.number} do not add up to {bill.total.labelled}.",
            f"Correct the invoice in Stampli {EXPORT_AGAIN}",
        )
    if bill.is_credit != (bill.total.minor < 0):
        said = "credit memo" if bill.is_credit else "invoice"
        yield Reason(
            "SIGN",
            f"{bill.number} is a {said} over {bill.total.labelled}; X3 takes neither a credit memo that we owe nor an "
            "invoice that is owed to us.",
            f"Correct its type or its amounts in Stampli {EXPORT_AGAIN}",
        )
    texts = (
        bill.number, bill.vendor_id, bill.po_number, bill.original_number, bill.description,
        *(line.memo for line in bill.lines),
    )  # fmt: skip
    if not all(map(writable, texts)):
        yield Reason(
            "CHARACTER",
            f"{bill.number} holds a character that cannot be sent to X3.",
            f"Remove control characters from its texts in Stampli {EXPORT_AGAIN}",
        )
    if bill.exchange is not None and bill.exchange.rate is not None and not names.create_invoice.fields["rate"]:
        yield Reason(
            "RATE_NOT_SENT",
            f"{bill.number} carries the exchange rate {bill.exchange.rate}, and the settings do not say where this X3 takes "
            "one: it would use its own.",
            "Name the property (names: {create_invoice: {fields: {rate: …}}}); or leave the rate out of the export, so that "
            "X3's own rate of the day holds.",
        )
    yield from _without_type(bill, folder)


def _without_type(bill: Bill, folder: Folder) -> Iterator[Reason]:
    for line in bill.lines:
        for dimension, code in line.dimensions:
            if dimension not in folder.dimension_types:
                yield Reason(
                    "DIMENSION_TYPE",
                    f"Line {line.number} of {bill.number} is coded to {dimension} {code}, and no dimension type of X3 "
                    f"is set for {dimension}.",
                    f"Name it in the connection's settings (erp.dimension_types: {{{dimension}: …}}).",
                )


def _signed(bill: Bill) -> Callable[[Money], str]:
    """An amount as X3 writes it: a credit's are turned round."""
    return (lambda amount: str(-amount)) if bill.is_credit else str


def _exchange(bill: Bill) -> Record:
    exchange = bill.exchange
    if exchange is None:
        return {}
    return {
        "rate_type": exchange.type,
        "rate_date": exchange.day.isoformat() if exchange.day is not None else "",
        "rate": format(exchange.rate, "f") if exchange.rate is not None else "",
    }


def _line(line: BillLine, folder: Folder, names: Names[Any], signed: Callable[[Money], str]) -> Record:
    record: dict[str, Any] = {
        "line_site": folder.site,
        "line_account": line.account,
        "line_description": line.memo[:LONGEST_DESCRIPTION].strip(),
        "line_amount": signed(line.amount),
    }
    if line.tax is not None:
        record["line_total"] = signed(line.amount + line.tax)
    analytical = _analytical(line, folder, names, signed(line.amount))
    return {**record, "line_tax": line.tax_code or folder.tax_code, "line_analytical": analytical}


def _analytical(line: BillLine, folder: Folder, names: Names[Any], amount: str) -> list[Record]:
    """The whole line, before tax, under each of its dimensions, in the order of their types."""
    coded = sorted((folder.dimension_types[dimension], code) for dimension, code in line.dimensions)
    if not coded:
        return []
    if names.analytical == "together":
        types, codes = ([pair[part] for pair in coded] for part in (0, 1))
        return [{"analytical_type": types, "analytical_code": codes, "analytical_amount": amount}]
    return [{"analytical_type": of, "analytical_code": code, "analytical_amount": amount} for of, code in coded]


def writable(text: str) -> bool:
    """No control characters and no halves of a character: X3's database refuses them after the fact."""
    return not any(
        (character < " " and character not in "\t\r\n") or "\ud800" <= character <= "\udfff" for character in text
    )
