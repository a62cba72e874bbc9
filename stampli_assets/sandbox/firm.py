"""A believable mid-sized firm: Acme Fabrication, its vendors, its chart of accounts, its dimensions.

Everything follows from the seed: the same seed gives the same bytes. The accounts of the sandbox are good for nothing else.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

COMPANY = "ACME"
ENTITY = "100"
SENDER, USER, SFTP_USER = "sandbox_ws", "ws_user", "acme"
SENDER_PASSWORD = "sandbox-only-sender"  # noqa: S105 - the sandbox's, derived from nothing and good for nothing
USER_PASSWORD = "sandbox-only-user"  # noqa: S105
SFTP_PASSWORD = "sandbox-only-sftp"  # noqa: S105
SECRETS = {
    "STAMPLI_SECRET_SANDBOX_STAMPLI_PASSWORD": SFTP_PASSWORD,
    "STAMPLI_SECRET_SANDBOX_INTACCT_SENDER": SENDER_PASSWORD,
    "STAMPLI_SECRET_SANDBOX_INTACCT_USER": USER_PASSWORD,
}

TWIN_NAME = "Summit Logistics"
"""Two vendors of this very name."""
INACTIVE_VENDOR = "V-10037"
INACTIVE_ACCOUNT = "68900"

TRADES: dict[str, tuple[tuple[str, str, bool], ...]] = {
    "materials": (
        ("50100", "Raw materials", True),
        ("50200", "Purchased components", True),
        ("50300", "Consumables", True),
    ),
    "freight": (("52100", "Inbound freight", False), ("52200", "Outbound freight", False)),
    "office": (("62200", "Office supplies", True), ("62300", "Postage", True), ("04010", "Sundry clearing", False)),
    "services": (
        ("64500", "Professional fees", True),
        ("64600", "Legal fees", True),
        ("64700", "Contract labour", True),
    ),
    "facility": (("66100", "Rent", False), ("66200", "Utilities", False), ("66300", "Repairs and maintenance", True)),
    "technology": (("67100", "Software subscriptions", True), ("67200", "Telephone and data", True)),
    "travel": (("68100", "Travel", True), ("68200", "Meals", True)),
}
"""Accounts by trade: number, title, whether a department is required."""
OTHER_ACCOUNTS = (
    ("53100", "Inbound duties", False),
    ("54100", "Subcontracted machining", False),
    ("60100", "Advertising", True),
    ("60200", "Trade shows", True),
    ("61100", "Insurance", False),
    ("63100", "Bank charges", False),
    ("69100", "Use tax", False),
    ("69200", "Sales tax on purchases", False),
    ("71000", "Equipment under 5,000", True),
    ("15100", "Machinery", False),
    ("68900", "Old travel advances", False),
)
DEPARTMENTS = {"100": "Administration", "200": "Operations", "300": "Sales", "400": "Engineering", "500": "Quality"}
LOCATIONS = {"100": "Acme Fabrication US", "110": "Cleveland plant", "120": "Akron plant", "130": "Toledo depot"}
PROJECTS = {"P-2601": "Press line 4", "P-2602": "Warehouse move", "P-2603": "ERP upgrade", "P-2604": "Robot cell"}
CLASSES = {"CAP": "Capital", "OPS": "Operating", "WAR": "Warranty"}
TERMS = {"Net 30": 30, "Net 15": 15, "Net 45": 45, "Due on receipt": 0}
STAMPLI_ACCOUNTS = {"6220": "62200", "6450": "64500", "6610": "66100"}
"""Old account numbers that the firm's Stampli still uses; the mapping rules translate them."""
STAMPLI_DEPARTMENTS = {"OPS": "200", "ENG": "400"}
STAMPLI_TERMS = {"N30": "Net 30", "N15": "Net 15"}
STAMPLI_VENDORS = {"OMP-7": "V-10001"}

_NAMES: tuple[tuple[str, str], ...] = (
    ("Old Mill Printing", "office"), ("Harbor Steel Supply", "materials"), ("Lakeshore Fasteners", "materials"),
    ("Cuyahoga Power & Light", "facility"), ("Buckeye Freight Lines", "freight"), ("Great Lakes Abrasives", "materials"),
    ("Precision Tool & Die", "materials"), ("Northcoast Staffing", "services"), ("Miller & Osgood LLP", "services"),
    ("Tri-County Uniforms", "office"), ("Erie Industrial Gases", "materials"), ("Summit Logistics", "freight"),
    ("Akron Bearing Company", "materials"), ("Maple Street Properties", "facility"), ("Keystone Software", "technology"),
    ("Rivergate Telecom", "technology"), ("Allied Waste Services", "facility"), ("Diamond Coatings", "materials"),
    ("Ohio Valley Lumber", "materials"), ("Westlake Office Products", "office"), ("Cardinal Courier", "freight"),
    ("Sandusky Plastics", "materials"), ("Pinnacle Consulting Group", "services"), ("Heritage Machine Works", "materials"),
    ("Bluestone Travel", "travel"), ("Ridgeview Catering", "travel"), ("Metro Fire & Safety", "facility"),
    ("Summit Logistics", "freight"), ("Crown Packaging", "materials"), ("Lorain Hydraulics", "materials"),
    ("Fairlawn Accounting", "services"), ("Delta Cloud Hosting", "technology"), ("Vulcan Welding Supply", "materials"),
    ("Portage Electric", "facility"), ("Sterling Calibration", "services"), ("Medina Paper", "office"),
    ("Canton Chemical", "materials"), ("Parma Plumbing", "facility"), ("Oberlin Translations", "services"),
    ("Geauga Landscaping", "facility"),
)  # fmt: skip


@dataclass(frozen=True)
class Vendor:
    """One vendor as the ERP knows it."""

    vendor_id: str
    name: str
    trade: str
    term: str
    tax_id: str
    active: bool


@dataclass
class Firm:
    """The firm of a seed. ``books_closed_through`` is an ISO date."""

    seed: int = 2026
    books_closed_through: str = "2026-09-30"
    vendors: list[Vendor] = field(init=False)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        self.vendors = [self._vendor(place, name, trade, rng) for place, (name, trade) in enumerate(_NAMES, start=1)]

    def masters(self) -> dict[str, Any]:
        """What the Intacct simulator is given: Intacct's own field names."""
        return {
            "senders": {SENDER: SENDER_PASSWORD},
            "company_id": COMPANY,
            "users": {USER: USER_PASSWORD},
            "entities": [{"LOCATIONID": ENTITY, "NAME": LOCATIONS[ENTITY], "STATUS": "active"}],
            "vendors": [
                {
                    "VENDORID": vendor.vendor_id,
                    "NAME": vendor.name,
                    "STATUS": "active" if vendor.active else "inactive",
                    "TAXID": vendor.tax_id,
                    "CURRENCY": "USD",
                    "TERMNAME": vendor.term,
                }
                for vendor in self.vendors
            ],
            "accounts": [_account(*account) for account in _accounts()],
            "departments": [
                {"DEPARTMENTID": key, "TITLE": name, "STATUS": "active"} for key, name in DEPARTMENTS.items()
            ],
            "locations": [{"LOCATIONID": key, "NAME": name, "STATUS": "active"} for key, name in LOCATIONS.items()],
            "projects": [{"PROJECTID": key, "NAME": name, "STATUS": "active"} for key, name in PROJECTS.items()],
            "classes": [{"CLASSID": key, "NAME": name, "STATUS": "active"} for key, name in CLASSES.items()],
            "terms": [{"NAME": name, "STATUS": "active"} for name in TERMS],
            "checking_accounts": [{"BANKACCOUNTID": "CHK-OPER", "STATUS": "active", "LOCATIONID": ENTITY}],
            "base_currency": "USD",
            "books_closed_through": self.books_closed_through,
            "rules": {"unique_bill_numbers": False, "entity_only": False, "bill_approval": False},
        }

    @property
    def trading(self) -> list[Vendor]:
        """The vendors that ordinary invoices come from: active, with a name of their own."""
        return [vendor for vendor in self.vendors if vendor.active and vendor.name != TWIN_NAME]

    def _vendor(self, place: int, name: str, trade: str, rng: random.Random) -> Vendor:
        vendor_id = f"{300 + place:06d}" if place % 9 == 0 else f"V-{10000 + place}"
        tax_id = f"{rng.randrange(10, 99)}-{rng.randrange(1_000_000, 9_999_999)}"
        return Vendor(vendor_id, name, trade, rng.choice(list(TERMS)), tax_id, active=vendor_id != INACTIVE_VENDOR)


def _accounts() -> list[tuple[str, str, bool]]:
    trades = [account for accounts in TRADES.values() for account in accounts]
    plants = [
        (f"{number + plant}", f"{title}, plant {plant}", False)
        for number, title in (
            (55000, "Maintenance parts"),
            (56000, "Tooling"),
            (57000, "Scrap handling"),
            (58000, "Energy"),
        )
        for plant in range(1, 9)
    ]
    return [*trades, *OTHER_ACCOUNTS, *plants]


def _account(number: str, title: str, needs_department: bool) -> dict[str, str]:  # noqa: FBT001 - one row of a table
    return {
        "ACCOUNTNO": number,
        "TITLE": title,
        "STATUS": "inactive" if number == INACTIVE_ACCOUNT else "active",
        "REQUIREDEPT": "true" if needs_department else "false",
        "REQUIRELOC": "true",
        "REQUIREPROJECT": "true" if number == "15100" else "false",
        "REQUIRECLASS": "false",
    }
