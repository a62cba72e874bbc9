"""X3's errors in plain words: what happened, who mends it, what to do.

Texts decide, because X3 gives no stable numbers; they name screen fields (``ACC``), so where a diagnosis points is kept too.
What is not listed keeps X3's own words. Wordings: the project's notes (section 5) [P] and X3's usual ones [T].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stampli_assets.model.outcome import Reason
from stampli_assets.x3.diagnoses import Diagnosis, grave

RERUN = "then rerun from failure."
Told = re.Match[str]


@dataclass(frozen=True, slots=True)
class _Known:
    code: str
    pattern: re.Pattern[str]
    sentence: Callable[[Told], str]
    remedy: str


def _known(code: str, pattern: str, sentence: Callable[[Told], str] | str, remedy: str) -> _Known:
    told = sentence if callable(sentence) else lambda _: sentence
    return _Known(code, re.compile(pattern, re.IGNORECASE), told, remedy)


_UNUSABLE = (
    r"(?P<why>does not exist|is not active|is inactive|is not open on [\d-]+"
    r"|is not (allowed|authori[sz]ed) (for|at|on) the site \S+?)\.?$"
)
_DATES = "Open it for that date in X3, or correct the rule in {file} or the posting date in Stampli, "

_CATALOGUE = (
    _known(
        "ERP_SUPPLIER_EXISTS",
        r"supplier (?P<code>\S+) already exists",
        lambda m: f"X3 already has a supplier {m['code']}.",
        "Look at that supplier in X3. If it is the same one, add a rule to vendors.csv, then rerun from failure.",
    ),
    _known(
        "ERP_OVERPAID",
        r"(?P<paid>[\d.]+) is more than the (?P<left>[\d.]+) that (?P<code>\S+) has open"
        r"|(exceeds|more than).{0,40}(open|remaining|due) (amount|balance)",
        lambda m: (
            f"X3 has {m['left']} open on {m['code']}, the payment settles {m['paid']}."
            if m["code"]
            else "The payment settles more than X3 has open."
        ),
        f"Look at what else was paid on the invoice in X3; correct the payment in Stampli or there, {RERUN}",
    ),
    _known(
        "ERP_PAID_INVOICE",
        r"invoice (?P<code>\S+) (?P<why>does not exist or is not final|is of the supplier .+?|is in [A-Z]{3})\.?$",
        lambda m: f"Invoice {m['code']} cannot be paid: it {m['why']} in X3.",
        f"Post the invoice in X3, or correct the payment in Stampli, {RERUN}",
    ),
    _known(
        "ERP_BANK",
        rf"bank (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Bank {m['code']} {m['why']} in X3.",
        f"Correct the rule in funding_accounts.csv, or activate the bank in X3, {RERUN}",
    ),
    _known(
        "ERP_PAYMENT_TYPE",
        rf"payment type (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Payment type {m['code']} {m['why']} in X3.",
        f"Correct the payment type of the settings (payments.method), {RERUN}",
    ),
    _known(
        "ERP_SUPPLIER",
        rf"supplier (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Supplier {m['code']} {m['why']} in X3.",
        f"Create or activate the supplier in X3, or correct the rule in vendors.csv, {RERUN}",
    ),
    _known(
        "ERP_DIMENSION_MISSING",
        r"account (?P<account>\S+) demands the dimension type (?P<type>\w+)"
        r"|dimension (type )?(?P<type2>\w+).{0,30}(is mandatory|is missing|must be entered)",
        lambda m: (
            f"GL account {m['account']} requires a dimension of type {m['type']}, and the line has none."
            if m["account"]
            else f"The line needs a dimension of type {m['type2']}."
        ),
        "Add it to the line in Stampli and let the invoice be exported again, or add a rule to dimensions.csv, "
        f"{RERUN}",
    ),
    _known(
        "ERP_DIMENSION_FORBIDDEN",
        r"dimension (?P<type>\w+) (?P<code>\S+) is not allowed for the account (?P<account>[^\s.]+)",
        lambda m: f"X3 does not allow the {m['type']} dimension {m['code']} on GL account {m['account']}.",
        f"Code the line otherwise in Stampli, or lift the restriction in X3, {RERUN}",
    ),
    _known(
        "ERP_DIMENSION",
        rf"dimension (?P<code>(type )?\S+( (?!does|is)\S+)?) {_UNUSABLE}",
        lambda m: f"Dimension {m['code']} {m['why']} in X3.",
        _DATES.format(file="dimensions.csv") + RERUN,
    ),
    _known(
        "ERP_ACCOUNT",
        rf"account (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"GL account {m['code']} {m['why']} in X3.",
        _DATES.format(file="gl_accounts.csv") + RERUN,
    ),
    _known(
        "ERP_PERIOD_CLOSED",
        r"period.{0,60}(not open|clos)|no period holds|clos.{0,40}(period|fiscal year)",
        "The posting date lies in a period that is not open in X3.",
        f"Open the period in X3, or change the posting date in Stampli, {RERUN}",
    ),
    _known(
        "ERP_DUPLICATE",
        r"source document.{0,80}already|already entered",
        "X3 already holds a document of this supplier under this number.",
        "Compare the two in X3. If it is the same invoice, rerun from failure: it is then adopted.",
    ),
    _known(
        "ERP_TOTAL",
        r"(?P<given>-?\d+(\.\d+)?) was entered, lines and tax give (?P<computed>-?\d+(\.\d+)?)"
        r"|total.{0,60}(differ|does not (match|agree)|not equal)",
        lambda m: (
            f"X3 computes {m['computed']} from lines and tax, the invoice says {m['given']}."
            if m["given"]
            else "X3 computes another total from lines and tax than the invoice says."
        ),
        "Check which tax code the lines carry (tax_codes.csv, and tax_code in the settings) and which rate it has in X3, or "
        f"correct the tax in Stampli, {RERUN}",
    ),
    _known(
        "ERP_TERM",
        rf"payment term (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Payment term {m['code']} {m['why']} in X3.",
        f"Add a rule to terms.csv or create the term in X3, {RERUN}",
    ),
    _known(
        "ERP_TAX",
        rf"tax (?P<kind>code|rule) (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Tax {m['kind'].lower()} {m['code']} {m['why']} in X3.",
        f"Correct the tax code of the connection's settings, or the supplier's tax rule in X3, {RERUN}",
    ),
    _known(
        "ERP_SITE",
        r"site (?P<code>\S+) (?P<why>does not exist|is not active|is not of the company \S+?)\.?$",
        lambda m: f"Site {m['code']} {m['why']} in X3.",
        f"Correct the site of the connection's settings, or activate it in X3, {RERUN}",
    ),
    _known(
        "ERP_COUNTRY",
        rf"country (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Country {m['code']} {m['why']} in X3.",
        f"Correct the vendor's country in Stampli, or the country of new suppliers in the settings, {RERUN}",
    ),
    _known(
        "ERP_POSTAL_CODE",
        r"(?P<code>\S+) is no postal code of (?P<country>\w+)"
        r"|(zip|postal) code.{0,60}(format|not valid|invalid|incorrect)",
        lambda m: (
            f"X3 does not take {m['code']} as a postal code of {m['country']}."
            if m["code"]
            else "X3 does not take the postal code of the address."
        ),
        f"Correct the vendor's address in Stampli, {RERUN}",
    ),
    _known(
        "ERP_RATE",
        r"no (exchange )?rate (of|for) (?P<code>[A-Z]{3})( \((?P<kind>\w+)\))?( on (?P<day>[\d-]+))?"
        r"|(exchange )?rate.{0,40}(does not exist|not found|is missing)",
        lambda m: (
            f"X3 has no exchange rate for {m['code']}{' on ' + m['day'] if m['day'] else ''}."
            if m["code"]
            else "X3 has no exchange rate for the currency of the document."
        ),
        "Enter the rate in X3's currency rates, or correct the kind of rates in the settings (exchange_rate_type), "
        f"{RERUN}",
    ),
    _known(
        "ERP_CURRENCY",
        rf"currency (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Currency {m['code']} {m['why']} in X3.",
        f"Activate the currency in X3, {RERUN}",
    ),
    _known(
        "ERP_CATEGORY",
        rf"category (?P<code>\S+) {_UNUSABLE}",
        lambda m: f"Supplier category {m['code']} {m['why']} in X3.",
        f"Correct the category of the supplier template in the settings, {RERUN}",
    ),
    _known(
        "ERP_RECORD",
        r"^(?:(?P<field>\w+)\s*:\s*)?(?P<code>\S+)\s*:?\s+record does not exist",
        lambda m: f"X3 has no record {m['code']}{' for the field ' + m['field'] if m['field'] else ''}.",
        f"Correct the rule that gives it, or create the record in X3, {RERUN}",
    ),
    _known(
        "ERP_FIELD_MISSING",
        r"^(?:(?P<field>\w+): )?.{0,40}(mandatory|must be entered|is required)",
        lambda m: f"X3 demands the field {m['field']}." if m["field"] else "X3 demands a field that was not sent.",
        "Give it in the connection's settings (templates or names), or let X3's screen not demand it, then rerun from "
        "failure.",
    ),
    _known(
        "ERP_TOO_LONG",
        r"has (?P<had>\d+) characters, at most (?P<most>\d+) fit|too long|exceeds? the (maximum )?length",
        lambda m: (
            f"A text of {m['had']} characters does not fit into {m['most']}." if m["had"] else "A text is too long."
        ),
        f"Shorten it in Stampli and let the invoice be exported again, {RERUN}",
    ),
    _known(
        "ERP_PERMISSION",
        r"(user|function|operation|you).{0,60}not authori[sz]ed|do(es)? not have (the )?(permission|right)"
        r"|access (is )?denied|no access right",
        "The X3 user of this connection may not do this.",
        f"Give the user the function and the site in X3, {RERUN}",
    ),
)

LOCKED = re.compile(
    r"\block(ed)? by\b|\brecord.{0,30}\block(ed)?\b|\bbeing (used|modified) by\b|\b(used|modified) by (another|the) user",
    re.IGNORECASE,
)
LICENCE = re.compile(
    r"licen[cs]e (token|pool|limit)|no (free )?licen[cs]e|pool.{0,40}(exhausted|full|busy)|too many (sessions|connections)"
    r"|maximum number of (users|sessions|connections)",
    re.IGNORECASE,
)
MAINTENANCE = re.compile(
    r"\b(in|under|for) maintenance\b|maintenance (mode|in progress)|temporarily (unavailable|off-?line)|service unavailable",
    re.IGNORECASE,
)


def comes_back(text: str) -> str:
    """Why trying again later is right, as a sentence's beginning; empty where it is not."""
    if LOCKED.search(text):
        return "The record is locked by another user in X3"
    if LICENCE.search(text):
        return "X3 has no free licence or session"
    if MAINTENANCE.search(text):
        return "The X3 folder is in maintenance"
    return ""


def passes(diagnoses: Sequence[Diagnosis]) -> Diagnosis | None:
    """The remark that says why to come back, when that is all that X3 has to say; a decision is never taken for it."""
    if diagnoses and all(comes_back(one.message) and not is_known(one) for one in diagnoses):
        return diagnoses[0]
    return None


def is_known(diagnosis: Diagnosis) -> bool:
    """Whether the text is one of X3's decisions, and not a breakdown in the midst of one."""
    return any(known.pattern.search(diagnosis.message) for known in _CATALOGUE)


def reasons(diagnoses: Sequence[Diagnosis], what: str) -> tuple[Reason, ...]:
    """One reason for each grave diagnosis, X3's words and the path to the field in ``raw``; never none."""
    told = grave(diagnoses) or (*diagnoses,)
    if not told:
        return (Reason("ERP_REFUSED", f"X3 refused {what} without a reason.", f"Look at it in X3, {RERUN}"),)
    found = tuple(_reason(one, what) for one in told)
    if len(found) == 1:
        return found
    others = "; ".join(one.raw for one in told)
    more = f" (and {len(found) - 1} more)"
    first = Reason(found[0].code, found[0].sentence.removesuffix(".") + f"{more}.", found[0].remedy, others)
    return (first, *found[1:])


def _reason(diagnosis: Diagnosis, what: str) -> Reason:
    line = next((step for step in diagnosis.path if isinstance(step, int)), None)
    where = f"Line {line + 1}: " if line is not None else ""
    for known in _CATALOGUE:
        match = known.pattern.search(diagnosis.message)
        if match is not None:
            return Reason(known.code, f"{where}{known.sentence(match)}", known.remedy, diagnosis.raw)
    at = f" at the field {diagnosis.at}" if diagnosis.at else ""
    said = diagnosis.message.rstrip(".") or "no reason given"
    return Reason(
        "ERP_REFUSED",
        f"{where}X3 refused {what}{at}: {said}.",
        f"Correct it in Stampli or X3, {RERUN}",
        diagnosis.raw,
    )
