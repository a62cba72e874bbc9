"""The company's books: masters, bills, payments; kept as append-only events so that a restart finds them again."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

FIRST_RECORD = 4001
IN_A_TRANSACTION = (
    "bills", "adjustments", "payments", "folders", "supdocs", "completed", "masters", "_next",
)  # fmt: skip
RECORDS = {"bill": "bills", "adjustment": "adjustments", "payment": "payments"}
"""What an event calls a record, and the list that it is kept in."""
LISTS = {
    "vendors": "VENDORID",
    "accounts": "ACCOUNTNO",
    "departments": "DEPARTMENTID",
    "locations": "LOCATIONID",
    "projects": "PROJECTID",
    "classes": "CLASSID",
    "customers": "CUSTOMERID",
    "employees": "EMPLOYEEID",
    "items": "ITEMID",
    "terms": "NAME",
    "checking_accounts": "BANKACCOUNTID",
    "entities": "LOCATIONID",
    "tax_details": "DETAILID",
    "tax_solutions": "SOLUTIONID",
    "exchange_rates": "PAIR",
}
"""The masters and the field that identifies each; ``PAIR`` is a kind of rates and a currency, ``Intacct Daily Rate/EUR``."""


class Books:
    """All access is under ``lock``. ``now`` decides what is visible already."""

    def __init__(self, masters: dict[str, Any], *, state: Path | None, now: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.company = {name: masters[name] for name in ("senders", "company_id", "users")}
        self.company["authorised_senders"] = masters.get("authorised_senders")
        self.base_currency = str(masters.get("base_currency", "USD"))
        self.masters: dict[str, dict[str, dict[str, str]]] = {
            name: {row[key]: dict(row) for row in masters.get(name, [])} for name, key in LISTS.items()
        }
        self.rules: dict[str, Any] = {
            "unique_bill_numbers": False,
            "entity_only": False,
            "bill_approval": False,
            "inter_entity": False,
            "duplicate_controlid": "error",
            "unlisted": [],  # objects that the user may not list
            "periods": None,  # names of the reporting periods (2026-11); None: every month of this year
            "books_closed_through": masters.get("books_closed_through", ""),
            **masters.get("rules", {}),
        }
        self.bills: dict[str, dict[str, Any]] = {}
        self.adjustments: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.folders: dict[str, str] = {}
        self.supdocs: dict[str, dict[str, Any]] = {}
        self.completed: dict[str, str] = {}
        """Control ids of functions that were executed: ``sender|company|controlid`` → record number."""
        self._next = FIRST_RECORD
        self._before: dict[str, Any] | None = None
        self._pending: list[dict[str, Any]] = []
        self._log = state / "events.jsonl" if state is not None else None
        if self._log is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            if self._log.exists():
                for line in self._log.read_text(encoding="utf-8").splitlines():
                    self._apply(json.loads(line))

    def write(self, event: dict[str, Any]) -> None:
        """One change of the books, durable when there is a state folder (in a transaction, when it is committed)."""
        self._apply(event)
        if self._before is not None:
            self._pending.append(event)
        else:
            self._keep([event])

    def begin(self) -> None:
        """A transaction: all of what follows, or none of it."""
        self._before = copy.deepcopy({name: getattr(self, name) for name in IN_A_TRANSACTION})

    def commit(self) -> None:
        """The transaction holds."""
        self._before = None
        self._keep(self._pending)
        self._pending = []

    def roll_back(self) -> None:
        """The transaction never was."""
        assert self._before is not None
        for name, before in self._before.items():
            setattr(self, name, before)
        self._before, self._pending = None, []

    def _keep(self, events: list[dict[str, Any]]) -> None:
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as log:
                log.writelines(json.dumps(event, ensure_ascii=False) + "\n" for event in events)

    def next_record(self) -> str:
        """The number of the next record."""
        return str(self._next)

    def active(self, name: str, key: str) -> bool:
        """Whether a master record exists and is active."""
        row = self.masters[name].get(key)
        return row is not None and row.get("STATUS", "active") == "active"

    def entity_of(self, location: str) -> str:
        """The entity that a location belongs to, up its parents; empty where none is known."""
        seen: set[str] = set()
        while location and location not in self.masters["entities"] and location not in seen:
            seen.add(location)
            location = self.masters["locations"].get(location, {}).get("PARENTID", "")
        return location if location in self.masters["entities"] else ""

    def is_visible(self, record: dict[str, Any]) -> bool:
        """Late commits are in the books before anybody can read them."""
        return not record.get("visible_at") or datetime.fromisoformat(record["visible_at"]) <= self.now()

    def as_json(self) -> dict[str, Any]:
        """Everything that the company holds, for an auditor."""
        with self.lock:
            return {
                "bills": list(self.bills.values()),
                "adjustments": list(self.adjustments.values()),
                "payments": list(self.payments.values()),
                "supdocs": list(self.supdocs.values()),
                "masters": {name: list(rows.values()) for name, rows in self.masters.items()},
                "rules": self.rules,
            }

    def _apply(self, event: dict[str, Any]) -> None:
        match event["kind"]:
            case "bill" | "adjustment" | "payment" as kind:
                getattr(self, RECORDS[kind])[event["record"]["RECORDNO"]] = event["record"]
                self._next = max(self._next, int(event["record"]["RECORDNO"]) + 1)
            case "bill deleted" | "adjustment deleted" as kind:
                getattr(self, RECORDS[kind.removesuffix(" deleted")]).pop(event["record_no"], None)
            case "supdocfolder":
                self.folders[event["name"]] = event["name"]
            case "supdoc":
                self.supdocs[event["record"]["supdocid"]] = event["record"]
            case "completed":
                self.completed[event["key"]] = event["record_no"]
            case "master":
                self.masters[event["list"]].setdefault(event["id"], {}).update(event["fields"])
            case "rules":
                self.rules.update(event["fields"])
