"""Builders around the gateway simulator."""

from __future__ import annotations

from typing import Any

from builders.clock import FakeClock

from stampli_assets.intacct.bills import IntacctBills
from stampli_assets.intacct.company import Company
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.session import Sessions
from stampli_assets.model.secret import Secret
from stampli_assets.sandbox.intacct.server import IntacctSimulator


def make_masters(**given: Any) -> dict[str, Any]:
    """A small company: vendors V-1 and V-2, one account that requires a department."""
    masters: dict[str, Any] = {
        "senders": {"acme_ws": "sender-secret"},
        "company_id": "ACME",
        "users": {"ws_user": "user-secret"},
        "entities": [{"LOCATIONID": "100", "NAME": "US"}],
        "vendors": [
            {"VENDORID": "V-1", "NAME": "Old Mill Printing", "STATUS": "active", "CURRENCY": "USD"},
            {"VENDORID": "V-2", "NAME": "Harbor Steel", "STATUS": "inactive", "CURRENCY": "USD"},
        ],
        "accounts": [
            {"ACCOUNTNO": "62200", "TITLE": "Office", "STATUS": "active", "REQUIREDEPT": "true"},
            {"ACCOUNTNO": "64500", "TITLE": "Fees", "STATUS": "active"},
        ],
        "departments": [{"DEPARTMENTID": "200", "TITLE": "Operations", "STATUS": "active"}],
        "locations": [{"LOCATIONID": "110", "NAME": "Plant", "STATUS": "active"}],
        "terms": [{"NAME": "Net 30", "STATUS": "active"}],
        "base_currency": "USD",
        "books_closed_through": "2026-09-30",
    }
    return {**masters, **given}


def make_simulator(**given: Any) -> IntacctSimulator:
    masters = given.pop("masters", None) or make_masters()
    return IntacctSimulator(masters, **given)


def make_company(endpoint: str, **given: Any) -> Company:
    values: dict[str, Any] = {
        "endpoint": endpoint,
        "sender_id": "acme_ws",
        "sender_password": Secret("sender-secret"),
        "company_id": "ACME",
        "user_id": "ws_user",
        "user_password": Secret("user-secret"),
        "entity_id": "100",
        "reply_seconds": 5,
        "connect_seconds": 2,
        "backoff_deadline_seconds": 30,
    }
    return Company(**{**values, **given})


def make_gateway(endpoint: str, clock: FakeClock | None = None, **given: Any) -> Gateway:
    """A gateway with sessions of its own, as in a new process."""
    return Gateway(make_company(endpoint, **given), clock or FakeClock(), jitter=lambda: 0.5, sessions=Sessions())


def make_book(endpoint: str, clock: FakeClock | None = None, **given: Any) -> IntacctBills:
    gateway = make_gateway(endpoint, clock, **given)
    return IntacctBills(gateway, gateway.company)
