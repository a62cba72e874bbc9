"""Checks on the posted bills: they reconcile what was approved with what the ERP holds."""

from typing import Any

import dagster as dg

from stampli_assets.defs.partitions import invoice_files


def bill_checks(name: str) -> list[dg.AssetChecksDefinition]:
    """The checks of one connection's bills, per file."""
    files = invoice_files(name)
    approved_key = dg.AssetKey([name, "approved_invoices"])

    @dg.asset_check(
        asset=[name, "bills"],
        name="every_document_is_in_the_erp",
        partitions_def=files,
        additional_ins={"approved": dg.AssetIn(approved_key)},
        description="Each approved invoice of the file has exactly one record number, and the sums agree to the cent.",
    )
    def every_document_is_in_the_erp(bills: Any, approved: Any) -> dg.AssetCheckResult:
        heads = approved.drop_duplicates("document")
        missing = sorted(set(heads["invoice_number"]) - set(bills["number"]))
        of_approved = heads["invoice_total"].groupby(heads["currency"]).sum().to_dict()
        of_bills = bills["total"].groupby(bills["currency"]).sum().to_dict()
        twice = int(bills["record_no"].duplicated().sum())
        return dg.AssetCheckResult(
            passed=not missing and not twice and len(heads) == len(bills) and of_approved == of_bills,
            metadata={
                "Approved": len(heads),
                "In the ERP": len(bills),
                "Missing": ", ".join(missing[:20]) or "none",
                "Record numbers used twice": twice,
            },
        )

    return [every_document_is_in_the_erp]
