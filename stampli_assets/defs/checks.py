"""Checks on the posted bills: they reconcile what was approved with what the ERP holds."""

from typing import Any

import dagster as dg

from stampli_assets.defs.feeds import Feed
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
        from stampli_assets.pipeline.stages import SUPERSEDED

        heads = approved.drop_duplicates("document")
        kinds = heads["document_type"].map({"CREDIT_MEMO": "credit"}).fillna("bill")
        wanted = set(zip(kinds, heads["invoice_number"], strict=True))
        missing = sorted(number for _, number in wanted - set(zip(bills["kind"], bills["number"], strict=True)))
        posted = bills[bills["result"] != SUPERSEDED]
        of_approved = heads["invoice_total"].groupby(heads["currency"]).sum().to_dict()
        of_bills = bills["total"].groupby(bills["currency"]).sum().to_dict()
        twice = int(posted.duplicated(["kind", "record_no"]).sum())
        return dg.AssetCheckResult(
            passed=not missing and not twice and len(heads) == len(bills) and of_approved == of_bills,
            metadata={
                "Approved": len(heads),
                "In the ERP": len(posted),
                "Superseded by a later file": len(bills) - len(posted),
                "Missing": ", ".join(missing[:20]) or "none",
                "Record numbers used twice": twice,
            },
        )

    return [every_document_is_in_the_erp]


def payment_checks(feed: Feed) -> list[dg.AssetChecksDefinition]:
    """The checks of one connection's recorded payments, per file."""
    name = feed.connection

    @dg.asset_check(
        asset=[name, "bill_payments"],
        name="every_payment_is_in_the_erp",
        partitions_def=feed.files,
        additional_ins={"processed": dg.AssetIn(dg.AssetKey([name, "processed_payments"]))},
        description="Each payment that was made, and not voided, has exactly one record number, over its amount to the cent.",
    )
    def every_payment_is_in_the_erp(bill_payments: Any, processed: Any) -> dg.AssetCheckResult:
        heads = processed.drop_duplicates("payment")
        made = heads[heads["payment_status"].isin(["PAID", "CLEARED"])]
        voided = set(heads.loc[heads["payment_status"] == "VOIDED", "stampli_payment_id"])
        recorded = dict(zip(bill_payments["stampli_invoice_id"], bill_payments["total"], strict=True))
        totals = dict(zip(made["stampli_payment_id"], made["payment_total"], strict=True))
        missing = sorted(totals.keys() - recorded.keys() - voided)
        differing = sorted(one for one in recorded if totals.get(one) != recorded[one])
        twice = int(bill_payments["record_no"].duplicated().sum())
        return dg.AssetCheckResult(
            passed=not missing and not differing and not twice,
            metadata={
                "Made": len(totals),
                "In the ERP": len(recorded),
                "Missing": ", ".join(missing[:20]) or "none",
                "Over another amount": ", ".join(differing[:20]) or "none",
                "Record numbers used twice": twice,
            },
        )

    return [every_payment_is_in_the_erp]
