"""Twins: vendors of the ERP that may be one of Stampli's although neither a rule nor its number says so.

A twin is no match: it is what keeps a vendor from being created a second time until a person has looked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import pandas as pd

from stampli_assets.mapping.vendors import folded
from stampli_assets.model.suppliers import TaxId


@dataclass(frozen=True, slots=True)
class Twin:
    """A vendor of the ERP, and by what it looks like the one that was asked for: ``tax id`` or ``name``."""

    vendor_id: str
    name: str
    by: str

    def __str__(self) -> str:
        return f"{self.vendor_id} ({self.name})"


@dataclass
class Twins:
    """The ERP's vendors (``VENDORS`` frame), active or not, ready to be looked through."""

    frame: pd.DataFrame
    _by_name: dict[str, list[tuple[Twin, TaxId | None]]] = field(init=False)
    _by_tax: dict[str, list[tuple[Twin, TaxId]]] = field(init=False)

    def __post_init__(self) -> None:
        self._by_name, self._by_tax = defaultdict(list), defaultdict(list)
        columns = ("vendor_id", "name", "tax_id")
        for vendor, name, text in zip(*(self.frame[column] for column in columns), strict=True):
            tax_id = TaxId.read(text)
            self._by_name[folded(name)].append((Twin(vendor, name, "name"), tax_id))
            if tax_id is not None:
                self._by_tax[tax_id.body].append((Twin(vendor, name, "tax id"), tax_id))

    def of(self, name: str, tax_id: str) -> tuple[Twin, ...]:
        """The vendors of this tax id; where there are none, those of this very name whose tax id is not another one."""
        read = TaxId.read(tax_id)
        if read is not None:
            taxed = tuple(twin for twin, own in self._by_tax.get(read.body, ()) if own.matches(read))
            if taxed:
                return taxed
        named = self._by_name.get(folded(name), ()) if folded(name) else ()
        return tuple(twin for twin, own in named if own is None or read is None or own.matches(read))
