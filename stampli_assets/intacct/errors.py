"""Intacct's errors in plain words: what happened, who mends it, what to do.

Numbers alone decide little (nearly every sign-in error is ``XL03000006``), so texts are matched too. What is not listed
keeps Intacct's own words. Sources: Sage Intacct Web Services, "Error Handling", and errors seen in the field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stampli_assets.intacct.replies import GatewayError
from stampli_assets.model.outcome import Reason

RERUN = "then rerun from failure."


@dataclass(frozen=True, slots=True)
class _Known:
    code: str
    pattern: re.Pattern[str]
    sentence: Callable[[re.Match[str]], str]
    remedy: str


def _known(code: str, pattern: str, sentence: Callable[[re.Match[str]], str], remedy: str) -> _Known:
    return _Known(code, re.compile(pattern, re.IGNORECASE), sentence, remedy)


_CATALOGUE = (
    _known(
        "ERP_VENDOR_INACTIVE",
        r"activate the vendor\s+['\"]?(?P<vendor>[^,'\"]+)",
        lambda m: f"Vendor {m['vendor'].strip()} is inactive in Intacct.",
        f"Activate the vendor in Intacct, {RERUN}",
    ),
    _known(
        "ERP_VENDOR_UNKNOWN",
        r"invalid vendor\s+['\"](?P<a>[^'\"]*)|the vendor ['\"](?P<b>[^'\"]*)['\"] is invalid",
        lambda m: f"Intacct does not know vendor {m['a'] or m['b']}.",
        f"Create the vendor in Intacct or correct the rule in vendors.csv, {RERUN}",
    ),
    _known(
        "ERP_DIMENSION_MISSING",
        r"missing the (?P<dim>\w+) dimension for (the )?account\s+(?P<account>[\w.-]+)"
        r"|account number ['\"](?P<account2>[^'\"]+)['\"] requires an? (?P<dim2>\w+)",
        lambda m: (
            f"GL account {m['account'] or m['account2']} requires a {(m['dim'] or m['dim2']).lower()}, and a line has none."
        ),
        "Add it to the line in Stampli and let the invoice be exported again, or stop requiring it in Intacct, then rerun "
        "from failure.",
    ),
    _known(
        "ERP_PERIOD_CLOSED",
        r"period.{0,60}clos|clos.{0,60}period|date must be on or after",
        lambda _: "The posting date lies in a period that is closed in Intacct.",
        f"Open the period in Intacct, or change the posting date in Stampli, {RERUN}",
    ),
    _known(
        "ERP_ACCOUNT_INVALID",
        r"gl account ['\"](?P<a>[^'\"]+)['\"].{0,40}(not valid|restricted)|invalid (gl ?)?account(no)? ['\"](?P<b>[^'\"]+)",
        lambda m: f"GL account {m['a'] or m['b']} cannot be used for this line in Intacct.",
        f"Correct the rule in gl_accounts.csv, or the account's restrictions in Intacct, {RERUN}",
    ),
    _known(
        "ERP_DIMENSION_INVALID",
        r"(invalid|inactive) (?P<dim>location|department|project|class|customer|employee|item|task)\s+['\"](?P<code>[^'\"]*)",
        lambda m: f"The {m['dim'].lower()} {m['code']} cannot be used in Intacct.",
        f"Correct the rule in dimensions.csv, or activate it in Intacct, {RERUN}",
    ),
    _known(
        "ERP_DUPLICATE",
        r"number already exists|already exists with (this|that) number",
        lambda _: "Intacct already holds a document of this vendor under this number.",
        f"Compare the two in Intacct. If it is the same bill, {RERUN.removeprefix('then ')} It is then adopted.",
    ),
    _known(
        "ERP_NUMBER_MISSING",
        r"enter a bill number",
        lambda _: "Intacct wants a bill number.",
        "Give the invoice a number in Stampli and let it be exported again.",
    ),
    _known(
        "ERP_TERM_UNKNOWN",
        r"(invalid|unknown) term",
        lambda _: "Intacct does not know the payment term.",
        f"Add a rule to terms.csv or create the term in Intacct, {RERUN}",
    ),
    _known(
        "ERP_PERMISSION",
        r"do(es)? not have permission",
        lambda _: "The Intacct user of this connection may not do this.",
        f"Give the Web Services user the permission for AP bills, {RERUN}",
    ),
)

_TRANSIENT = re.compile(r"temporarily off-?line|API rate limit exceeded|rate limit", re.IGNORECASE)
_TRANSIENT_NUMBERS = frozenset({"GW-0010"})
_REPEATED_CONTROL_ID = re.compile(
    r"control\s?id.{0,80}(already|duplicate|processed)|duplicate.{0,40}control\s?id", re.IGNORECASE
)


def reason(errors: Sequence[GatewayError]) -> Reason:
    """The reason of a refusal: classified on the first error that is known, with every error kept as ``raw``."""
    raw = "; ".join(f"{error.number} {error.text}".strip() for error in errors)
    for error in errors:
        text = f"{error.text} {error.correction}"
        for known in _CATALOGUE:
            match = known.pattern.search(text)
            if match is not None:
                return Reason(known.code, known.sentence(match), known.remedy, raw)
    first = errors[0] if errors else GatewayError("", "Intacct refused it without a reason")
    said = (first.text or first.number).rstrip(".")
    remedy = first.correction or f"Look at the bill's vendor, accounts and dates in Intacct, {RERUN}"
    return Reason(first.number or "ERP_REFUSED", f"Intacct refused the bill: {said}.", remedy, raw)


def is_transient(errors: Sequence[GatewayError]) -> bool:
    """Whether the gateway asks us to come back; nothing was executed."""
    return any(error.number in _TRANSIENT_NUMBERS or _TRANSIENT.search(error.text) for error in errors)


def is_repeated_control_id(errors: Sequence[GatewayError]) -> bool:
    """Whether the gateway says that it executed this control id before: look the document up, then decide."""
    return any(_REPEATED_CONTROL_ID.search(f"{error.number} {error.text}") for error in errors)
