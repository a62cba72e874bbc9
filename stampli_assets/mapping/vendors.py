"""Stampli's vendors to the ERP's: by rule, by id, or by a name that only one active vendor has. Never a guess."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field

import pandas as pd

from stampli_assets.mapping.rules import VENDORS, Clash, Rules
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.suppliers import TaxId


def folded(name: str) -> str:
    """What two names are compared by: NFKC, case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def vendor_key(head: pd.Series) -> tuple[str, str]:
    """Stampli's vendor of a document: its id and name."""
    return str(head["vendor_id"]), str(head["vendor_name"])


@dataclass
class Vendors:
    """The ERP's vendors (``VENDORS`` frame), ready to be looked up.

    ``by_tax_id``: a vendor is the one with its tax id, or with its number; both together must be one and the same.
    """

    frame: pd.DataFrame
    by_tax_id: bool = False
    _by_id: dict[str, tuple[str, str]] = field(init=False)
    _by_name: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        columns = ("vendor_id", "name", "status")
        rows = list(zip(*(self.frame[column] for column in columns), strict=True))
        self._by_id = {vendor: (name, status) for vendor, name, status in rows}
        names: dict[str, list[str]] = defaultdict(list)
        for vendor, name, status in rows:
            if status == "active":
                names[folded(name)].append(vendor)
        self._by_name = dict(names)
        self._by_tax: dict[str, list[tuple[TaxId, str]]] = defaultdict(list)
        for vendor, tax_id in zip(self.frame["vendor_id"], self.frame["tax_id"], strict=True):
            if self.by_tax_id and (read := TaxId.read(tax_id)) is not None:
                self._by_tax[read.body].append((read, vendor))

    def match(self, vendor_id: str, name: str, day: str, rules: Rules, *, tax_id: str = "") -> Verdict:
        """The ERP's vendor for a Stampli vendor id, name and tax id on a day (ISO text)."""
        ruled = rules.find_any(VENDORS, [(named,) for named in (vendor_id, name) if named], day)
        if isinstance(ruled, Clash):
            return ruled.hold("vendor", vendor_id or name)
        if ruled:
            return self._verified(ruled, f"the rule for {vendor_id or name!r} gives vendor {ruled!r}, which")
        if self.by_tax_id and (taxed := self._by_its_tax_id(vendor_id, name, tax_id)) is not None:
            return taxed
        if vendor_id:
            return self._verified(vendor_id, f"vendor {vendor_id!r} ({name})" if name else f"vendor {vendor_id!r}")
        return self._by_its_name(name)

    def _verified(self, vendor: str, said: str) -> Verdict:
        known = self._by_id.get(vendor)
        if known is None:
            return Hold("VENDOR_UNKNOWN", f"{said} does not exist in the ERP{self._twin(vendor)}", self._remedy(vendor))
        name, status = known
        if status != "active":
            return Hold(
                "VENDOR_INACTIVE",
                f"{said} ({name}) is inactive in the ERP" if name not in said else f"{said} is inactive in the ERP",
                f"Activate vendor {vendor} in the ERP, or map the invoice's vendor to another one in vendors.csv.",
            )
        return Found(vendor, name)

    def _by_its_tax_id(self, vendor_id: str, name: str, tax_id: str) -> Verdict | None:
        """The vendor of that tax id, who must be the one of that number where there is one; ``None``: none has it."""
        read = TaxId.read(tax_id)
        found = (
            {vendor for known, vendor in self._by_tax[read.body] if known.matches(read)} if read is not None else set()
        )
        if vendor_id in self._by_id:
            found.add(vendor_id)
        if not found:
            return None
        if len(found) == 1:
            return self._verified(found.pop(), f"vendor {name or vendor_id!r}")
        return Hold(
            "VENDOR_AMBIGUOUS",
            f"{len(found)} suppliers in the ERP may be {name or vendor_id!r} by tax id {tax_id!r} or number: "
            f"{', '.join(sorted(found))}",
            f"Say which one is meant: add a rule for {vendor_id or name!r} to vendors.csv, or correct the surplus supplier.",
        )

    def _by_its_name(self, name: str) -> Verdict:
        candidates = self._by_name.get(folded(name), [])
        if len(candidates) == 1:
            return Found(candidates[0], self._by_id[candidates[0]][0])
        if not candidates:
            return Hold("VENDOR_UNKNOWN", f"no active vendor in the ERP is named {name!r}", self._remedy(name))
        return Hold(
            "VENDOR_AMBIGUOUS",
            f"{len(candidates)} active vendors in the ERP are named {name!r}: {', '.join(sorted(candidates))}",
            f"Say which one is meant: add a rule for {name!r} to vendors.csv.",
        )

    def _twin(self, vendor: str) -> str:
        """A hint, never a match: the same number with other leading zeros."""
        twins = [known for known in self._by_id if known != vendor and known.lstrip("0") == vendor.lstrip("0")]
        return f"; {', '.join(sorted(twins))} does" if twins else ""

    @staticmethod
    def _remedy(vendor: str) -> str:
        return f"Create the vendor in the ERP, or add a rule for {vendor!r} to vendors.csv."
