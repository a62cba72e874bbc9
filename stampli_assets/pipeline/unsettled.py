"""What is not simply posted, as findings: one sentence and one remedy for each document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from stampli_assets.model.errors import FileRefused, StampliAssetsError
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Reason
from stampli_assets.model.postings import REPEATED, Conflict, Intent, State
from stampli_assets.pipeline.post import Batch

if TYPE_CHECKING:
    import pandas as pd

RERUN = "then rerun from failure"


def rejected(rejects: pd.DataFrame) -> list[Finding]:
    """The rejects of a file (``REJECTS``): settled, they go back to Stampli."""
    return [
        Finding(
            end=End.REJECTED,
            document=fault.document,
            code=fault.rule,
            sentence=fault.sentence,
            remedy="Correct the invoice in Stampli and let it be exported again.",
            row=fault.row,
            line=fault.line,
            column=fault.column,
            value=fault.value,
        )
        for fault in rejects.itertuples(index=False)
    ]


def held(holds: pd.DataFrame, lines: pd.DataFrame) -> list[Finding]:
    """The holds of the mapping (``HOLDS``), named by the documents of the approved ``lines``."""
    if holds.empty:
        return []
    heads = lines.drop_duplicates("document").set_index("document")
    findings = []
    for hold in holds.itertuples(index=False):
        head = heads.loc[hold.document]
        findings.append(
            Finding(
                end=End.HELD,
                document=str(head["invoice_number"]),
                code=hold.code,
                sentence=hold.sentence,
                remedy=hold.remedy,
                vendor=" ".join(part for part in (str(head["vendor_id"]), str(head["vendor_name"])) if part),
                amount=f"{Money(int(head['invoice_total']), str(head['currency']))} {head['currency']}",
                row=hold.row,
                column=hold.column,
                value=hold.value,
            )
        )
    return findings


def unposted(batch: Batch, settle: timedelta) -> list[Finding]:
    """What the batch left unsettled, with the reason that stands in the ledger."""
    return [_finding(intent, _why(intent, batch.stopped_by, settle)) for intent in batch.unsettled]


def superseded(batch: Batch) -> list[Finding]:
    """The documents that a later delivery brought with other content; they are that delivery's affair."""
    return [
        _finding(intent, (End.SKIPPED, _superseded(intent)))
        for intent in batch.intents
        if intent.posting.conflict is Conflict.SUPERSEDED
    ]


def _superseded(intent: Intent) -> Reason:
    return Reason(
        "SUPERSEDED",
        f"{intent.document.number} came again with other content in a later file ({intent.posting.partition}); that one "
        "counts.",
        "Nothing to do here: look at the later file.",
    )


def _finding(intent: Intent, why: tuple[End, Reason]) -> Finding:
    end, reason = why
    bill = intent.document
    return Finding(
        end=end,
        document=bill.number,
        code=reason.code,
        sentence=reason.sentence,
        remedy=reason.remedy,
        vendor=f"{bill.vendor_id} {bill.vendor_name}".strip(),
        amount=f"{bill.total} {bill.currency}",
        row=bill.first_row,
    )


def _why(intent: Intent, stopped_by: StampliAssetsError | None, settle: timedelta) -> tuple[End, Reason]:
    posting = intent.posting
    if posting.conflict is not Conflict.NONE:
        return End.HELD, _conflict(intent)
    if posting.may_have_been_sent:
        return End.UNKNOWN, _unknown(intent, settle)
    if posting.state is State.REFUSED:
        return End.REFUSED, posting.reason or Reason("REFUSED", "The ERP refused the bill.", f"Ask why, {RERUN}.")
    if posting.state is State.HELD:
        return End.HELD, posting.reason or Reason("HELD", "The bill waits for a person.", f"Decide, {RERUN}.")
    if posting.reason is not None and stopped_by is None:
        return End.WAITING, posting.reason
    return End.WAITING, _not_sent(stopped_by)


def _conflict(intent: Intent) -> Reason:
    bill, posting = intent.document, intent.posting
    other = posting.conflict_with or "an earlier file"
    if posting.conflict is Conflict.CHANGED:
        return Reason(
            "CHANGED_AFTER_POSTING",
            f"{bill.number} was posted as record {posting.record_no} over {posting.total.labelled}; Stampli now sends "
            f"it with other content ({bill.total.labelled}).",
            "A posted bill is never changed by the machine. Adjust the bill in the ERP, or restore the invoice in "
            "Stampli.",
        )
    if posting.conflict is Conflict.TWIN:
        return Reason(
            "TWIN",
            f"{bill.number} of vendor {bill.vendor_id} is already posted for another Stampli vendor ({other}).",
            f"Check whether one invoice was entered twice. Correct the vendor rule or cancel one in Stampli, {RERUN}.",
        )
    if posting.conflict is Conflict.LOOKALIKE:
        return Reason(
            "LOOKALIKE",
            f"{bill.number} differs only in case or spaces from {other}.",
            f"If both are one invoice, cancel this one in Stampli. If they are two, say so: stampli decide distinct "
            f'"{bill.number}" --vendor {bill.vendor_id}; {RERUN}.',
        )
    return Reason(
        "MOVED",
        f"Stampli's document {bill.stampli_id} came before under another vendor or number ({other}).",
        f"Check in Stampli which is right. Cancel the other in the ERP if it was posted, {RERUN}.",
    )


def _unknown(intent: Intent, settle: timedelta) -> Reason:
    if intent.posting.reason is not None and intent.posting.reason.code == REPEATED:
        return _repeated(intent)
    minutes = int(settle.total_seconds() // 60)
    sent = intent.posting.intent_at
    at = f" at {sent:%Y-%m-%d %H:%M} UTC" if sent else ""
    return Reason(
        "UNKNOWN",
        f"{intent.document.number} was sent{at} and no answer came; the ERP does not show it yet.",
        f"Nothing to do: it is looked up again and sent only when it is proven absent, {minutes} minutes after it was "
        "sent. Rerun from failure after that, or let the machine do it.",
        intent.posting.reason.sentence if intent.posting.reason else "",
    )


def _repeated(intent: Intent) -> Reason:
    bill = intent.document
    return Reason(
        REPEATED,
        f"The ERP says that it has taken {bill.number} before, and shows no bill of vendor {bill.vendor_id} under that "
        "number. It is not sent again.",
        "It is looked up again by itself. Look for it in the ERP, drafts and deleted bills too; when it is certainly not "
        f'there, say so: stampli decide absent "{bill.number}" --vendor {bill.vendor_id}; {RERUN}.',
        intent.posting.reason.sentence if intent.posting.reason else "",
    )


def _not_sent(stopped_by: StampliAssetsError | None) -> Reason:
    if stopped_by is None:
        return Reason("NOT_SENT", "It was not sent: another run holds it.", "Rerun from failure in a few minutes.")
    return Reason(
        stopped_by.code or "NOT_SENT",
        f"It was not sent. {stopped_by.sentence}",
        stopped_by.remedy or "Nothing was kept by the ERP. Rerun from failure when it answers again.",
    )


def summary(findings: Sequence[Finding]) -> str:
    """One sentence over many findings: ``2 held, 1 refused``."""
    counts = {end: len({f.document for f in findings if f.end is end}) for end in End}
    return ", ".join(f"{count} {end}" for end, count in counts.items() if count)


def told(findings: Sequence[Finding], most: int = 10) -> str:
    """The first findings in words, a line each, and how many more the table holds."""
    lines = [f"• {finding.document}: {finding.sentence} → {finding.remedy}" for finding in findings[:most]]
    if len(findings) > most:
        lines.append(f"• and {len(findings) - most} more in the error list")
    return "\n".join(lines)


def file_refused(refusal: FileRefused, name: str) -> Finding:
    """The finding of a file that was refused as a whole."""
    return Finding(
        end=End.FILE_REFUSED,
        document=name,
        code=refusal.code or "FILE_REFUSED",
        sentence=refusal.sentence,
        remedy=refusal.remedy,
    )
