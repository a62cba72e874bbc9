"""The one who keeps the books for both APIs: creates, and changes with a check of the version."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from stampli_assets.sandbox.x3.books import X3Books
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Refusal
from stampli_assets.sandbox.x3.fields import Entity
from stampli_assets.sandbox.x3.inputs import Reader
from stampli_assets.sandbox.x3.invoices import InvoiceDesk
from stampli_assets.sandbox.x3.payments import check_payment
from stampli_assets.sandbox.x3.suppliers import check_supplier


class Stale(Exception):
    """The record changed since its ``$etag`` was read."""


def create(
    books: X3Books, entity: Entity, given: dict[str, Any], reader: Reader, *, late: str = ""
) -> tuple[dict[str, Any], list[Diagnosis]]:
    """Keep a new supplier, supplier invoice or payment, given by X3 codes; the record and the warnings.

    ``late`` is when it can be read. Raises :class:`Refusal`. Operations rest on X3's windows, so the standard business
    rules run, whichever API was used (reference 2 [D]).
    """
    read = reader.read(entity, given)
    if reader.found:
        raise Refusal(*reader.found, code="validation-error")
    if entity.rows == "suppliers":
        row = check_supplier(books, read)
        row = {**row, "visible_at": late}
        books.write({"kind": "master", "list": "suppliers", "id": row["BPSNUM"], "fields": row})
        return row, []
    if entity.rows == "payments":
        payment = {**check_payment(books, read), "visible_at": late}
        books.write({"kind": "payment", "record": payment})
        return payment, []
    record, warnings = InvoiceDesk(books, read).check()
    record = {**record, "visible_at": late}
    books.write({"kind": "supplier invoice", "record": record})
    return record, warnings


def change(books: X3Books, entity: Entity, key: str, given: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """Change fields of a record when ``$etag`` is the present one (reference 3 [D partly]); the record after it.

    Raises:
        Stale: the ``$etag`` is another, or none was given.
        Refusal: the fields are wrong, or a posted invoice's amounts were to be changed.
    """
    kept = {"suppliers": books.masters["suppliers"], "payments": books.payments}.get(
        entity.rows, books.supplier_invoices
    )
    row = kept[key]
    if given.get("$etag") != etag(row):
        raise Stale
    read = reader.read(entity, given)
    if entity.rows != "suppliers":
        fixed = sorted(set(read) - {"DES", "REFINT"})
        reader.found += [Diagnosis(f"{code}: what is posted keeps its {code}.", (code,)) for code in fixed]
    if reader.found:
        raise Refusal(*reader.found, code="validation-error")
    if entity.rows == "suppliers":
        books.write({"kind": "master", "list": "suppliers", "id": key, "fields": {**read, "BPSNUM": key}})
        return books.masters["suppliers"][key]
    books.write({"kind": entity.rows.removesuffix("s").replace("_", " "), "record": {**row, **read}})
    return kept[key]


def etag(row: dict[str, Any]) -> str:
    """The version of a record."""
    return hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:20]
