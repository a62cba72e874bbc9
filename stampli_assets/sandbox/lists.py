"""The firm's lists as its Stampli keeps them: vendors, GL accounts and values of dimensions."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stampli_assets.sandbox.firm import (
    CLASSES,
    DEPARTMENTS,
    LOCATIONS,
    PROJECTS,
    STAMPLI_ACCOUNTS,
    STAMPLI_DEPARTMENTS,
    Firm,
    Vendor,
)

_LIABILITIES = 40_000
_KINDS = (("DEPARTMENT", DEPARTMENTS), ("LOCATION", LOCATIONS), ("CLASS", CLASSES), ("PROJECT", PROJECTS))


@dataclass(frozen=True)
class SampleAccount:
    """One GL account."""

    number: str
    name: str
    kind: str = "EXPENSE"
    status: str = "ACTIVE"
    requires_department: bool = False


@dataclass(frozen=True)
class SampleCostCentre:
    """One value of a dimension."""

    dimension: str
    code: str
    name: str
    parent: str = ""
    status: str = "ACTIVE"


NEW_VENDOR = Vendor("V-10099", "Brookpark Signs", "office", "Net 30", "34-1099001", active=True)


def vendors(firm: Firm) -> list[Vendor]:
    """Every vendor of the firm, one of them under another tax id than in the ERP, and one that the ERP lacks."""
    first, second, *others = firm.vendors
    return [first, replace(second, tax_id="98-7654321"), *others, NEW_VENDOR]


def accounts(firm: Firm) -> list[SampleAccount]:
    """Every account of the firm's ERP, and those that its Stampli still calls by their old numbers."""
    known = [
        SampleAccount(
            number=told["ACCOUNTNO"],
            name=told["TITLE"],
            kind="BALANCE SHEET" if int(told["ACCOUNTNO"]) < _LIABILITIES else "EXPENSE",
            status=told["STATUS"].upper(),
            requires_department=told["REQUIREDEPT"] == "true",
        )
        for told in firm.masters()["accounts"]
    ]
    by_number = {account.number: account for account in known}
    return [*known, *(replace(by_number[erp], number=old) for old, erp in STAMPLI_ACCOUNTS.items())]


def cost_centres() -> list[SampleCostCentre]:
    """Every department, location, class and project, and the departments that Stampli still calls by old codes."""
    known = [SampleCostCentre(dimension, code, name) for dimension, values in _KINDS for code, name in values.items()]
    old = [SampleCostCentre("DEPARTMENT", old, DEPARTMENTS[erp]) for old, erp in STAMPLI_DEPARTMENTS.items()]
    return known + old
