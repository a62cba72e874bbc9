"""The folder's books: masters, supplier invoices, pairings; append-only events, so that a restart finds them again.

Records are kept under X3's own field codes (the data dictionary [T]), amounts and dates as text, local menus as integers.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

LISTS: dict[str, tuple[str, ...]] = {
    "suppliers": ("BPSNUM",),
    "accounts": ("ACC",),
    "dimension_types": ("DIE",),
    "dimensions": ("DIE", "CCE"),
    "restrictions": ("ACC", "DIE", "CCE"),
    "sites": ("FCY",),
    "tax_codes": ("VAT",),
    "tax_rules": ("VAC",),
    "payment_terms": ("PTE",),
    "currencies": ("CUR",),
    "exchange_rates": ("CUR", "CURTYP", "RATDAT"),
    "countries": ("CRY",),
    "categories": ("BSGCOD",),
    "periods": ("PER",),
    "banks": ("BAN",),
    "payment_types": ("PAYTYP",),
}
"""The masters and the codes that identify each; composite keys join with ``~`` [D]."""
YES, NO = 2, 1
"""X3's local menu of flags: 1 no, 2 yes [T]."""
OPEN, CLOSED = 2, 3
"""Of a period [P]."""
RULES: dict[str, Any] = {
    "unique_source_documents": False,
    "total_difference": "refuse",
    "total_tolerance": "0.00",
    "recalculate_tax": True,
    "tax_code_required": False,
    "status_after_create": 3,
    "supplier_numbering": False,
    "required_invoice_fields": ["FCY", "BPR", "ACCDAT", "BPRDAT", "BPRVCR", "CUR"],
    "required_line_fields": ["ACC", "AMTNOTLIN"],
    "required_supplier_fields": ["BPSNAM", "CRY", "BSGCOD", "CUR", "VACBPR", "PTE"],
    "required_address_fields": ["BPAADD", "CRY"],
}
"""The company's parameters and their defaults. ``unique_source_documents`` may be off, ``"warn"`` or on (reference 4);
``total_difference`` is ``"refuse"``, ``"warn"`` or ``"off"`` (5.4); ``recalculate_tax``: the tax follows from the codes,
whatever the caller says (5.4); ``status_after_create`` 3 is "final" (3.1 [T]); the required fields are [P]."""


class X3Books:
    """One folder's books. All access is under ``lock``. ``now`` decides what is visible already.

    ``masters`` holds the lists of :data:`LISTS` and ``users``, ``connected_apps``, ``oauth_clients``, ``endpoint``,
    ``base_currency``, ``rules``. There is no idempotency key: two equal creates make two documents, unless the rule
    ``unique_source_documents`` is on (reference 4).
    """

    def __init__(
        self,
        masters: dict[str, Any],
        *,
        state: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.endpoint = str(masters.get("endpoint", "SEED"))
        """The folder's endpoint: the header ``x-xtrem-endpoint`` [S], a part of api1's path [D]."""
        self.folder: dict[str, dict[str, Any]] = {
            "users": dict(masters.get("users", {})),
            "connected_apps": dict(masters.get("connected_apps", {})),
            "oauth_clients": dict(masters.get("oauth_clients", {})),
        }
        self.base_currency = str(masters.get("base_currency", "USD"))
        self.masters: dict[str, dict[str, dict[str, Any]]] = {
            name: {"~".join(str(row[code]) for code in key): {**_fresh(name), **row} for row in masters.get(name, [])}
            for name, key in LISTS.items()
        }
        self.rules: dict[str, Any] = {**RULES, **masters.get("rules", {})}
        self.supplier_invoices: dict[str, dict[str, Any]] = {}
        self.payments: dict[str, dict[str, Any]] = {}
        self.chains: dict[str, dict[str, Any]] = {}
        """OAuth pairings by number, with the one refresh token of each that still holds."""
        self.security: list[dict[str, Any]] = []
        """What an administrator should look at: replayed tokens, revoked pairings."""
        self._next = 1
        self._log = state / "events.jsonl" if state is not None else None
        if self._log is not None:
            self._log.parent.mkdir(parents=True, exist_ok=True)
            if self._log.exists():
                for line in self._log.read_text(encoding="utf-8").splitlines():
                    self._apply(json.loads(line))

    def write(self, event: dict[str, Any]) -> None:
        """One change of the books, durable when there is a state folder."""
        with self.lock:
            self._apply(event)
            if self._log is not None:
                with self._log.open("a", encoding="utf-8") as log:
                    log.write(json.dumps(event, ensure_ascii=False) + "\n")

    def next_number(self) -> int:
        """The number of the next supplier invoice."""
        return self._next

    def row(self, name: str, key: str) -> dict[str, Any] | None:
        """A master record, or ``None``."""
        return self.masters[name].get(key)

    def readable(self, name: str, key: str) -> dict[str, Any] | None:
        """A record of a list, or an invoice, when it can be read already."""
        found = self._kept(name).get(key)
        return found if found is not None and self.is_visible(found) else None

    def why_unusable(self, name: str, key: str, *, on: date | None, site: str = "") -> str:
        """Why a master cannot be used on a day at a site, in words; empty when it can.

        Active (``ENAFLG`` 2), open (``VLYSTR`` to ``VLYEND``) and allowed for the site (``FCY``): reference 3.1 [T].
        """
        row = self.masters[name].get(key)
        if row is None:
            return "does not exist"
        if int(row.get("ENAFLG", YES)) != YES:
            return "is not active"
        starts, ends = row.get("VLYSTR") or "", row.get("VLYEND") or ""
        if on is not None and ((starts and on.isoformat() < starts) or (ends and on.isoformat() > ends)):
            return f"is not open on {on.isoformat()}"
        allowed = row.get("FCY") or [] if name != "sites" else []
        if site and allowed and site not in ([allowed] if isinstance(allowed, str) else allowed):
            return f"is not allowed for the site {site}"
        return ""

    def is_visible(self, record: dict[str, Any]) -> bool:
        """Late commits are in the books before anybody can read them."""
        return not record.get("visible_at") or datetime.fromisoformat(record["visible_at"]) <= self.now()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """What can be read of a list now, in the order of its keys; documents are lists too."""
        return [row for _, row in sorted(self._kept(name).items()) if self.is_visible(row)]

    def _kept(self, name: str) -> dict[str, dict[str, Any]]:
        documents = {"supplier_invoices": self.supplier_invoices, "payments": self.payments}
        return documents.get(name, self.masters.get(name, {}))

    def change_master(self, name: str, key: str, given: dict[str, Any]) -> None:
        """A person changes a master record, or adds one."""
        codes = dict(zip(LISTS[name], key.split("~"), strict=True))
        fresh = {} if key in self.masters[name] else _fresh(name)
        flags = {code: int(value) for code, value in given.items() if code == "ENAFLG"}
        self.write({"kind": "master", "list": name, "id": key, "fields": {**fresh, **codes, **given, **flags}})

    def change_rules(self, given: dict[str, Any]) -> None:
        """A person changes the company's parameters."""
        self.write({"kind": "rules", "fields": given})

    def as_json(self) -> dict[str, Any]:
        """Everything that the folder holds, for an auditor (secrets and tokens are left out)."""
        with self.lock:
            return {
                "supplier_invoices": list(self.supplier_invoices.values()),
                "payments": list(self.payments.values()),
                "masters": {name: list(rows.values()) for name, rows in self.masters.items()},
                "rules": self.rules,
                "pairings": [
                    {name: chain[name] for name in ("chain", "client", "customer", "revoked", "renewals")}
                    for chain in self.chains.values()
                ],
                "security": self.security,
            }

    def _apply(self, event: dict[str, Any]) -> None:
        match event["kind"]:
            case "supplier invoice":
                self.supplier_invoices[event["record"]["NUM"]] = event["record"]
                self._next = max(self._next, int(event["record"]["NUMINT"]) + 1)
            case "payment":
                self.payments[event["record"]["NUM"]] = event["record"]
            case "master":
                self.masters[event["list"]].setdefault(event["id"], {}).update(event["fields"])
            case "rules":
                self.rules.update(event["fields"])
            case "token chain":
                self.chains[event["record"]["chain"]] = event["record"]
            case "security":
                self.security.append(event["record"])


def _fresh(name: str) -> dict[str, Any]:
    """A master record is active unless something else is said."""
    return {} if name in {"periods", "restrictions", "exchange_rates", "countries"} else {"ENAFLG": YES}
