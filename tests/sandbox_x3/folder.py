"""A small X3 folder for tests, and ways to ask it over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

BASIC = ("rest_user", "rest-secret")
REDIRECT = "http://127.0.0.1:1/callback"
CUSTOMER = "https://x3.customer.example"
CREATE = "mutation Post($data: SupplierBpInvoice_Input!) { x3Invoicing { supplierBpInvoice { create(data: $data) { id } } } }"


def make_masters(**given: Any) -> dict[str, Any]:
    """Suppliers S001 and S002 (inactive), accounts with and without demands, two dimension types, two sites."""
    supplier = {"BSGCOD": "US", "CUR": "USD", "PTE": "NET30", "VACBPR": "USA", "CRY": "US", "ACCCOD": "LOCAL"}
    masters: dict[str, Any] = {
        "endpoint": "SEED",
        "users": {"rest_user": "rest-secret"},
        "connected_apps": {"app-1": {"secret": "app-secret", "users": ["api_user"]}},
        "oauth_clients": {"client-1": {"secret": "client-secret", "redirect_uris": [REDIRECT]}},
        "suppliers": [
            {**supplier, "BPSNUM": "S001", "BPSNAM": "Old Mill Printing", "CRN": "12-345", "ENAFLG": 2},
            {**supplier, "BPSNUM": "S002", "BPSNAM": "Harbor Steel", "CRN": "12-346", "ENAFLG": 1},
            {**supplier, "BPSNUM": "S003", "BPSNAM": "Lakeshore", "FCY": ["F02"], "VLYEND": "2027-12-31"},
            {**supplier, "BPSNUM": "S004", "BPSNAM": "Gone since June", "VLYEND": "2026-06-30"},
        ],
        "accounts": [
            {"ACC": "60100", "COA": "USA", "DES": "Advertising"},
            {"ACC": "62200", "COA": "USA", "DES": "Office", "DIE": ["CCT"]},
            {"ACC": "68900", "COA": "USA", "DES": "Old travel", "ENAFLG": 1},
            {"ACC": "69000", "COA": "USA", "DES": "From next year", "VLYSTR": "2027-01-01"},
            {"ACC": "69100", "COA": "USA", "DES": "Plant only", "FCY": ["F02"]},
        ],
        "dimension_types": [
            {"DIE": "CCT", "DES": "Cost centre"},
            {"DIE": "PRJ", "DES": "Project"},
            {"DIE": "OLD", "DES": "Old", "ENAFLG": 1},
        ],
        "dimensions": [
            {"DIE": "CCT", "CCE": "200", "DES": "Operations"},
            {"DIE": "CCT", "CCE": "300", "DES": "Sales", "ENAFLG": 1},
            {"DIE": "CCT", "CCE": "400", "DES": "Engineering", "VLYEND": "2026-09-30"},
            {"DIE": "CCT", "CCE": "500", "DES": "Plant only", "FCY": ["F02"]},
            {"DIE": "CCT", "CCE": "600", "DES": "Not for advertising"},
            {"DIE": "PRJ", "CCE": "P-1", "DES": "Press line"},
            {"DIE": "OLD", "CCE": "X", "DES": "Of an old type"},
        ],
        "restrictions": [{"ACC": "60100", "DIE": "CCT", "CCE": "600"}],
        "sites": [
            {"FCY": "F01", "DES": "Head office", "CPY": "ACME"},
            {"FCY": "F02", "DES": "Plant", "CPY": "ACME"},
            {"FCY": "F03", "DES": "Closed", "CPY": "ACME", "ENAFLG": 1},
        ],
        "tax_codes": [
            {"VAT": "NT", "RATE": "0"},
            {"VAT": "T8", "RATE": "8"},
            {"VAT": "OLD", "RATE": "7", "ENAFLG": 1},
        ],
        "tax_rules": [{"VAC": "USA"}],
        "payment_terms": [{"PTE": "NET30"}, {"PTE": "NET60"}],
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


def invoice(**given: Any) -> dict[str, Any]:
    """A good invoice as GraphQL takes it; ``line`` replaces properties of its only line."""
    line = {"account": "60100", "amountExcludingTax": "100.00", "description": "Flyers", "tax": "NT"}
    line.update(given.pop("line", {}))
    whole = {
        "site": "F01", "billBySupplier": "S001", "accountingDate": "2026-11-05", "sourceDocumentDate": "2026-11-02",
        "sourceDocument": "INV-1", "currency": "USD", "lines": [line],
    }  # fmt: skip
    return {name: value for name, value in {**whole, **given}.items() if value is not None}


def rest_invoice(**given: Any) -> dict[str, Any]:
    """The same as REST takes it; ``line`` replaces properties of its only line."""
    line = {"ACC": "60100", "AMTNOTLIN": 100, "DES": "Flyers", "VAT": "NT"}
    line.update(given.pop("line", {}))
    whole = {
        "FCY": "F01", "BPR": "S001", "ACCDAT": "2026-11-05", "BPRDAT": "2026-11-02", "BPRVCR": "INV-1", "CUR": "USD",
        "BPSINVLIG": [line],
    }  # fmt: skip
    return {name: value for name, value in {**whole, **given}.items() if value is not None}


def supplier(**given: Any) -> dict[str, Any]:
    """A good new supplier as GraphQL takes it."""
    whole = {
        "code": "S100", "companyName": "New Supplier Inc", "country": "US", "category": "US", "currency": "USD",
        "taxRule": "USA", "paymentTerm": "NET30", "companyRegistrationNumber": "99-1",
        "addresses": [{"code": "MAIN", "addressLines": [{"addressLine": "1 Road"}], "city": "Akron", "country": "US"}],
    }  # fmt: skip
    return {name: value for name, value in {**whole, **given}.items() if value is not None}


def ask(simulator: Any, query: str, variables: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    """A GraphQL request by HTTP Basic; the answer's JSON."""
    answer = send(simulator, query, variables, **given)
    assert answer.status_code == 200, answer.text
    return answer.json()


def send(simulator: Any, query: str, variables: dict[str, Any] | None = None, **given: Any) -> requests.Response:
    """The same; the answer itself."""
    options: dict[str, Any] = {"auth": BASIC, "timeout": 5, **given}
    return requests.post(simulator.url, json={"query": query, "variables": variables or {}}, **options)


def post(simulator: Any, **given: Any) -> dict[str, Any]:
    """Create an invoice over GraphQL."""
    return ask(simulator, CREATE, {"data": invoice(**given)})


def diagnoses(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Every diagnosis of a GraphQL answer."""
    return [one for error in answer.get("errors", []) for one in error["extensions"]["diagnoses"]]


def rest(simulator: Any, method: str, path: str, **given: Any) -> requests.Response:
    """A REST request below the folder by HTTP Basic."""
    options: dict[str, Any] = {"auth": BASIC, "timeout": 5, **given}
    return requests.request(method, f"{simulator.url}/{path}", **options)


def rest_post(simulator: Any, **given: Any) -> requests.Response:
    """Create an invoice over REST."""
    path = "BPSUPPLIERINVOICE?representation=BIS.$create"
    return rest(simulator, "POST", path, json=rest_invoice(**given))


def token(secret: str = "app-secret", **claims: Any) -> str:
    """A connected application's token, signed here."""
    now = int(time.time())
    told = {"iss": "app-1", "sub": "api_user", "aud": "", "iat": now, "exp": now + 60, **claims}
    body = ".".join(_packed(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, told))
    return f"{body}.{_packed(hmac.new(secret.encode(), body.encode(), hashlib.sha256).digest())}"


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def authorise(simulator: Any, **given: Any) -> requests.Response:
    """The first step of pairing."""
    asked = {
        "client_id": "client-1", "scope": "api.graphQL businessDomain.ALL", "customer": CUSTOMER,
        "redirect_uri": REDIRECT, "state": "s-1", **given,
    }  # fmt: skip
    return requests.get(simulator.authorise_url, params=asked, allow_redirects=False, timeout=5)


def told_back(answer: requests.Response) -> dict[str, str]:
    """What the call back was told."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def exchange(simulator: Any, **given: Any) -> requests.Response:
    """A request to the token API."""
    form = {"client_id": "client-1", "client_secret": "client-secret", "redirect_uri": REDIRECT, **given}
    return requests.post(simulator.token_url, data=form, timeout=5)


def pair(simulator: Any) -> dict[str, Any]:
    """A whole pairing: the pair of tokens."""
    code = told_back(authorise(simulator))["code"]
    answer = exchange(simulator, grant_type="authorization_code", code=code)
    assert answer.status_code == 200, answer.text
    return answer.json()


def renew(simulator: Any, refresh_token: str) -> requests.Response:
    """A renewal by refresh token."""
    return exchange(simulator, grant_type="refresh_token", refresh_token=refresh_token)


def bearer(access: str) -> dict[str, Any]:
    """Sign in by a token instead of HTTP Basic."""
    return {"auth": None, "headers": {"Authorization": f"Bearer {access}"}}
