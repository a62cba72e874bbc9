"""A page for people: the folder's supplier invoices, its suppliers and accounts with a button, what happened to tokens."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

MOST_INVOICES = 200
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; color: #1b2733; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e3e8ee }
th { color: #5b6b7b; font-weight: 600 } td.amount { text-align: right; font-variant-numeric: tabular-nums }
button { font: inherit; padding: .1rem .7rem; border: 1px solid #1d6fb8; color: #1d6fb8; background: #fff }
.note { color: #5b6b7b } .inactive { color: #a33 }
"""
_HEAD = ("Number", "Supplier", "Source document", "Accounting date", "Without tax", "With tax", "Currency", "Accounts")


def page(books: dict[str, Any], folder: str) -> str:
    """The whole page, without anything from elsewhere."""
    invoices = sorted(books["supplier_invoices"], key=lambda invoice: int(invoice["NUMINT"]), reverse=True)
    masters = books["masters"]
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(folder)} – Sage X3 sandbox</title>"
        f"<style>{_STYLE}</style><h1>{escape(folder)}: the books of the Sage X3 sandbox</h1>"
        "<p class=note>A simulator on this machine. Nothing here reaches Sage.</p>"
        f"<h2>Supplier invoices ({len(invoices)})</h2>{_invoices(invoices[:MOST_INVOICES])}"
        f"<h2>Suppliers</h2>{_masters(masters['suppliers'], 'suppliers', ('BPSNUM',), 'BPSNAM')}"
        f"<h2>GL accounts</h2>{_masters(masters['accounts'], 'accounts', ('ACC',), 'DES')}"
        f"<h2>Dimensions</h2>{_masters(masters['dimensions'], 'dimensions', ('DIE', 'CCE'), 'DES')}"
        f"<h2>Security events ({len(books['security'])})</h2>{_events(books['security'])}"
    )


def _invoices(invoices: Iterable[dict[str, Any]]) -> str:
    rows = "".join(
        "<tr>"
        + "".join(f"<td>{escape(str(invoice[code]))}" for code in ("NUM", "BPR", "BPRVCR", "ACCDAT"))
        + "".join(f"<td class=amount>{escape(invoice[code])}" for code in ("AMTNOT", "AMTATI"))
        + f"<td>{escape(invoice['CUR'])}"
        + f"<td>{escape(', '.join(dict.fromkeys(line.get('ACC', '') for line in invoice['BPSINVLIG'])))}"
        for invoice in invoices
    )
    return f"<table><tr>{''.join(f'<th>{title}' for title in _HEAD)}{rows}</table>"


def _masters(rows: Iterable[dict[str, Any]], name: str, key: tuple[str, ...], title: str) -> str:
    def is_active(row: dict[str, Any]) -> bool:
        return int(row.get("ENAFLG", 2)) == 2

    def button(row: dict[str, Any]) -> str:
        active = is_active(row)
        action = f"/masters/{name}/{quote('~'.join(str(row[code]) for code in key), safe='~')}"
        label, other = ("Deactivate", 1) if active else ("Activate", 2)
        status = "active" if active else "inactive"
        return (
            f"<td class={status}>{status}<td><form method=post action='{action}'>"
            f"<button name=ENAFLG value={other}>{label}</button></form>"
        )

    ordered = sorted(rows, key=lambda row: (is_active(row), [str(row[code]) for code in key]))
    cells = "".join(
        f"<tr><td>{escape(' '.join(str(row[code]) for code in key))}<td>{escape(str(row.get(title, '')))}{button(row)}"
        for row in ordered
    )
    return f"<table>{cells}</table>"


def _events(events: Iterable[dict[str, Any]]) -> str:
    cells = "".join(
        f"<tr><td>{escape(event['at'])}<td>{escape(event['event'])}<td>{escape(event['customer'])}" for event in events
    )
    return f"<table>{cells}</table>"
