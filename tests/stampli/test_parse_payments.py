"""Payment files: what is read of them, what is one payment, and that any batch reads back as it was written."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from datetime import date

import pytest
from hostile.kinds import PAID, payment, sheet, with_cells
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stampli_assets.model.errors import FileRefused
from stampli_assets.model.export_frames import PAID_INVOICES, PAYMENT_METHODS, PAYMENT_STATUSES
from stampli_assets.model.money import Money
from stampli_assets.pipeline.parse_payments import ParsedPayments, parse_payments
from stampli_assets.sandbox.exports import export_payments_csv
from stampli_assets.sandbox.firm import Firm
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.payments import payments
from stampli_assets.stampli.contracts import PAYMENTS
from stampli_assets.stampli.layout_settings import PaymentLayout

TODAY = date(2026, 11, 21)
VOIDED = {"Payment_Status": "VOIDED", "Void_Date": "2026-11-21"}


def read(content: bytes, **layout) -> ParsedPayments:
    return parse_payments(io.BytesIO(content), name="payments.csv", layout=PaymentLayout(**layout).layout())


def print_of(*rows: dict[str, str]) -> str:
    (told,) = set(read(sheet(*rows)).lines["fingerprint"])
    return told


def test_paid_invoices_come_out_with_exact_amounts_and_text_identifiers():
    parsed = read(sheet(*payment("A", "60.10", "-40.00", Payment_Number="004455", Vendor_ID="000317")))
    lines = parsed.lines
    PAID_INVOICES.validate(lines)
    assert list(lines["applied_amount"]) == [6010, -4000]
    assert set(lines["payment_total"]) == {2010}
    assert list(lines[["payment_number", "vendor_id", "bank_account_id"]].iloc[0]) == ["004455", "000317", "OPERATING"]
    assert list(zip(lines["payment"], lines["row"], lines["line"], strict=True)) == [(1, 1, 2), (1, 2, 3)]
    assert (parsed.payments, parsed.rejected_payments, parsed.notes) == (1, 0, ())
    assert parsed.totals == {"USD": Money(2010, "USD")}


@pytest.mark.parametrize("status", PAYMENT_STATUSES)
def test_every_status_is_kept_as_it_is(status):
    rows = payment("A", "1.00", Payment_Status=status, Void_Date="2026-11-21" if status == "VOIDED" else "")
    assert list(read(sheet(*rows)).lines["payment_status"]) == [status]


def test_only_cash_that_moved_counts_and_a_void_takes_it_back():
    parsed = read(
        sheet(
            *payment("A", "10.00"),
            *payment("B", "5.00", Payment_Status="CLEARED"),
            *payment("C", "3.00", **VOIDED),
            *payment("D", "99.00", Payment_Status="SCHEDULED"),
            *payment("E", "7.00", Payment_Status="FAILED", Currency="EUR"),
        )
    )
    assert parsed.payments == 5
    assert {currency: str(total) for currency, total in parsed.totals.items()} == {"USD": "12.00"}


def test_an_id_may_come_once_as_paid_and_once_as_voided():
    parsed = read(sheet(*payment("A", "1.00", "2.00"), *payment("A", "1.00", "2.00", **VOIDED)))
    assert list(parsed.lines["payment"]) == [1, 1, 2, 2]
    assert parsed.lines["fingerprint"].nunique() == 2


def test_an_id_that_comes_twice_as_paid_is_rejected_whole():
    parsed = read(sheet(*payment("A", "1.00"), *payment("A", "1.00"), *payment("B", "1.00")))
    assert list(parsed.lines["stampli_payment_id"]) == ["SP-B"]
    assert parsed.rejected_payments == 1


def test_rows_without_an_id_are_payments_of_their_own():
    parsed = read(sheet(*(with_cells(PAID, Stampli_Payment_ID="", Memo=memo) for memo in "ab")))
    assert list(parsed.rejects["rule"]) == ["MISSING", "MISSING"]
    assert parsed.rejected_payments == 2


def test_a_reject_names_row_line_column_value_and_rule():
    parsed = read(sheet(*payment("GOOD", "1.00"), with_cells(PAID, Memo="two\nlines", Payment_Method="BARTER")))
    (fault,) = parsed.rejects.to_dict("records")
    assert fault == {
        "document": "SP-1",
        "row": 2,
        "line": 3,
        "column": "Payment Method",
        "value": "BARTER",
        "rule": "WORD_UNKNOWN",
        "sentence": "Row 2 (line 3), column 'Payment Method': 'BARTER' is none of ACH, CARD, CHECK, INTERNATIONAL, MANUAL, "
        "WIRE.",
    }


@pytest.mark.parametrize(
    "cells",
    [
        {"Payment_Status": "CLEARED", "Cleared_Date": "2026-11-21"},
        {"Vendor_Name": "Renamed"},
        {"Memo": "another"},
        {"Bank_Reference": "R-1"},
        {"Payment_Batch_ID": "PB-2"},
        {"Invoice_Number": "as the vendor printed it"},
    ],
)
def test_what_is_no_change_of_business_leaves_the_fingerprint(cells):
    assert print_of(with_cells(PAID, **cells)) == print_of(PAID)


@pytest.mark.parametrize(
    "cells",
    [
        {"Payment_Date": "2026-11-21"},
        {"Payment_Number": "104456"},
        {"Payment_Method": "ACH"},
        {"Bank_Account_ID": "PAYROLL"},
        {"Vendor_ID": "V-2"},
        {"Entity_ID": "200"},
        {"Currency": "EUR"},
        {"Stampli_Invoice_ID": "ST-2"},
        {"Applied_Amount": "119.00", "Payment_Total": "119.00"},
        {"Discount_Amount": "1.00"},
        VOIDED,
    ],
)
def test_what_changes_business_changes_the_fingerprint(cells):
    assert print_of(with_cells(PAID, **cells)) != print_of(PAID)


def test_the_order_of_rows_leaves_the_fingerprint():
    rows = payment("A", "1.00", "2.00", "3.00")
    assert print_of(*rows) == print_of(*reversed(rows))


def test_a_header_without_rows_is_accepted_and_noted():
    parsed = read(",".join(PAID).encode() + b"\r\n")
    assert (parsed.payments, parsed.notes) == (0, ("The file has a header and no payments.",))


def test_the_sandboxs_payments_are_read_and_settle_its_invoices():
    bills = invoices(Firm(), 60, today=TODAY)
    parsed = read(export_payments_csv(payments(bills, paid_on=TODAY)))
    assert parsed.rejects.empty
    assert sorted(parsed.lines["stampli_invoice_id"]) == sorted(bill.stampli_id for bill in bills)
    assert 30 < parsed.payments < 60
    assert parsed.totals["USD"].minor == sum(bill.cents for bill in bills)
    assert payments(bills, paid_on=TODAY) == payments(bills, paid_on=TODAY)


@dataclass(frozen=True)
class Applied:
    minor: int
    discount: int


@dataclass(frozen=True)
class Paid:
    day: date
    method: str
    status: str
    currency: str
    memo: str
    applied: tuple[Applied, ...]

    @property
    def total(self) -> int:
        return sum(one.minor for one in self.applied)


amounts = st.integers(min_value=-(10**9), max_value=10**12)
memos = st.text("abc äöü,;\"'", max_size=10).filter(lambda text: not text.lstrip(" ").startswith(('"', "'")))
batches = st.lists(
    st.builds(
        Paid,
        st.dates(date(1990, 1, 1), date(2100, 12, 31)),
        st.sampled_from(PAYMENT_METHODS),
        st.sampled_from(PAYMENT_STATUSES),
        st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
        memos,
        st.lists(st.builds(Applied, amounts, st.integers(0, 10**6)), min_size=1, max_size=4).map(tuple),
    ).filter(lambda one: one.total >= 0),
    min_size=1,
    max_size=5,
)
layouts = st.fixed_dictionaries(
    {
        "encoding": st.sampled_from(["utf-8", "utf-16", "cp1252"]),
        "delimiter": st.sampled_from([",", ";", "\t", "|"]),
        "quote": st.sampled_from(['"', "'"]),
        "number_style": st.sampled_from(["plain", "us", "eu"]),
        "date_format": st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%Y%m%d", "%d-%b-%Y"]),
        "compression": st.sampled_from(["refuse", "accept"]),
        "columns": st.sampled_from([{}, {"applied_amount": ["Betrag"], "payment_status": {"map": {"ok": "PAID"},
                                                                                          "on_missing": "keep"}}]),
    }
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(batches, layouts, st.randoms(use_true_random=False))
def test_any_valid_batch_reads_back_equal_in_any_declared_layout(batch, layout, chance):
    rows = [row for place, one in enumerate(batch) for row in written(place, one, layout)]
    chance.shuffle(rows)
    parsed = read(packed(rows, layout), **layout)
    assert parsed.rejects.empty, list(parsed.rejects["sentence"])
    names = ["stampli_payment_id", "payment_date", "payment_method", "payment_status", "currency", "memo",
             "payment_total", "stampli_invoice_id", "applied_amount", "discount_amount"]  # fmt: skip
    got = {tuple(row) for row in parsed.lines[names].itertuples(index=False)}
    assert got == {
        (f"SP-{place}", one.day.isoformat(), one.method, one.status, one.currency, one.memo.strip(), one.total,
         f"ST-{place}-{line}", applied.minor, applied.discount)
        for place, one in enumerate(batch)
        for line, applied in enumerate(one.applied)
    }  # fmt: skip
    cash: dict[str, int] = {}
    for one in batch:
        if sign := {"PAID": 1, "CLEARED": 1, "VOIDED": -1}.get(one.status):
            cash[one.currency] = cash.get(one.currency, 0) + sign * one.total
    assert {currency: total.minor for currency, total in parsed.totals.items()} == cash


@settings(max_examples=60, deadline=None)
@given(batches, layouts, st.integers(0, 9999), st.integers(0, 255))
def test_a_damaged_byte_is_refused_rejected_or_read_and_never_crashes(batch, layout, place, byte):
    content = bytearray(packed([row for at, one in enumerate(batch) for row in written(at, one, layout)], layout))
    content[place % len(content)] = byte
    try:
        lines = read(bytes(content), **layout).lines
    except FileRefused:
        return
    sums = lines["applied_amount"].groupby(lines["payment"]).sum()
    assert list(sums) == list(lines.drop_duplicates("payment")["payment_total"])


def written(place: int, one: Paid, layout: dict) -> list[dict[str, str]]:
    day = one.day.strftime(layout["date_format"])
    status = "ok" if one.status == "PAID" and layout["columns"] else one.status
    head = {
        **PAID,
        "Stampli Payment ID": f"SP-{place}",
        "Payment Number": str(place),
        "Payment Date": day,
        "Payment Method": one.method,
        "Payment Status": status,
        "Currency": one.currency,
        "Memo": one.memo,
        "Payment Total": amount(one.total, one.currency, layout),
        "Void Date": day if one.status == "VOIDED" else "",
    }
    return [
        {
            **head,
            "Stampli Invoice ID": f"ST-{place}-{line}",
            "Invoice Number": f"{place}-{line}",
            "Applied Amount": amount(applied.minor, one.currency, layout),
            "Discount Amount": amount(applied.discount, one.currency, layout),
        }
        for line, applied in enumerate(one.applied)
    ]


def amount(minor: int, currency: str, layout: dict) -> str:
    text = str(Money(minor, currency))
    if layout["number_style"] == "plain":
        return text
    whole, point, fraction = text.partition(".")
    grouped = f"{int(whole):,}" if whole != "-0" else "-0"
    if layout["number_style"] == "us":
        return f"{grouped}{point}{fraction}"
    return grouped.replace(",", ".") + point.replace(".", ",") + fraction


def packed(rows: list[dict[str, str]], layout: dict) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=layout["delimiter"], quotechar=layout["quote"])
    titles = list(PAID)
    writer.writerow(["Betrag" if layout["columns"] and title == "Applied Amount" else title for title in titles])
    writer.writerows([row[title] for title in titles] for row in rows)
    content = out.getvalue().encode(layout["encoding"])
    return gzip.compress(content) if layout["compression"] == "accept" else content


def test_every_column_of_the_contract_reaches_the_frame():
    assert {column.name for column in PAYMENTS.columns} <= set(PAID_INVOICES.columns)
