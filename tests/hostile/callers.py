"""Our clients as the corridor uses them: each reads once and writes once, and tells how it ended."""

from __future__ import annotations

from builders.bills import make_bill
from builders.clock import FakeClock
from builders.intacct import make_gateway
from x3.x3_house import make_door, make_folder, numbered, x3_bill

from stampli_assets.intacct.bills import IntacctBills
from stampli_assets.intacct.reference import IntacctReference
from stampli_assets.model.errors import StampliAssetsError
from stampli_assets.model.identity import ControlId
from stampli_assets.model.outcome import Unknown
from stampli_assets.x3.bills import X3GraphQLBills, X3RestBills
from stampli_assets.x3.reference import X3GraphQLReference, X3RestReference

CLIENTS = ("intacct", "graphql", "rest")
SIGNED_IN = (
    b"<response><control><status>success</status></control><operation><authentication><status>success</status>"
    b"<companyid>ACME</companyid></authentication><result><status>success</status><controlid>sign-in</controlid>"
    b"<data><api><sessionid>s-1</sessionid></api></data></result></operation></response>"
)
PATIENCE = {"reply_seconds": 1.5, "connect_seconds": 5, "backoff_deadline_seconds": 0}


def reads(client: str, base_url: str) -> str:
    """The code of the error that reading the vendors ends in, or how many there were."""
    try:
        if client == "intacct":
            found = IntacctReference(make_gateway(f"{base_url}/x", FakeClock(), **PATIENCE)).vendors()
        else:
            made = X3GraphQLReference if client == "graphql" else X3RestReference
            door = make_door(base_url, FakeClock(), **PATIENCE)
            found = made(door, make_folder(base_url, **PATIENCE)).vendors()
    except StampliAssetsError as error:
        return f"{type(error).__name__} {error.code}: {error.sentence}"
    return f"{len(found)} vendors"


def writes(client: str, base_url: str) -> str:
    """What became of one bill."""
    try:
        if client == "intacct":
            gateway = make_gateway(f"{base_url}/x", FakeClock(), **PATIENCE)
            (outcome,) = IntacctBills(gateway, gateway.company).post([(make_bill(), ControlId("sa-0"))])
        else:
            made = X3GraphQLBills if client == "graphql" else X3RestBills
            door = make_door(base_url, FakeClock(), **PATIENCE)
            (outcome,) = made(door, make_folder(base_url, **PATIENCE)).post(numbered(x3_bill()))
    except StampliAssetsError as error:
        return f"{type(error).__name__} {error.code}: {error.sentence}"
    return f"Unknown: {outcome.why}" if isinstance(outcome, Unknown) else repr(outcome)
