"""Stampli's vendors to the ERP's: by rule, by id, or by a name that only one active vendor has. Never a guess."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field

import pandas as pd

from stampli_assets.mapping.rules import VENDORS, Rules
from stampli_assets.mapping.verdicts import Found, Hold, Verdict


def folded(name: str) -> str:
    """What two names are compared by: NFKC, case folded, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


@dataclass
class Vendors:
    """The ERP's vendors (``VENDORS`` frame), ready to be looked up."""

    frame: pd.DataFrame
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

    def match(self, vendor_id: str, name: str, day: str, rules: Rules) -> Verdict:
        """The ERP's vendor for a Stampli vendor id and name on a day (ISO text)."""
        ruled = (vendor_id and rules.find(VENDORS, (vendor_id,), day)) or (name and rules.find(VENDORS, (name,), day))
        if ruled:
            return self._verified(ruled, f"the rule for {vendor_id or name!r} gives vendor {ruled!r}, which")
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
