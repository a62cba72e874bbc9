"""``stampli preview`` of a payment file: each payment with the bills that it would settle now; nothing is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stampli_assets.cli.preview import as_dict, show_findings
from stampli_assets.cli.say import ExitCode, result, say, table

if TYPE_CHECKING:
    from stampli_assets.model.findings import Finding
    from stampli_assets.model.payments import Payment
    from stampli_assets.wiring import Office


def show(ctx: click.Context, office: Office, file: Path, *, as_json: bool, as_xml: bool) -> None:
    """Show the payments of a file, or why they would wait; exit code 1 when one would not be recorded now."""
    ready, findings, notes = _preview(office, file)
    if as_xml:
        for payment in ready:
            click.echo(office.payments.request_for(payment))
    elif as_json:
        result(
            {"payments": [_as_json(one) for one in ready], "findings": [as_dict(f) for f in findings], "notes": notes}
        )
    else:
        _show(ready)
        show_findings(findings)
    for note in notes:
        say("[yellow]Note:[/] ", note)
    others = {finding.document for finding in findings if not finding.end.is_settled}
    say("", f"{len(ready)} payment(s) would be recorded now; {len(others)} would not.")
    if others:
        ctx.exit(ExitCode.NEEDS_PERSON)


def _preview(office: Office, file: Path) -> tuple[list[Payment], list[Finding], list[str]]:
    from stampli_assets.model.findings import End
    from stampli_assets.pipeline.applying import apply, finding
    from stampli_assets.pipeline.parse_payments import parse_payments
    from stampli_assets.pipeline.unsettled import rejected
    from stampli_assets.wiring import Unwatched

    with file.open("rb") as content, office.plain(content, file.name) as source:
        parsed = parse_payments(source, name=file.name, layout=office.connection.stampli.payment_layout.layout())
    till = office.till(office.source(partition="preview", file_name=file.name, run="preview"), Unwatched())
    known = till.known(parsed.lines)
    drawn = till.draw(parsed.lines, rules=office.rules, reference=office.masters.ask(), known=known)
    applied = apply(drawn.payments, known=known, look=till.look, book=till.payables)
    standing = till.look.postings([payment.key for payment in applied.payments])
    done = {key for key, posting in standing.items() if posting.is_posted}
    findings = [*rejected(parsed.rejects), *drawn.findings, *applied.not_yet.values()]
    findings += [
        finding(
            one, End.SKIPPED, "ALREADY_RECORDED", f"it is recorded as {standing[one.key].record_no}", "Nothing to do."
        )
        for one in applied.payments
        if one.key in done
    ]
    ready = [one for one in applied.payments if one.key not in applied.not_yet and one.key not in done]
    return ready, findings, list(parsed.notes)


def _show(payments: list[Payment]) -> None:
    table(
        ["Row", "Vendor", "Name", "Payment", "Date", "From", "Settles", "Record", "Amount", "Discount"],
        (
            (
                *(
                    (one.first_row, one.vendor_id, one.vendor_name, one.number, one.payment_date, one.bank_account)
                    if place == 0
                    else ("",) * 6
                ),
                invoice.number,
                invoice.record_no,
                invoice.amount.labelled,
                invoice.discount.labelled if invoice.discount.minor else "",
            )
            for one in payments
            for place, invoice in enumerate(one.applications)
        ),
        title="Would be recorded",
    )


def _as_json(payment: Payment) -> dict[str, object]:
    return {
        "stampli_payment_id": payment.stampli_id,
        "vendor_id": payment.vendor_id,
        "number": payment.number,
        "payment_date": payment.payment_date.isoformat(),
        "bank_account": payment.bank_account,
        "method": payment.method,
        "total": str(payment.total),
        "currency": payment.currency,
        "applications": [
            {
                "number": one.number,
                "record_no": one.record_no,
                "amount": str(one.amount),
                "discount": str(one.discount),
            }
            for one in payment.applications
        ],
    }
