"""Map: approved coding lines in the ERP's words, verified against its masters; or holds that say what to do.

Every reason of a document is found at once. A document with a reason is left out of the mapped lines as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from stampli_assets.mapping.coding import Accounts, Codes
from stampli_assets.mapping.rules import DIMENSION_CODES, Rules
from stampli_assets.mapping.vendors import Vendors
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.documents import Dimension, Kind
from stampli_assets.model.frames import HOLDS, MAPPED_LINES, TEXT, conform, empty
from stampli_assets.model.identity import posting_key
from stampli_assets.model.money import Money
from stampli_assets.model.ports import Reference

LONGEST_NUMBERS = {"intacct": 45, "x3": 20}
"""Characters of a bill number in each ERP: Intacct's RECORDID, X3's source document number (BPRVCR)."""
NOTHING: Mapping[tuple[str, str], Hold] = MappingProxyType({})
CORRECT_IN_STAMPLI = "Correct the invoice in Stampli and let it be exported again."


@dataclass(frozen=True, slots=True)
class Target:
    """Where the bills go. ``post_as`` is ``draft`` or ``submit``; ``site`` is where accounts and dimensions must be allowed."""

    erp: str
    company: str
    entity_id: str = ""
    post_as: str = "draft"
    site: str = ""

    @property
    def longest_number(self) -> int:
        """Characters of a bill number that this ERP keeps."""
        return LONGEST_NUMBERS[self.erp]

    @property
    def matches_tax_ids(self) -> bool:
        """Whether a vendor may be found by its tax id."""
        return self.erp == "x3"


@dataclass(frozen=True, slots=True)
class Mapped:
    """``lines`` (``MAPPED_LINES``) of the documents that may be sent, ``holds`` (``HOLDS``) of the others."""

    lines: pd.DataFrame
    holds: pd.DataFrame


@dataclass
class _Work:
    frame: pd.DataFrame
    rules: Rules
    target: Target
    holds: list[dict[str, object]] = field(default_factory=list)

    def hold(self, at: int, column: str, value: str, why: Hold) -> None:
        row, line = int(self.frame.at[at, "row"]), int(self.frame.at[at, "line"])
        self.holds.append(
            {
                "document": int(self.frame.at[at, "document"]),
                "row": row,
                "column": column,
                "value": value,
                "code": why.code,
                "sentence": f"Row {row} (line {line}): {why.because}.",
                "remedy": why.remedy,
            }
        )

    def heads(self) -> pd.DataFrame:
        """The first row of each document."""
        return self.frame.drop_duplicates("document")


def map_lines(
    lines: pd.DataFrame,
    *,
    rules: Rules,
    reference: Reference,
    target: Target,
    uncreated: Mapping[tuple[str, str], Hold] = NOTHING,
) -> Mapped:
    """Map a file's approved lines with the rules valid on each document's posting date.

    ``uncreated`` says why a vendor (Stampli's id and name) that the ERP lacks could not be created.
    """
    if lines.empty:
        return Mapped(empty(MAPPED_LINES), empty(HOLDS))
    work = _Work(lines.reset_index(drop=True).copy(), rules, target)
    accounts, codes = Accounts(reference["gl_accounts"]), Codes(reference["dimensions"])
    _vendors(work, Vendors(reference["vendors"], by_tax_id=target.matches_tax_ids), reference["vendors"], uncreated)
    _accounts(work, accounts)
    _terms(work, codes)
    _dimensions(work, codes)
    _unfit(work, accounts, codes)
    _required_dimensions(work, accounts)
    _documents(work)
    _doubles(work)
    work.frame["mapping_version"] = str(rules.version)
    holds = conform(pd.DataFrame(work.holds), HOLDS) if work.holds else empty(HOLDS)
    ready = work.frame[~work.frame["document"].isin(holds["document"])]
    return Mapped(conform(ready.reset_index(drop=True), MAPPED_LINES), holds)


def _look_up(
    work: _Work, columns: Sequence[str], match: Callable[..., Verdict], *, heads_only: bool, shown: str
) -> pd.Series:
    """The ERP's word for each row; each distinct value is looked up once, an empty one not at all."""
    keys = list(zip(*(work.frame[column] for column in columns), strict=True))
    verdicts = {key: match(*key) for key in dict.fromkeys(keys) if any(key[:-1])}
    missing = {key for key, verdict in verdicts.items() if isinstance(verdict, Hold)}
    if missing:
        heads = set(work.heads().index)
        for at, key in enumerate(keys):
            if key in missing and (not heads_only or at in heads):
                verdict = verdicts[key]
                assert isinstance(verdict, Hold)
                work.hold(at, shown, next(part for part in key if part), verdict)
    found = {key: verdict for key, verdict in verdicts.items() if isinstance(verdict, Found)}
    return pd.Series([found[key].code if key in found else "" for key in keys], index=work.frame.index, dtype=TEXT)


def _vendors(work: _Work, vendors: Vendors, known: pd.DataFrame, uncreated: Mapping[tuple[str, str], Hold]) -> None:
    def match(vendor_id: str, name: str, tax_id: str, day: str) -> Verdict:
        verdict = vendors.match(vendor_id, name, day, work.rules, tax_id=tax_id)
        return uncreated.get((vendor_id, name), verdict) if isinstance(verdict, Hold) else verdict

    columns = ("vendor_id", "vendor_name", "vendor_tax_id", "posting_date")
    given = _look_up(work, columns, match, heads_only=True, shown="Vendor ID")
    work.frame["erp_vendor_id"] = given
    names = dict(zip(known["vendor_id"], known["name"], strict=True))
    currencies = dict(zip(known["vendor_id"], known["currency"], strict=True))
    work.frame["erp_vendor_name"] = given.map(lambda vendor: names.get(vendor, "")).astype(TEXT)
    own = given.map(lambda vendor: currencies.get(vendor, ""))
    for at, head in work.heads().iterrows():
        if own[at] and own[at] != head["currency"]:
            because = f"the invoice is in {head['currency']}, vendor {given[at]} is kept in {own[at]}"
            remedy = "Correct the vendor's currency in the ERP, or map the invoice to the vendor kept in this currency."
            work.hold(at, "Currency", head["currency"], Hold("CURRENCY_DIFFERS", because, remedy))


def _accounts(work: _Work, accounts: Accounts) -> None:
    work.frame["erp_account"] = _look_up(
        work,
        ("gl_account", "posting_date"),
        lambda account, day: accounts.match(account, day, work.rules),
        heads_only=False,
        shown="GL Account",
    )


def _terms(work: _Work, codes: Codes) -> None:
    work.frame["erp_term"] = _look_up(
        work,
        ("payment_terms", "posting_date"),
        lambda term, day: codes.match("term", term, day, work.rules),
        heads_only=True,
        shown="Payment Terms",
    )


def _dimensions(work: _Work, codes: Codes) -> None:
    _cost_centres(work)
    for dimension in Dimension:
        work.frame[f"erp_{dimension}"] = _look_up(
            work,
            (f"{dimension}_id", "posting_date"),
            lambda code, day, dimension=dimension: codes.match(dimension, code, day, work.rules),
            heads_only=False,
            shown=f"{dimension.title()} ID",
        )


def _cost_centres(work: _Work) -> None:
    """A cost centre becomes the dimension that its rule names (``department:300``); the line must not say another."""
    frame = work.frame
    for at in frame.index[frame["cost_centre"] != ""]:
        code = str(frame.at[at, "cost_centre"])
        given = work.rules.find(DIMENSION_CODES, ("cost_centre", code), str(frame.at[at, "posting_date"]))
        dimension, _, target = (given or "").partition(":")
        if dimension not in set(Dimension) or not target:
            remedy = f"Add a rule to dimensions.csv: cost_centre,{code},department:… (or another dimension)."
            work.hold(
                at, "Cost Centre", code, Hold("COST_CENTRE_UNMAPPED", f"cost centre {code!r} has no rule", remedy)
            )
        elif frame.at[at, f"{dimension}_id"] not in {"", target}:
            because = (
                f"cost centre {code!r} means {dimension} {target!r}, the line says {frame.at[at, f'{dimension}_id']!r}"
            )
            work.hold(at, "Cost Centre", code, Hold("COST_CENTRE_CONFLICT", because, CORRECT_IN_STAMPLI))
        else:
            frame.at[at, f"{dimension}_id"] = target


def _unfit(work: _Work, accounts: Accounts, codes: Codes) -> None:
    """Accounts and dimensions that exist, and are closed on the posting date or forbidden at the site or together."""
    site, rules = work.target.site, work.rules
    _hold_each(
        work,
        ("gl_account", "erp_account", "posting_date"),
        lambda given, found, day: accounts.unfit(given, found, day, site, rules),
        shown="GL Account",
    )
    for dimension in Dimension:
        _hold_each(
            work,
            (f"{dimension}_id", f"erp_{dimension}", "erp_account", "posting_date"),
            lambda given, found, account, day, of=dimension: codes.unfit(of, given, found, account, day, site, rules),
            shown=f"{dimension.title()} ID",
        )


def _hold_each(work: _Work, columns: Sequence[str], why: Callable[..., list[Hold]], *, shown: str) -> None:
    """Every reason for every row; each distinct combination is looked up once."""
    keys = list(zip(*(work.frame[column] for column in columns), strict=True))
    reasons = {key: why(*key) for key in dict.fromkeys(keys)}
    for at, key in enumerate(keys):
        for reason in reasons[key]:
            work.hold(at, shown, key[0], reason)


def _required_dimensions(work: _Work, accounts: Accounts) -> None:
    """What the ERP would refuse anyway, said before anything is sent, with the line and the dimension."""
    frame = work.frame
    for dimension in Dimension:
        needing = {account for account, needs in accounts.required.items() if dimension in needs}
        given = frame[f"{dimension}_id"] != ""
        if dimension is Dimension.LOCATION and work.target.entity_id:
            continue  # posted at an entity, which gives its own location to lines without one
        for at in frame.index[frame["erp_account"].isin(needing) & ~given]:
            account, number = str(frame.at[at, "erp_account"]), int(frame.at[at, "line_number"])
            because = f"GL account {account} requires a {dimension}, and line {number} has none"
            remedy = f"Add the {dimension} to the line in Stampli and export again, or stop requiring it in the ERP."
            work.hold(at, f"{dimension.title()} ID", "", Hold("DIMENSION_REQUIRED", because, remedy))


def _documents(work: _Work) -> None:
    """What this version cannot post as it stands is held, never bent."""
    for at, head in work.heads().iterrows():
        for column, why in _document_holds(head, work):
            work.hold(at, column, "", why)
    for at in work.frame.index[work.frame["tax_amount"] != 0]:
        tax = Money(int(work.frame.at[at, "tax_amount"]), str(work.frame.at[at, "currency"])).labelled
        because = f"the line carries {tax} of tax beside its amount, which would be missing from the bill"
        remedy = "Code the tax as a line of type TAX with its GL account in Stampli's template."
        work.hold(at, "Tax Amount", tax, Hold("TAX_AMOUNT", because, remedy))


def _document_holds(head: pd.Series, work: _Work) -> Iterable[tuple[str, Hold]]:
    number, target = str(head["invoice_number"]), work.target
    if head["document_type"] != "INVOICE" or head["invoice_total"] < 0:
        because = f"{number} is a credit memo; this version posts invoices only"
        yield "Document Type", Hold("CREDIT_MEMO", because, "Key it in the ERP as an AP adjustment.")
    elif head["invoice_total"] == 0:
        yield "Invoice Total", Hold("ZERO_TOTAL", f"{number} is an invoice over nothing", CORRECT_IN_STAMPLI)
    if len(number) > target.longest_number:
        because = f"{number} has {len(number)} characters; a bill number holds {target.longest_number} and is never cut"
        yield "Invoice Number", Hold("NUMBER_TOO_LONG", because, CORRECT_IN_STAMPLI)
    if not head["due_date"] and target.post_as == "submit":
        because = f"{number} has no due date, and a bill that goes straight to the ledger needs one"
        yield "Due Date", Hold("DUE_DATE_MISSING", because, CORRECT_IN_STAMPLI)
    entity = work.rules.find(DIMENSION_CODES, ("entity", str(head["entity_id"])), str(head["posting_date"]))
    entity = entity or str(head["entity_id"])
    if entity and target.entity_id and entity != target.entity_id:
        because = f"{number} belongs to entity {entity!r}; this connection posts into entity {target.entity_id!r}"
        remedy = "Send it to the connection of that entity, or add an entity rule to dimensions.csv."
        yield "Entity ID", Hold("ENTITY_OTHER", because, remedy)


def _doubles(work: _Work) -> None:
    """Two documents of one file that would be one bill: which is meant is not guessed, both are held."""
    heads = work.heads()
    keys = [
        posting_key(
            erp=work.target.erp, company=work.target.company, kind=Kind.BILL, vendor_id=vendor or name, number=number
        )
        for vendor, name, number in zip(heads["vendor_id"], heads["vendor_name"], heads["invoice_number"], strict=True)
    ]
    same_key = pd.Series(keys, index=heads.index).duplicated(keep=False)
    mapped = heads[heads["erp_vendor_id"] != ""]
    same_bill = mapped.duplicated(["erp_vendor_id", "invoice_number"], keep=False)
    for at in heads.index[same_key]:
        number = str(heads.at[at, "invoice_number"])
        because = f"{number} of this vendor stands twice in the file, as different documents"
        work.hold(at, "Invoice Number", number, Hold("DUPLICATE_IN_FILE", because, "Cancel one of the two in Stampli."))
    for at in mapped.index[same_bill & ~same_key.loc[mapped.index]]:
        number, vendor = str(heads.at[at, "invoice_number"]), str(heads.at[at, "erp_vendor_id"])
        because = f"two Stampli vendors with an invoice {number} are both mapped to vendor {vendor}"
        remedy = "If it is one invoice, cancel one in Stampli; otherwise correct the rules in vendors.csv."
        work.hold(at, "Invoice Number", number, Hold("TWIN_IN_FILE", because, remedy))
