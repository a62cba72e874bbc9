"""Standings: each of Stampli's vendors beside the ERP's one: the same, different, unknown, or not to be decided here.

Nothing is ever applied: a difference is shown to a person, who corrects the side that is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from stampli_assets.mapping.coding import Codes
from stampli_assets.mapping.twins import Twins
from stampli_assets.mapping.vendors import Vendors, folded
from stampli_assets.mapping.verdicts import Found, Hold
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.suppliers import TaxId
from stampli_assets.pipeline.suppliers import is_ruled, twin_hold
from stampli_assets.pipeline.target import Target

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules
    from stampli_assets.model.ports import Reference

LONGEST_NAME: Final = {"x3": 35}
"""Characters of a name that an ERP keeps where it cuts; further ones are no difference."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that Stampli and the ERP tell differently."""

    field: str
    stampli: str
    erp: str

    def __str__(self) -> str:
        return f"{self.field}: Stampli {self.stampli or 'nothing'!r}, ERP {self.erp or 'nothing'!r}"


@dataclass(frozen=True, slots=True)
class Standing:
    """One vendor: the ERP's id of it (empty: none is known), what differs, how it was found, and why a person must decide."""

    vendor: Mapping[str, Any]
    erp_vendor_id: str = ""
    differences: tuple[Difference, ...] = ()
    found_by: str = ""
    """``name`` or ``tax id`` where nothing else tells: documents of it are not mapped without a rule."""
    hold: Hold | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether the ERP lacks it and it is one that trades."""
        return not self.erp_vendor_id and self.hold is None and self.vendor["status"] != "INACTIVE"

    @property
    def notices(self) -> list[Finding]:
        """What a person should know of it."""
        told = [self._notice("VENDOR_DIFFERS", _differs(self, one), _CORRECT, one) for one in self.differences]
        if self.found_by:
            sentence = (
                f"Vendor {self.vendor['vendor_id']} ({self.vendor['vendor_name']}) is in the ERP by its {self.found_by} "
                f"only, as {self.erp_vendor_id}; documents of it are held."
            )
            rule = f"Add a rule to vendors.csv: {self.vendor['vendor_id']},{self.erp_vendor_id}."
            told.append(self._notice("VENDOR_WITHOUT_RULE", sentence, rule))
        return told

    def missing(self) -> Finding:
        """That the ERP lacks it, where the settings do not let it be created."""
        sentence = f"Vendor {self.vendor['vendor_id']} ({self.vendor['vendor_name']}) is not in the ERP."
        remedy = "Create it in the ERP before its first invoice, or add a rule to vendors.csv; the settings create no vendors."
        return self._notice("VENDOR_MISSING", sentence, remedy)

    def finding(self, end: End, hold: Hold) -> Finding:
        """Why a person, or time, must mend something before the file is settled."""
        sentence = f"{hold.because[:1].upper()}{hold.because[1:]}."
        return Finding(
            end=end,
            document=str(self.vendor["vendor_id"]),
            code=hold.code,
            sentence=sentence,
            remedy=f"{hold.remedy} Then rerun from failure." if end is End.HELD else hold.remedy,
            vendor=str(self.vendor["vendor_name"]),
            row=int(self.vendor.get("row", 0)),
        )

    def _notice(self, code: str, sentence: str, remedy: str, about: Difference | None = None) -> Finding:
        return Finding(
            end=End.NOTICED,
            document=str(self.vendor["vendor_id"]),
            code=code,
            sentence=sentence,
            remedy=remedy,
            vendor=str(self.vendor["vendor_name"]),
            column=about.field if about is not None else "",
            value=about.stampli if about is not None else "",
        )


_CORRECT = (
    "Find out which one is right and correct the other by hand, in Stampli or in the ERP. The machine changes neither."
)


def _differs(standing: Standing, one: Difference) -> str:
    vendor = standing.vendor
    return (
        f"The {one.field} of vendor {vendor['vendor_id']} ({vendor['vendor_name']}) is {one.stampli or 'empty'!r} in Stampli "
        f"and {one.erp or 'empty'!r} in the ERP (vendor {standing.erp_vendor_id})."
    )


@dataclass
class Judge:
    """How vendors stand to one reading of the ERP's masters, by the rules that hold on a day."""

    reference: Reference
    rules: Rules
    target: Target
    day: date
    _vendors: Vendors = field(init=False)
    _twins: Twins = field(init=False)
    _codes: Codes = field(init=False)
    _rows: dict[str, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        frame = self.reference["vendors"]
        # an inactive vendor is found too: that it is inactive is a difference
        self._vendors = Vendors(frame.assign(status="active"), by_tax_id=self.target.matches_tax_ids)
        self._twins = Twins(frame)
        self._codes = Codes(self.reference["dimensions"])
        self._rows = {row["vendor_id"]: row for row in frame.to_dict("records")}

    def judge(self, rows: pd.DataFrame) -> list[Standing]:
        """The standing of each vendor of ``VENDOR_ROWS`` or ``REMEMBERED``, in order."""
        return [self._standing(row) for row in rows.to_dict("records")]

    def term(self, stampli: str) -> Found | Hold:
        """The ERP's payment term for Stampli's; empty where Stampli tells none."""
        return self._codes.match("term", stampli, self.day.isoformat(), self.rules) if stampli else Found("")

    def _standing(self, row: Mapping[str, Any]) -> Standing:
        vendor_id, name, tax_id = row["vendor_id"], row["vendor_name"], row["tax_id"]
        day = self.day.isoformat()
        verdict = self._vendors.match(vendor_id, name, day, self.rules, tax_id=tax_id)
        if isinstance(verdict, Found):
            return Standing(row, verdict.code, self._differences(row, verdict.code))
        if row["status"] == "INACTIVE":
            return Standing(row)
        if verdict.code != "VENDOR_UNKNOWN" or is_ruled(vendor_id, name, day, self.rules):
            return Standing(row, hold=verdict)
        twins = self._twins.of(name, tax_id)
        if len(twins) == 1:
            (twin,) = twins
            return Standing(row, twin.vendor_id, self._differences(row, twin.vendor_id), found_by=twin.by)
        return Standing(row, hold=twin_hold(vendor_id, name, twins))

    def _differences(self, row: Mapping[str, Any], erp_vendor_id: str) -> tuple[Difference, ...]:
        erp = self._rows[erp_vendor_id]
        told = [
            Difference("name", row["vendor_name"], erp["name"]) if not self._same_name(row, erp) else None,
            Difference("tax id", row["tax_id"], erp["tax_id"]) if not _same_tax_id(row, erp) else None,
            Difference("status", row["status"].lower(), erp["status"])
            if row["status"].lower() != erp["status"]
            else None,
            Difference("currency", row["currency"], erp["currency"])
            if row["currency"] and erp["currency"] and row["currency"] != erp["currency"]
            else None,
            Difference("payment terms", row["payment_terms"], erp["term"]) if not self._same_term(row, erp) else None,
        ]
        return tuple(one for one in told if one is not None)

    def _same_name(self, row: Mapping[str, Any], erp: Mapping[str, Any]) -> bool:
        longest = LONGEST_NAME.get(self.target.erp)
        return folded(row["vendor_name"][:longest]) == folded(erp["name"])

    def _same_term(self, row: Mapping[str, Any], erp: Mapping[str, Any]) -> bool:
        if not row["payment_terms"] or not self._codes.has("term"):
            return True
        match self.term(row["payment_terms"]):
            case Found(code):
                return code == erp["term"]
            case Hold():
                return False


def _same_tax_id(row: Mapping[str, Any], erp: Mapping[str, Any]) -> bool:
    """What Stampli does not tell is no difference."""
    stampli, known = TaxId.read(row["tax_id"]), TaxId.read(erp["tax_id"])
    return stampli is None or (known is not None and stampli.matches(known))
