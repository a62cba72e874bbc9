"""Metadata: what a person reads on a run or a materialization. Numbers are plotted, money is text, tables are short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from stampli_assets.defs.anchors import HEAD
from stampli_assets.model.findings import Finding
from stampli_assets.model.money import Money
from stampli_assets.model.postings import Conflict, Intent
from stampli_assets.reports.tables import findings_table, markdown, postings_table, totals, totals_text


def delivery(*, name: str, size: int, modified: str, digest: str, same_as: str) -> dict[str, Any]:
    """Of a collected file."""
    described: dict[str, Any] = {
        "File": name,
        "Bytes": size,
        "Modified (UTC)": modified,
        "SHA-256": digest,
    }
    if same_as:
        described["Same content as"] = same_as
    return described


def _remarks(notes: Sequence[str], rejects: Sequence[Finding]) -> dict[str, Any]:
    """What else is said of a parsed file."""
    said: dict[str, Any] = {}
    if notes:
        said["Notes"] = dg.MetadataValue.md("\n".join(f"- {note}" for note in notes))
    if rejects:
        said["Rejects"] = dg.MetadataValue.md(findings_table(rejects))
    return said


def approved(
    *,
    documents: int,
    rejected: int,
    lines: int,
    sums: Mapping[str, Money],
    notes: Sequence[str],
    findings: Sequence[Finding],
) -> dict[str, Any]:
    """Of a parsed file: counts, sums, notes, and the rejects with their reasons."""
    described: dict[str, Any] = {
        "dagster/row_count": lines,
        "Invoices accepted": documents,
        "Invoices rejected": rejected,
        "Coding lines": lines,
        "Sum accepted": totals_text(sums.values()),
    }
    return described | _remarks(notes, findings)


def processed(
    *,
    payments: int,
    rejected: int,
    rows: int,
    sums: Mapping[str, Money],
    notes: Sequence[str],
    findings: Sequence[Finding],
) -> dict[str, Any]:
    """Of a parsed payment file: counts, sums of what has been paid, notes, and the rejects with their reasons."""
    described: dict[str, Any] = {
        "dagster/row_count": rows,
        "Payments accepted": payments,
        "Payments rejected": rejected,
        "Invoices settled by them": rows,
        "Sum paid": totals_text(sums.values()),
    }
    return described | _remarks(notes, findings)


def listed(
    records: str, *, rows: int, rejected: int, notes: Sequence[str], findings: Sequence[Finding]
) -> dict[str, Any]:
    """Of a parsed list of vendors, GL accounts or cost centres."""
    described: dict[str, Any] = {
        "dagster/row_count": rows,
        f"{records} accepted": rows,
        f"{records} rejected": rejected,
    }
    return described | _remarks(notes, findings)


def standings(frame: Any) -> dict[str, Any]:
    """Of the vendors of a file: how many stand how to the ERP, and those that do not simply agree."""
    counts = frame["standing"].value_counts()
    other = frame[frame["standing"] != "agrees"]
    rows = (
        (one.row, one.vendor_id, one.vendor_name, one.standing, one.erp_vendor_id, one.differences)
        for one in other.itertuples(index=False)
    )
    headers = ["Row", "Vendor", "Name", "Standing", "ERP vendor", "Differences"]
    return {
        "dagster/row_count": len(frame),
        "Vendors": len(frame),
        **{str(word).capitalize(): int(count) for word, count in sorted(counts.items())},
        **({"To look at": dg.MetadataValue.md(markdown(headers, rows, total=len(other)))} if len(other) else {}),
    }


def vendors(frame: Any, findings: Sequence[Finding], notices: Sequence[Finding]) -> dict[str, Any]:
    """The same, with why vendors are not settled and what a person should know."""
    described = standings(frame)
    if findings:
        described["Unsettled vendors"] = dg.MetadataValue.md(findings_table(findings))
    if notices:
        described["Noticed"] = dg.MetadataValue.md(findings_table(notices))
    return described


def mapped(
    *, ready: int, held: int, version: str, read_at: str, findings: Sequence[Finding], suppliers: int = 0
) -> dict[str, Any]:
    """Of the mapping: how many documents may go on, and which are held."""
    described: dict[str, Any] = {
        "Ready to post": ready,
        "Held": held,
        "Mapping version": version[:12],
        "ERP masters read (UTC)": read_at,
    }
    if suppliers:
        described["Suppliers created"] = suppliers
    if findings:
        described["Holds"] = dg.MetadataValue.md(findings_table(findings))
    return described


def request(intents: Sequence[Intent], *, file_name: str, seconds: float) -> dict[str, Any]:
    """Of one request to the ERP: the table of what it carried."""
    return {
        "Documents": len(intents),
        "Posted": sum(intent.posting.is_posted for intent in intents),
        "Seconds": round(seconds, 3),
        "Postings": dg.MetadataValue.md(postings_table(intents, file_name)),
    }


def batch(
    settled: Sequence[Intent], *, file_name: str, findings: Sequence[Finding], seconds: float, head: str
) -> dict[str, Any]:
    """Of a posted file: counts, sums per currency, postings with their record numbers, what is unsettled."""
    ours = [intent for intent in settled if intent.posting.conflict is Conflict.NONE]
    adopted = [intent for intent in ours if intent.posting.adopted]
    waiting = {finding.document for finding in findings if not finding.end.is_settled}
    described: dict[str, Any] = {}
    if findings:
        described["Unsettled documents"] = dg.MetadataValue.md(findings_table(findings))
    return described | {
        "Posted": len(ours) - len(adopted),
        "Already there": len(adopted),
        **({"Superseded": len(settled) - len(ours)} if len(settled) > len(ours) else {}),
        "Unsettled": len(waiting),
        "Sum settled": totals_text(totals(intent.document.total for intent in ours).values()),
        "Seconds": round(seconds, 3),
        HEAD: head,
        "Postings": dg.MetadataValue.md(postings_table(settled, file_name)),
    }


def with_error_list(described: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The same with where the whole list of findings lies."""
    return {**described, "Error list (CSV)": dg.MetadataValue.path(path)} if path else dict(described)


def settled(frame: Any, documents: str = "Bills") -> dict[str, Any]:
    """Of a settled file: what the accountant sees on the partition; ``documents`` is what they are."""
    sums = {
        currency: Money(int(minor), currency)
        for currency, minor in frame.groupby("currency")["total"].sum().sort_index().items()
    }
    rows = (
        (
            one.row,
            one.kind,
            one.number,
            one.record_no,
            one.result,
            Money(int(one.total), one.currency).labelled,
            one.vendor_id,
            one.vendor_name,
            one.accounts,
        )
        for one in frame.itertuples(index=False)
    )
    headers = ["Row", "Kind", "Document", "Record no", "Result", "Amount", "Vendor", "Name", "GL accounts"]
    credits_ = int((frame["kind"] == "credit").sum())
    return {
        "dagster/row_count": len(frame),
        documents: len(frame) - credits_,
        **({"Credits": credits_} if credits_ else {}),
        "Posted": int((frame["result"] == "posted").sum()),
        "Already there": int((frame["result"] == "already there").sum()),
        "Sum": totals_text(sums.values()),
        f"{documents} in the ERP": dg.MetadataValue.md(markdown(headers, rows, total=len(frame))),
    }
