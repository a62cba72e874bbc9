"""The sandbox's firm as Sage X3 would hold it: the same vendors, accounts and dimensions under X3's field codes."""

from __future__ import annotations

from calendar import monthrange
from typing import Any

from stampli_assets.sandbox.firm import CLASSES, DEPARTMENTS, LOCATIONS, PROJECTS, TERMS, TWIN_NAME, Firm
from stampli_assets.sandbox.x3.books import CLOSED, NO, OPEN, YES

FOLDER, FIRM_COMPANY, FIRM_SITE, CHART = "ACMEPROD", "ACME", "AC100", "USA"
X3_USER, CLIENT_ID, OAUTH_CLIENT = "stampli", "sandbox-connected-app", "sandbox-oauth-client"
USER_PASSWORD = "sandbox-only-x3-user"  # noqa: S105 - the sandbox's, derived from nothing and good for nothing
APP_SECRET = "sandbox-only-x3-connected-app"  # noqa: S105
OAUTH_SECRET = "sandbox-only-x3-oauth"  # noqa: S105
X3_SECRETS = {
    "STAMPLI_SECRET_SANDBOX_X3_USER": USER_PASSWORD,
    "STAMPLI_SECRET_SANDBOX_X3_CONNECTED_APP": APP_SECRET,
    "STAMPLI_SECRET_SANDBOX_X3_OAUTH": OAUTH_SECRET,
}
REDIRECT_URI = "http://127.0.0.1:18099/callback"
X3_TERMS = {"Net 30": "NET30", "Net 15": "NET15", "Net 45": "NET45", "Due on receipt": "RECEIPT"}
"""The firm's payment terms and their codes in X3."""
BANK = "CHKOP"
DIMENSION_TYPES = {"CCT": "Cost centre", "LOC": "Location", "PRJ": "Project", "CLS": "Class"}
"""The firm's departments, locations, projects and classes are dimensions of these types."""
_VALUES = {"CCT": DEPARTMENTS, "LOC": LOCATIONS, "PRJ": PROJECTS, "CLS": CLASSES}
_REQUIRES = {"REQUIREDEPT": "CCT", "REQUIRELOC": "LOC", "REQUIREPROJECT": "PRJ", "REQUIRECLASS": "CLS"}
_YEARS = (2025, 2026, 2027)
_CURRENCIES = (
    ("USD", "US dollar", 2, "1"),
    ("EUR", "Euro", 2, "1.0842"),
    ("GBP", "Pound sterling", 2, "1.2710"),
    ("JPY", "Yen", 0, "0.006612"),
    ("KWD", "Kuwaiti dinar", 3, "3.2541"),
)
"""Code, name, decimals, and what one is worth in the first, since the first day of the books."""
_COUNTRIES = (
    ("US", "United States", r"\d{5}(-\d{4})?"),
    ("CA", "Canada", r"[A-Z]\d[A-Z] \d[A-Z]\d"),
    ("DE", "Germany", r"\d{5}"),
    ("FR", "France", r"\d{5}"),
    ("GB", "United Kingdom", r"[A-Z0-9 ]{5,8}"),
    ("JP", "Japan", r"\d{3}-\d{4}"),
    ("KW", "Kuwait", r"\d{5}"),
)
"""Code, name, and how a postal code is written there."""

CLOSED_DIMENSION = ("CCT", "600")
"""``closed_dimension``: a cost centre that only X3 holds, open until the firm's books were closed and no day longer. An
invoice that posts later and codes a line to department 600 is held."""
ACCOUNT_FORBIDDEN_AT_SITE = "54100"
"""``account_forbidden_at_site``: allowed at the site :data:`PLANT_SITE` and nowhere else, so not at :data:`FIRM_SITE`,
where the firm's invoices are posted. No ordinary invoice uses it."""
PLANT_SITE = "AC110"
SUPPLIER_MATCHED_TWICE = "34-7000001"
"""``supplier_matched_twice``: the tax id of both suppliers named ``TWIN_NAME``. An invoice with it is held, whether its
vendor comes with that name, with the number of one of the two, or with neither."""
FORBIDDEN_TOGETHER = ("60100", "CLS", "WAR")
"""An account and a dimension that the restriction table forbids together. No ordinary invoice uses the account."""


def x3_masters(firm: Firm) -> dict[str, Any]:
    """What the X3 simulators are given for this firm: Intacct's masters, and the named facts above."""
    intacct = firm.masters()
    kind, code = CLOSED_DIMENSION
    closed = {"DIE": kind, "CCE": code, "DES": "Old paint shop", "ENAFLG": YES, "VLYEND": firm.books_closed_through}
    return {
        "endpoint": FOLDER,
        "users": {X3_USER: USER_PASSWORD},
        "connected_apps": {CLIENT_ID: {"secret": APP_SECRET, "users": [X3_USER]}},
        "oauth_clients": {OAUTH_CLIENT: {"secret": OAUTH_SECRET, "redirect_uris": [REDIRECT_URI]}},
        "base_currency": "USD",
        "suppliers": [_supplier(row) for row in intacct["vendors"]],
        "accounts": [_account(row) for row in intacct["accounts"]],
        "dimension_types": [{"DIE": code, "DES": name, "ENAFLG": YES} for code, name in DIMENSION_TYPES.items()],
        "dimensions": [
            {"DIE": kind, "CCE": code, "DES": name, "ENAFLG": YES}
            for kind, values in _VALUES.items()
            for code, name in values.items()
        ]
        + [closed],
        "restrictions": [dict(zip(("ACC", "DIE", "CCE"), FORBIDDEN_TOGETHER, strict=True))],
        "sites": [
            {"FCY": f"AC{code}", "DES": name, "CPY": FIRM_COMPANY, "ENAFLG": YES} for code, name in LOCATIONS.items()
        ],
        "tax_codes": [
            {"VAT": "NT", "DES": "No tax", "RATE": "0", "ENAFLG": YES},
            {"VAT": "OHST", "DES": "Ohio sales tax", "RATE": "7.25", "ENAFLG": YES},
            {"VAT": "V20", "DES": "VAT 20 %", "RATE": "20", "ENAFLG": YES},
            {"VAT": "OHOLD", "DES": "Ohio sales tax until 2013", "RATE": "7.0", "ENAFLG": NO},
        ],
        "tax_rules": [{"VAC": "USA", "DES": "United States", "ENAFLG": YES}],
        "payment_terms": [{"PTE": X3_TERMS[name], "DES": name, "ENAFLG": YES} for name in TERMS],
        "currencies": [
            {"CUR": code, "DES": name, "DECNBR": decimals, "ENAFLG": YES} for code, name, decimals, _ in _CURRENCIES
        ],
        "exchange_rates": [
            {"CUR": code, "CURTYP": 1, "RATDAT": f"{_YEARS[0]}-01-01", "RATE": rate}
            for code, _, _, rate in _CURRENCIES[1:]
        ],
        "banks": [{"BAN": BANK, "DES": "Operating account", "ENAFLG": YES}],
        "payment_types": [{"PAYTYP": "EFT", "ENAFLG": YES}, {"PAYTYP": "CHECK", "ENAFLG": YES}],
        "countries": [{"CRY": code, "DES": name, "POSCODFMT": pattern} for code, name, pattern in _COUNTRIES],
        "categories": [{"BSGCOD": "US", "DES": "Suppliers in the US", "ENAFLG": YES}],
        "periods": periods(firm.books_closed_through),
        "rules": {},
    }


def periods(closed_through: str, years: tuple[int, ...] = _YEARS) -> list[dict[str, Any]]:
    """Monthly periods; those that end by ``closed_through`` are closed."""
    made = []
    for year in years:
        for month in range(1, 13):
            last = f"{year}-{month:02d}-{monthrange(year, month)[1]:02d}"
            state = CLOSED if last <= closed_through else OPEN
            made.append({"PER": last[:7], "STRDAT": f"{last[:7]}-01", "ENDDAT": last, "STA": state})
    return made


def _supplier(row: dict[str, str]) -> dict[str, Any]:
    number = row["VENDORID"]
    address = {"BPAADD": "MAIN", "BPADES": "Head office", "BPAADDLIG": ["1 Mill Road"], "POSCOD": "44101"}
    return {
        "BPSNUM": number,
        "BPSNAM": row["NAME"],
        "BPSSHO": row["NAME"][:10].strip(),
        "BSGCOD": "US",
        "CUR": row["CURRENCY"],
        "PTE": X3_TERMS[row["TERMNAME"]],
        "VACBPR": "USA",
        "ACCCOD": "LOCAL",
        "BPAADD": "MAIN",
        "BPRPAY": number,
        "BPSTYP": 1,
        "ENAFLG": YES if row["STATUS"] == "active" else NO,
        "PAYLOKFLG": NO,
        "DOUFLG": NO,
        "CRY": "US",
        "LAN": "ENG",
        "EECNUM": "",
        "CRN": SUPPLIER_MATCHED_TWICE if row["NAME"] == TWIN_NAME else row["TAXID"],
        "BPADDRESS": [{**address, "CTY": "Cleveland", "SAT": "OH", "CRY": "US"}],
    }


def _account(row: dict[str, str]) -> dict[str, Any]:
    return {
        "ACC": row["ACCOUNTNO"],
        "COA": CHART,
        "DES": row["TITLE"],
        "ENAFLG": YES if row["STATUS"] == "active" else NO,
        "DIE": [kind for flag, kind in _REQUIRES.items() if row.get(flag) == "true"],
        "FCY": [PLANT_SITE] if row["ACCOUNTNO"] == ACCOUNT_FORBIDDEN_AT_SITE else [],
    }
