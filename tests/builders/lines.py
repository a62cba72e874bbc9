"""Builders of approved lines and of the ERP's masters."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd
from builders.exports import as_csv

from stampli_assets.model.frames import DIMENSIONS, GL_ACCOUNTS, VENDORS, conform
from stampli_assets.pipeline.parse import parse
from stampli_assets.stampli.layout import Layout


def make_lines(*invoices: list[dict[str, str]]) -> pd.DataFrame:
    """The approved lines of invoices made by :func:`builders.exports.invoice`; none may be rejected."""
    parsed = parse(io.BytesIO(as_csv([row for rows in invoices for row in rows])), name="invoices.csv", layout=Layout())
    assert parsed.rejects.empty, parsed.rejects["sentence"].tolist()
    return parsed.lines


def make_reference(
    *,
    vendors: Mapping[str, str] | None = None,
    inactive: tuple[str, ...] = (),
    accounts: Mapping[str, str] | None = None,
    dimensions: tuple[tuple[str, str], ...] = (),
    currencies: Mapping[str, str] | None = None,
    limits: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, pd.DataFrame]:
    """Masters by id → name and account → required dimensions; ``inactive`` names ids, accounts or codes.

    ``limits`` gives accounts or codes their days, sites and forbidden accounts: ``{"300": {"valid_to": "2026-09-30"}}``.
    """
    vendors = vendors or {"V-10021": "Old Mill Printing", "000317": "Harbor Steel"}
    accounts = accounts or {"62200": "department", "64500": "", "04010": ""}
    codes = (
        *dimensions,
        ("department", "200"),
        ("department", "300"),
        ("location", "110"),
        ("project", "P-1"),
        ("term", "Net 30"),
    )

    def status(key: str) -> str:
        return "inactive" if key in inactive else "active"

    def limited(key: str, *columns: str) -> dict[str, str]:
        return {column: (limits or {}).get(key, {}).get(column, "") for column in ("valid_from", "valid_to", *columns)}

    return {
        "vendors": conform(
            pd.DataFrame(
                [
                    {
                        "vendor_id": vendor,
                        "name": name,
                        "status": status(vendor),
                        "tax_id": "",
                        "currency": (currencies or {}).get(vendor, ""),
                        "term": "",
                    }
                    for vendor, name in vendors.items()
                ]
            ),
            VENDORS,
        ),
        "gl_accounts": conform(
            pd.DataFrame(
                [
                    {
                        "account": account,
                        "title": f"Account {account}",
                        "status": status(account),
                        "required_dimensions": needs,
                        **limited(account, "sites"),
                    }
                    for account, needs in accounts.items()
                ]
            ),
            GL_ACCOUNTS,
        ),
        "dimensions": conform(
            pd.DataFrame(
                [
                    {
                        "dimension": dimension,
                        "code": code,
                        "name": f"{dimension} {code}",
                        "status": status(code),
                        **limited(code, "sites", "forbidden_accounts"),
                    }
                    for dimension, code in codes
                ]
            ),
            DIMENSIONS,
        ),
    }
