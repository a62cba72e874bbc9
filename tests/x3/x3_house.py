"""Builders around the X3 simulators: a small folder, and clients of both APIs signed in to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from builders.bills import make_bill
from builders.clock import FakeClock

from stampli_assets.model.documents import Bill, BillLine, Dimension
from stampli_assets.model.identity import ControlId
from stampli_assets.model.money import Money
from stampli_assets.model.secret import Secret
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator
from stampli_assets.x3.bills import X3Bills, X3GraphQLBills, X3RestBills
from stampli_assets.x3.door import Door
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.graphql import GraphQLApi
from stampli_assets.x3.names import GRAPHQL, REST
from stampli_assets.x3.rest import RestApi
from stampli_assets.x3.sign_in import Basic, ConnectedApplication

APIS = ("graphql", "rest")
REDIRECT = "http://127.0.0.1:1/callback"
TYPES = {Dimension.DEPARTMENT: "CCT", Dimension.LOCATION: "LOC", Dimension.PROJECT: "PRJ"}


def make_masters(**given: Any) -> dict[str, Any]:
    """Suppliers S001 and S002 (inactive), an account that demands a cost centre, three dimension types, two sites."""
    supplier = {"BSGCOD": "US", "CUR": "USD", "PTE": "NET30", "VACBPR": "USA", "CRY": "US", "ACCCOD": "LOCAL"}
    masters: dict[str, Any] = {
        "endpoint": "SEED",
        "users": {"ws_user": "user-secret"},
        "connected_apps": {"app-1": {"secret": "app-secret", "users": ["api_user"]}},
        "oauth_clients": {"client-1": {"secret": "client-secret", "redirect_uris": [REDIRECT]}},
        "suppliers": [
            {**supplier, "BPSNUM": "S001", "BPSNAM": "Old Mill Printing", "CRN": "12-3456789", "ENAFLG": 2},
            {**supplier, "BPSNUM": "S002", "BPSNAM": "Harbor Steel", "CRN": "12-3456780", "ENAFLG": 1},
            {**supplier, "BPSNUM": "S003", "BPSNAM": "Imprimerie d'Or", "EECNUM": "FR 123.456.789", "CRY": "FR"},
        ],
        "accounts": [
            {"ACC": "62200", "COA": "USA", "DES": "Office", "DIE": ["CCT"]},
            {"ACC": "64500", "COA": "USA", "DES": "Fees"},
            {"ACC": "68900", "COA": "USA", "DES": "Old travel", "ENAFLG": 1},
            {"ACC": "69100", "COA": "USA", "DES": "Plant only", "FCY": ["F02"]},
            {"ACC": "70000", "COA": "FRA", "DES": "Ventes"},
        ],
        "dimension_types": [{"DIE": "CCT"}, {"DIE": "LOC"}, {"DIE": "PRJ"}, {"DIE": "ZZZ"}],
        "dimensions": [
            {"DIE": "CCT", "CCE": "200", "DES": "Operations"},
            {"DIE": "CCT", "CCE": "300", "DES": "Sales", "ENAFLG": 1},
            {"DIE": "CCT", "CCE": "400", "DES": "Engineering", "VLYEND": "2026-09-30"},
            {"DIE": "LOC", "CCE": "110", "DES": "Plant"},
            {"DIE": "ZZZ", "CCE": "9", "DES": "Of a type that we do not use"},
        ],
        "restrictions": [{"ACC": "64500", "DIE": "LOC", "CCE": "110"}],
        "sites": [{"FCY": "F01", "CPY": "ACME"}, {"FCY": "F02", "CPY": "ACME"}],
        "tax_codes": [{"VAT": "NT", "RATE": "0"}, {"VAT": "T8", "RATE": "8"}],
        "tax_rules": [{"VAC": "USA"}],
        "payment_terms": [{"PTE": "NET30", "DES": "Net 30"}, {"PTE": "NET60", "DES": "Net 60", "ENAFLG": 1}],
        "currencies": [
            {"CUR": "USD"}, {"CUR": "EUR"}, {"CUR": "JPY", "DECNBR": 0}, {"CUR": "KWD", "DECNBR": 3}, {"CUR": "GBP"},
        ],
        "exchange_rates": [
            {"CUR": "EUR", "CURTYP": 1, "RATDAT": "2026-11-01", "RATE": "1.0842"},
            {"CUR": "EUR", "CURTYP": 1, "RATDAT": "2026-11-04", "RATE": "1.1"},
            {"CUR": "EUR", "CURTYP": 2, "RATDAT": "2026-11-01", "RATE": "1.05"},
            {"CUR": "JPY", "CURTYP": 1, "RATDAT": "2026-01-01", "RATE": "0.006612"},
            {"CUR": "KWD", "CURTYP": 1, "RATDAT": "2026-01-01", "RATE": "3.2541"},
        ],
        "banks": [{"BAN": "CHKOP"}, {"BAN": "OLD", "ENAFLG": 1}],
        "payment_types": [{"PAYTYP": "EFT"}],
        "countries": [
            {"CRY": "US", "POSCODFMT": r"\d{5}(-\d{4})?"}, {"CRY": "FR", "POSCODFMT": r"\d{5}"},
            {"CRY": "DE", "POSCODFMT": r"\d{5}"},
        ],
        "categories": [{"BSGCOD": "US"}],
        "periods": [
            {"PER": "2026-09", "STRDAT": "2026-09-01", "ENDDAT": "2026-09-30", "STA": 3},
            {"PER": "2026-11", "STRDAT": "2026-11-01", "ENDDAT": "2026-11-30", "STA": 2},
        ],
    }  # fmt: skip
    return {**masters, **given}


def make_simulator(api: str, *, clock: FakeClock | None = None, **given: Any) -> Any:
    """The simulator of an API, by the test's clock."""
    masters = given.pop("masters", None) or make_masters()
    kind = X3GraphQLSimulator if api == "graphql" else X3RestSimulator
    return kind(masters, now=(clock or FakeClock()).now, **given)


def make_folder(base_url: str, **given: Any) -> Folder:
    values: dict[str, Any] = {
        "base_url": base_url,
        "endpoint": "SEED",
        "site": "F01",
        "dimension_types": TYPES,
        "tax_code": "NT",
        "plain_http": True,
        "connect_seconds": 2,
        "reply_seconds": 5,
        "backoff_deadline_seconds": 30,
    }
    return Folder(**{**values, **given})


def make_door(base_url: str, clock: FakeClock | None = None, *, sign_in: Any = None, **given: Any) -> Door:
    """A door by HTTP Basic, which both simulators take."""
    folder = make_folder(base_url, **given)
    return Door(folder, sign_in or Basic(folder, "ws_user", Secret("user-secret")), clock or FakeClock(), lambda: 0.5)


def make_application(folder: Folder, clock: FakeClock, **given: Any) -> ConnectedApplication:
    values: dict[str, Any] = {"client_id": "app-1", "user": "api_user", "secret": Secret("app-secret")}
    return ConnectedApplication(folder, clock, **{**values, **given})


def make_api(api: str, door: Door, **names: Any) -> Any:
    if api == "graphql":
        return GraphQLApi(door, door.folder, GRAPHQL.overridden(names))
    return RestApi(door, door.folder, REST.overridden(names))


def make_book(api: str, base_url: str, clock: FakeClock | None = None, **given: Any) -> X3Bills:
    names = given.pop("names", {})
    door = make_door(base_url, clock, **given)
    if api == "graphql":
        return X3GraphQLBills(door, door.folder, GRAPHQL.overridden(names))
    return X3RestBills(door, door.folder, REST.overridden(names))


def x3_bill(number: str = "INV-1", **given: Any) -> Bill:
    """A bill of supplier S001 in the words of the folder; ``account`` replaces the account of its only line."""
    account = given.pop("account", "62200")
    dimensions = given.pop("dimensions", ((Dimension.LOCATION, "110"), (Dimension.DEPARTMENT, "200")))
    bill = make_bill(number, **{"vendor_id": "S001", "term": "NET30", **given})
    if "lines" in given:
        return bill
    return replace(bill, lines=(BillLine(1, account, bill.total, "Paper", dimensions),))


def numbered(*bills: Bill) -> list[tuple[Bill, ControlId]]:
    return [(bill, ControlId(f"sa-{place}")) for place, bill in enumerate(bills)]


def invoices(simulator: Any) -> list[dict[str, Any]]:
    """What the books hold."""
    return simulator.books.as_json()["supplier_invoices"]


def usd(text: str) -> Money:
    return Money.parse(text, "USD")
