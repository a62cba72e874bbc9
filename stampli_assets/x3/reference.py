"""X3's master records, read page by page with only the fields that the mapping needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import pandas as pd
import pandera.pandas as pa

from stampli_assets.model.documents import Dimension
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.frames import DIMENSIONS, GL_ACCOUNTS, VENDORS, conform, empty
from stampli_assets.x3.api import SUPPLIER_FIELDS, Api, Row, status
from stampli_assets.x3.door import Door
from stampli_assets.x3.exact import text_of
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.names import GRAPHQL, REST, Names, Node, RestClass
from stampli_assets.x3.rest import RestApi

TERM = "term"
WHEN_AND_WHERE = ("valid_from", "valid_to", "sites")
"""Fields that limit an account or a dimension."""
EARLIEST = 1900
"""An earlier year is how a database writes "no date" [P]."""


class X3Reference:
    """Implements the port :class:`~stampli_assets.model.ports.ReferenceBooks` over either API of X3.

    All methods raise ``Transient`` when X3 does not answer usefully, ``Misconfigured`` when it does not let us read.
    """

    def __init__(self, api: Api, folder: Folder) -> None:
        self._api = api
        self._folder = folder

    def vendors(self) -> pd.DataFrame:
        """Every supplier, active or not, as ``VENDORS``; the tax id is the VAT number, else the registration number."""
        return _frame(
            [
                {
                    "vendor_id": text_of(row.get("number")),
                    "name": text_of(row.get("name")),
                    "status": status(row),
                    "tax_id": text_of(row.get("vat_number")) or text_of(row.get("registration_number")),
                    "currency": text_of(row.get("currency")),
                    "term": text_of(row.get("payment_term")),
                }
                for row in self._api.rows("find_supplier", SUPPLIER_FIELDS, {})
            ],
            VENDORS,
        )

    def gl_accounts(self) -> pd.DataFrame:
        """Every account of the connection's chart, when and where it is open, and the dimensions that it requires.

        A required type that is none of the connection's ``dimension_types`` is not listed: X3 refuses such a line and says
        which type it wants.
        """
        ours = {code: dimension for dimension, code in self._folder.dimension_types.items()}
        chart = self._folder.chart
        rows = self._api.rows(
            "accounts",
            ("code", "name", "active", "required_types", *WHEN_AND_WHERE),
            {"chart": {chart}} if chart else {},
        )
        return _frame(
            [
                {
                    "account": text_of(row.get("code")),
                    "title": text_of(row.get("name")),
                    "status": status(row),
                    "required_dimensions": ",".join(ours[of] for of in _texts(row.get("required_types")) if of in ours),
                    **_limits("accounts", row),
                }
                for row in rows
            ],
            GL_ACCOUNTS,
        )

    def dimensions(self) -> pd.DataFrame:
        """Every code of the connection's dimension types, and the payment terms, as ``DIMENSIONS``.

        ``forbidden_accounts`` come from the restriction table, where the settings name it (``names.restrictions``).
        """
        ours: Mapping[str, Dimension] = {code: of for of, code in self._folder.dimension_types.items()}
        among: dict[str, Collection[str]] = {"type": set(ours)}
        forbidden: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in self._api.rows("restrictions", ("account", "type", "code"), among) if ours else ():
            forbidden[_key(row)].add(text_of(row.get("account")))
        rows = self._api.rows("dimensions", ("type", "code", "name", "active", *WHEN_AND_WHERE), among) if ours else ()
        found = [
            {
                **_code(str(ours[text_of(row.get("type"))]), row),
                **_limits("dimensions", row),
                "forbidden_accounts": ",".join(sorted(forbidden.get(_key(row), ()))),
            }
            for row in rows
            if text_of(row.get("type")) in ours
        ]
        terms = self._api.rows("payment_terms", ("code", "name", "active"), {})
        unlimited = dict.fromkeys((*WHEN_AND_WHERE, "forbidden_accounts"), "")
        return _frame([*found, *({**_code(TERM, row), **unlimited} for row in terms)], DIMENSIONS)


class X3GraphQLReference(X3Reference):
    """Master records over GraphQL."""

    def __init__(self, door: Door, folder: Folder, names: Names[Node] = GRAPHQL) -> None:
        super().__init__(GraphQLApi(door, folder, names), folder)


class X3RestReference(X3Reference):
    """Master records over REST api1."""

    def __init__(self, door: Door, folder: Folder, names: Names[RestClass] = REST) -> None:
        super().__init__(RestApi(door, folder, names), folder)


def _code(dimension: str, row: Row) -> dict[str, str]:
    code, name = text_of(row.get("code")), text_of(row.get("name"))
    return {"dimension": dimension, "code": code, "name": name, "status": status(row)}


def _key(row: Row) -> tuple[str, str]:
    return text_of(row.get("type")), text_of(row.get("code"))


def _limits(place: str, row: Row) -> dict[str, str]:
    """When and where a record can be used; a folder whose names leave a field out has no such limit."""
    return {
        "valid_from": _day(place, "valid_from", row),
        "valid_to": _day(place, "valid_to", row),
        "sites": ",".join(dict.fromkeys(_texts(row.get("sites")))),
    }


def _day(place: str, field: str, row: Row) -> str:
    """A date as ISO text, empty for none."""
    text = text_of(row.get(field))
    if not text.strip("0-/[] "):
        return ""
    try:
        day = date.fromisoformat(text[:10])
    except ValueError:
        raise Misconfigured(
            f"X3 answers {text!r} as {field} of {text_of(row.get('code'))} ({place}), which is no date.",
            remedy=f"Name the property that holds it: names: {{{place}: {{fields: {{{field}: …}}}}}}; empty: none is read.",
            code="NAMES",
        ) from None
    return day.isoformat() if day.year >= EARLIEST else ""


def _texts(value: object) -> list[str]:
    """Dimension types of an account, sites of a record: a list, or one."""
    listed = value if isinstance(value, list) else [value]
    return [text for text in map(text_of, listed) if text]


def _frame(rows: Sequence[Mapping[str, str]], schema: pa.DataFrameSchema) -> pd.DataFrame:
    return conform(pd.DataFrame(rows), schema) if rows else empty(schema)
