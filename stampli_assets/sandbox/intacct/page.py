"""A page for people: the company's bills, adjustments and payments, its vendors and accounts, with what the AP team presses."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

MOST_BILLS = 200
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; color: #1b2733; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e3e8ee }
th { color: #5b6b7b; font-weight: 600 } td.amount { text-align: right; font-variant-numeric: tabular-nums }
button { font: inherit; padding: .1rem .7rem; border: 1px solid #1d6fb8; color: #1d6fb8; background: #fff }
.note { color: #5b6b7b } .inactive { color: #a33 }
"""


def page(books: dict[str, Any], company: str) -> str:
    """The whole page, without anything from elsewhere."""
    bills, adjustments, payments = (
        sorted(books[name], key=lambda one: int(one["RECORDNO"]), reverse=True)
        for name in ("bills", "adjustments", "payments")
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(company)} – Intacct sandbox</title>"
        f"<style>{_STYLE}</style><h1>{escape(company)}: the books of the Intacct sandbox</h1>"
        "<p class=note>A simulator on this machine. Nothing here reaches Sage.</p>"
        f"<h2>Bills ({len(bills)})</h2>{_documents(bills[:MOST_BILLS])}"
        f"<h2>Adjustments ({len(adjustments)})</h2>{_documents(adjustments[:MOST_BILLS])}"
        f"<h2>Payments ({len(payments)})</h2>{_payments(payments[:MOST_BILLS])}"
        f"<h2>Vendors</h2>{_masters(books['masters']['vendors'], 'vendors', 'VENDORID', 'NAME')}"
        f"<h2>GL accounts</h2>{_masters(books['masters']['accounts'], 'accounts', 'ACCOUNTNO', 'TITLE')}"
    )


def _documents(documents: Iterable[dict[str, Any]]) -> str:
    head = [
        "Record", "Vendor", "Name", "Number", "Date", "Total", "Due", "Currency", "Rate", "Tax", "Entity", "State", "GL accounts",
        "1099", "Image", "",
    ]  # fmt: skip
    rows = "".join(f"<tr>{_document(one)}" for one in documents)
    return f"<table><tr>{''.join(f'<th>{title}' for title in head)}{rows}</table>"


def _document(one: dict[str, Any]) -> str:
    taxes = [f"{tax['DETAILID']}: {tax['TRX_TAX']}" for line in one["lines"] for tax in line.get("taxes", [])]
    boxes = [line.get("FORM1099BOX") or "yes" for line in one["lines"] if line.get("FORM1099") == "true"]
    accounts = [line.get("ACCOUNTNO", "") for line in one["lines"]]
    before = [one[name] for name in ("RECORDNO", "VENDORID", "VENDORNAME", "RECORDID", "WHENCREATED")]
    after = [
        one["CURRENCY"],
        one.get("EXCHANGE_RATE", ""),
        *(", ".join(dict.fromkeys(taxes)), one["MEGAENTITYID"], one["STATE"]),
        *(", ".join(dict.fromkeys(accounts)), ", ".join(dict.fromkeys(boxes)), one.get("SUPDOCID", "")),
    ]
    cells = [f"<td>{escape(str(cell))}" for cell in before]
    cells += [f"<td class=amount>{escape(one[name])}" for name in ("TRX_TOTALENTERED", "TRX_TOTALDUE")]
    release = _button(f"/release/{one['RECORDNO']}", "Release") if one["STATE"] == "Draft" else ""
    return "".join([*cells, *(f"<td>{escape(str(cell))}" for cell in after), "<td>", release])


def _payments(payments: Iterable[dict[str, Any]]) -> str:
    head = ["Record", "Vendor", "Number", "Date", "Cash", "Currency", "Method", "From", "Settles", "State", ""]
    return f"<table><tr>{''.join(f'<th>{title}' for title in head)}{''.join(map(_payment, payments))}</table>"


def _payment(one: dict[str, Any]) -> str:
    settles = ", ".join(f"{detail['RECORDKEY']}: {detail['SETTLED']}" for detail in one["details"])
    cells = [one[name] for name in ("RECORDNO", "VENDORID", "DOCNUMBER", "WHENCREATED", "TRX_TOTALENTERED", "CURRENCY")]
    cells += [one["PAYMENTMETHOD"], one["FINANCIALENTITY"], settles, one["STATE"]]
    void = _button(f"/void/{one['RECORDNO']}", "Void") if one["STATE"] != "Voided" else ""
    return f"<tr>{''.join(f'<td>{escape(str(cell))}' for cell in cells)}<td>{void}"


def _button(action: str, label: str) -> str:
    return f"<form method=post action='{action}'><button>{label}</button></form>"


def _masters(rows: Iterable[dict[str, str]], name: str, key: str, title: str) -> str:
    def button(row: dict[str, str]) -> str:
        active = row.get("STATUS", "active") == "active"
        status, other = ("active", "inactive") if active else ("inactive", "active")
        label = "Deactivate" if active else "Activate"
        action = f"/masters/{name}/{quote(row[key], safe='')}"
        return (
            f"<td class={status}>{status}<td><form method=post action='{action}'>"
            f"<button name=STATUS value={other}>{label}</button></form>"
        )

    ordered = sorted(rows, key=lambda row: (row.get("STATUS", "active") == "active", row[key]))
    cells = "".join(f"<tr><td>{escape(row[key])}<td>{escape(row.get(title, ''))}{button(row)}" for row in ordered)
    return f"<table>{cells}</table>"
