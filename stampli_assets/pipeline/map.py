"""Map: approved coding lines in the ERP's words, verified against its masters; or holds that say what to do.

Every reason of a document is found at once. A document with a reason is left out of the mapped lines as a whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from stampli_assets.mapping.coding import Accounts, Codes
from stampli_assets.mapping.rules import DIMENSION_CODES, VENDOR_DEFAULTS, Clash, Rules
from stampli_assets.mapping.vendors import Vendors
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.documents import Dimension
from stampli_assets.model.frames import HOLDS, MAPPED_LINES, TEXT, conform, empty
from stampli_assets.model.ports import Reference
from stampli_assets.pipeline import map_documents, map_entities, map_money
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.worksheet import CORRECT_IN_STAMPLI, Worksheet

NOTHING: Mapping[tuple[str, str], Hold] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Mapped:
    """``lines`` (``MAPPED_LINES``) of the documents that may be sent, ``holds`` (``HOLDS``) of the others."""

    lines: pd.DataFrame
    holds: pd.DataFrame


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
    work = worksheet(lines, rules=rules, reference=reference, target=target, uncreated=uncreated)
    holds = conform(pd.DataFrame(work.holds), HOLDS) if work.holds else empty(HOLDS)
    ready = work.frame[~work.frame["document"].isin(holds["document"])]
    return Mapped(conform(ready.reset_index(drop=True), MAPPED_LINES), holds)


def worksheet(
    lines: pd.DataFrame,
    *,
    rules: Rules,
    reference: Reference,
    target: Target,
    uncreated: Mapping[tuple[str, str], Hold] = NOTHING,
) -> Worksheet:
    """The same lines, one row each in their order, those of held documents too: a word that was not found is empty."""
    work = Worksheet(lines.reset_index(drop=True).copy(), rules, target)
    accounts, codes = Accounts(reference["gl_accounts"]), Codes(reference["dimensions"])
    _vendors(work, Vendors(reference["vendors"], by_tax_id=target.matches_tax_ids), reference["vendors"], uncreated)
    _accounts(work, accounts)
    _terms(work, codes)
    _dimensions(work, codes)
    map_entities.entities(work, codes)
    _unfit(work, accounts, codes)
    _required_dimensions(work, accounts)
    map_money.amounts(work, dict(zip(*(reference["vendors"][name] for name in ("vendor_id", "currency")), strict=True)))
    map_documents.documents(work)
    map_documents.doubles(work)
    work.frame["mapping_version"] = str(rules.version)
    return work


def _vendors(work: Worksheet, vendors: Vendors, known: pd.DataFrame, uncreated: Mapping[tuple[str, str], Hold]) -> None:
    def match(vendor_id: str, name: str, tax_id: str, day: str) -> Verdict:
        verdict = vendors.match(vendor_id, name, day, work.rules, tax_id=tax_id)
        return uncreated.get((vendor_id, name), verdict) if isinstance(verdict, Hold) else verdict

    columns = ("vendor_id", "vendor_name", "vendor_tax_id", "posting_date")
    given = work.look_up(columns, match, heads_only=True, shown="Vendor ID")
    work.frame["erp_vendor_id"] = given
    names = dict(zip(known["vendor_id"], known["name"], strict=True))
    work.frame["erp_vendor_name"] = given.map(lambda vendor: names.get(vendor, "")).astype(TEXT)


def _accounts(work: Worksheet, accounts: Accounts) -> None:
    work.frame["erp_account"] = work.look_up(
        ("gl_account", "posting_date"),
        lambda account, day: accounts.match(account, day, work.rules),
        heads_only=False,
        shown="GL Account",
    )


def _terms(work: Worksheet, codes: Codes) -> None:
    work.frame["erp_term"] = work.look_up(
        ("payment_terms", "posting_date"),
        lambda term, day: codes.match("term", term, day, work.rules),
        heads_only=True,
        shown="Payment Terms",
    )


def _dimensions(work: Worksheet, codes: Codes) -> None:
    _cost_centres(work)
    for dimension in Dimension:
        work.frame[f"erp_{dimension}"] = work.look_up(
            (f"{dimension}_id", "posting_date"),
            lambda code, day, dimension=dimension: codes.match(dimension, code, day, work.rules),
            heads_only=False,
            shown=f"{dimension.title()} ID",
        )
        if work.rules.has(VENDOR_DEFAULTS):
            _defaults(work, codes, dimension)


def _defaults(work: Worksheet, codes: Codes, dimension: Dimension) -> None:
    """What the vendor's lines are coded to that give nothing themselves."""
    frame = work.frame
    bare = frame.index[frame[f"{dimension}_id"] == ""]
    keys = list(zip(*(frame.loc[bare, name] for name in ("vendor_id", "vendor_name", "posting_date")), strict=True))
    defaults = {key: codes.default(dimension, key[:2], key[2], work.rules) for key in dict.fromkeys(keys)}
    found = []
    for at, key in zip(bare, keys, strict=True):
        default = defaults[key]
        if isinstance(default, Hold):
            work.hold(at, f"{dimension.title()} ID", "", default)
        found.append(default.code if isinstance(default, Found) else "")
    frame.loc[bare, f"erp_{dimension}"] = pd.Series(found, index=bare, dtype=TEXT)


def _cost_centres(work: Worksheet) -> None:
    """A cost centre becomes the dimension that its rule names (``department:300``); the line must not say another."""
    frame = work.frame
    for at in frame.index[frame["cost_centre"] != ""]:
        code = str(frame.at[at, "cost_centre"])
        given = work.rules.find(DIMENSION_CODES, ("cost_centre", code), str(frame.at[at, "posting_date"]))
        if isinstance(given, Clash):
            work.hold(at, "Cost Centre", code, given.hold("cost centre", code))
            continue
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


def _unfit(work: Worksheet, accounts: Accounts, codes: Codes) -> None:
    """Accounts and dimensions that exist, and are closed on the posting date or forbidden at the site or together."""
    site, rules = work.target.site, work.rules
    work.hold_each(
        ("gl_account", "erp_account", "posting_date"),
        lambda given, found, day: accounts.unfit(given, found, day, site, rules),
        shown="GL Account",
    )
    for dimension in Dimension:
        work.hold_each(
            (f"{dimension}_id", f"erp_{dimension}", "erp_account", "posting_date"),
            lambda given, found, account, day, of=dimension: codes.unfit(of, given, found, account, day, site, rules),
            shown=f"{dimension.title()} ID",
        )


def _required_dimensions(work: Worksheet, accounts: Accounts) -> None:
    """What the ERP would refuse anyway, said before anything is sent, with the line and the dimension."""
    frame = work.frame
    for dimension in Dimension:
        needing = {account for account, needs in accounts.required.items() if dimension in needs}
        given = (frame[f"{dimension}_id"] != "") | (frame[f"erp_{dimension}"] != "")
        if dimension is Dimension.LOCATION and work.target.locates_by_entity:
            given |= map_entities.entity_of(work) != ""  # which gives its own location to lines without one
        for at in frame.index[frame["erp_account"].isin(needing) & ~given]:
            account, number = str(frame.at[at, "erp_account"]), int(frame.at[at, "line_number"])
            because = f"GL account {account} requires a {dimension}, and line {number} has none"
            remedy = f"Add the {dimension} to the line in Stampli and export again, or stop requiring it in the ERP."
            work.hold(at, f"{dimension.title()} ID", "", Hold("DIMENSION_REQUIRED", because, remedy))
