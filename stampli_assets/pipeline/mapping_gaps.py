"""The values that hold documents because nothing maps them, and what was posted for the same values earlier."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from stampli_assets.mapping.rules import Rules
from stampli_assets.mapping.suggestions import Past, Unmapped
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.ports import Reference
from stampli_assets.pipeline.map import worksheet
from stampli_assets.pipeline.map_documents import keys_of
from stampli_assets.pipeline.mapping_diff import heads_by_key
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    import pandas as pd

UNMAPPED = frozenset({"VENDOR_UNKNOWN", "VENDOR_AMBIGUOUS", "ACCOUNT_UNKNOWN", "DIMENSION_UNKNOWN", "TERM_UNKNOWN"})
"""The codes of holds that a rule can mend."""
_CALLED = {"Vendor ID": "vendor", "GL Account": "account", "Payment Terms": "term"}


@dataclass
class Gap:
    """One unmapped value, the documents that wait for it with their vendors in Stampli, and a day (ISO text) on which its
    rule is needed.
    """

    value: Unmapped
    day: str
    documents: list[str] = field(default_factory=list)
    vendors: set[str] = field(default_factory=set)


@dataclass
class Gaps:
    """The gaps of a connection, gathered file by file."""

    rules: Rules
    reference: Reference
    target: Target
    found: dict[Unmapped, Gap] = field(default_factory=dict)

    def gather(self, lines: pd.DataFrame, unposted: Collection[PostingKey]) -> None:
        """The gaps of a file's approved lines, in documents that are ``unposted``, by the rules and masters of now."""
        work = worksheet(lines, rules=self.rules, reference=self.reference, target=self.target)
        waiting = {document for key, document in heads_by_key(lines, self.target).items() if key in unposted}
        rows = lines.drop_duplicates("row").set_index("row")
        for hold in work.holds:
            if hold["code"] in UNMAPPED and hold["document"] in waiting:
                row, column = rows.loc[hold["row"]], str(hold["column"])
                one = Unmapped(_CALLED.get(column, column.removesuffix(" ID").lower()), str(hold["value"]))
                if one.called == "vendor":
                    one = replace(one, name=str(row["vendor_name"]), tax_id=str(row["vendor_tax_id"]))
                gap = self.found.setdefault(one, Gap(one, str(row["posting_date"])))
                gap.vendors.add(_vendor(row))
                if str(row["invoice_number"]) not in gap.documents:
                    gap.documents.append(str(row["invoice_number"]))


def _vendor(head: pd.Series) -> str:
    return str(head["vendor_id"] or head["vendor_name"])


@dataclass
class History:
    """What was posted for values of vendors: accounts of documents that have one account in Stampli and one in the ERP."""

    target: Target
    _posted: dict[tuple[str, str, str], dict[str, tuple[int, str]]] = field(default_factory=dict)

    def learn(
        self, lines: pd.DataFrame, accounts: Mapping[PostingKey, tuple[str, ...]], vendors: Mapping[PostingKey, str]
    ) -> None:
        """A file's approved lines, with the GL accounts and the vendor of each document that is posted."""
        heads = lines.drop_duplicates("document").set_index("document")
        coded = lines.groupby("document")["gl_account"].agg(lambda given: tuple(dict.fromkeys(given)))
        for (document, head), key in zip(heads.iterrows(), keys_of(heads, self.target), strict=True):
            vendor, number = _vendor(head), str(head["invoice_number"])
            if key in vendors:
                self._add(("vendor", vendor, vendor), vendors[key], number)
            given, posted = coded[document], accounts.get(key, ())
            if len(given) == len(posted) == 1:
                self._add(("account", vendor, given[0]), posted[0], number)

    def of(self, gap: Gap) -> Iterable[Past]:
        """What the same value of the same vendors became, the most frequent first."""
        one, summed = gap.value, dict[str, tuple[int, str]]()
        for vendor in sorted(gap.vendors):
            for code, (times, number) in self._posted.get((one.called, vendor, one.value), {}).items():
                summed[code] = (summed.get(code, (0, ""))[0] + times, number)
        return [Past(code, *told) for code, told in sorted(summed.items(), key=lambda item: (-item[1][0], item[0]))]

    def _add(self, key: tuple[str, str, str], code: str, number: str) -> None:
        told = self._posted.setdefault(key, {})
        told[code] = (told.get(code, (0, ""))[0] + 1, number)
