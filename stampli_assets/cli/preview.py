"""``stampli preview``: what would be posted, document by document; nothing is written anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from stampli_assets.cli.say import ExitCode, connection_option, json_option, result, say, settings_of, table

if TYPE_CHECKING:
    from stampli_assets.model.documents import Bill, BillLine
    from stampli_assets.model.findings import Finding
    from stampli_assets.wiring import Office


@click.command("preview")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@connection_option
@json_option
@click.option("--xml", "as_xml", is_flag=True, help="Print the exact request of every bill.")
@click.pass_context
def command(ctx: click.Context, file: Path, connection: str | None, as_json: bool, as_xml: bool) -> None:
    """Show what FILE would become: each bill with its mapped coding, and what would be held or rejected.

    A file that is named like a payment file is shown as payments, each with the bills that it settles. The ERP's vendors,
    accounts and dimensions are read, and the bills of payments; nothing is sent, stored or moved. Exit code 1 when a
    document would be held or rejected.
    """
    from stampli_assets.cli import preview_payments
    from stampli_assets.defs.feeds import feed_of, feeds_of
    from stampli_assets.wiring import Offices

    settings = settings_of(ctx.obj)
    name = connection or settings.connections[0].name
    if connection is None and len(settings.connections) > 1:
        raise click.UsageError("The settings hold several connections: name one with --connection.")
    office = Offices(settings).open(name)
    feed = feed_of(feeds_of(office.connection), file.name)
    if feed is not None and feed.kind == "payments":
        preview_payments.show(ctx, office, file, as_json=as_json, as_xml=as_xml)
        return
    bills, findings, notes = _preview(office, file)
    if as_xml:
        for bill in bills:
            click.echo(office.bills.request_for(bill))
    elif as_json:
        result(
            {"bills": [_as_json(bill) for bill in bills], "findings": [as_dict(f) for f in findings], "notes": notes}
        )
    else:
        _show(bills, findings)
    for note in notes:
        say("[yellow]Note:[/] ", note)
    credits_ = sum(bill.is_credit for bill in bills)
    would = f"{len(bills) - credits_} bill(s)" + (f" and {credits_} credit(s)" if credits_ else "")
    say("", f"{would} would be posted; {len({f.document for f in findings})} document(s) would not.")
    if findings:
        ctx.exit(ExitCode.NEEDS_PERSON)


def _preview(office: Office, file: Path) -> tuple[list[Bill], list[Finding], list[str]]:
    from stampli_assets.pipeline.billing import bills
    from stampli_assets.pipeline.map import map_lines
    from stampli_assets.pipeline.parse import parse
    from stampli_assets.pipeline.suppliers import to_be_created
    from stampli_assets.pipeline.unsettled import held, rejected

    with file.open("rb") as content, office.plain(content, file.name) as source:
        parsed = parse(source, name=file.name, layout=office.layout)
    how: dict[str, Any] = {"rules": office.rules, "reference": office.masters.ask(), "target": office.target}
    template = office.supplier_template
    created = to_be_created(parsed.lines, template=template, **how) if template is not None else {}
    mapped = map_lines(parsed.lines, uncreated=created, **how)
    findings = [*rejected(parsed.rejects), *held(mapped.holds, parsed.lines)]
    return bills(mapped.lines, office.target), findings, list(parsed.notes)


def _show(bills: list[Bill], findings: list[Finding]) -> None:
    head = [
        "Row", "Kind", "Vendor", "Name", "Number", "Date", "Due", "Entity", "Rate", "Line", "GL account", "Dimensions", "Tax",
        "Amount",
    ]  # fmt: skip
    rows = ((*_head(bill, line), *_line(line)) for bill in bills for line in bill.lines)
    table(head, rows, title="Would be posted")
    show_findings(findings)


def show_findings(findings: list[Finding]) -> None:
    """What would not be posted, and why."""
    if findings:
        table(
            ["End", "Document", "Row", "Column", "Value", "What happened", "What to do"],
            ((f.end, f.document, f.row or "", f.column, f.value, f.sentence, f.remedy) for f in findings),
            title="Would not be posted",
        )


def _head(bill: Bill, line: BillLine) -> tuple[object, ...]:
    """What the document says of itself, beside its first line only."""
    if line is not bill.lines[0]:
        return ("",) * 9
    due, dated = bill.due_date or "", bill.invoice_date
    named = (bill.first_row, bill.kind, bill.vendor_id, bill.vendor_name, bill.number)
    return (*named, dated, due, bill.entity_id, _rate(bill))


def _rate(bill: Bill) -> str:
    """How its currency becomes the company's; empty: the ERP's own choice."""
    if bill.exchange is None:
        return ""
    rate = "" if bill.exchange.rate is None else format(bill.exchange.rate, "f")
    return " of ".join(filter(None, (rate or bill.exchange.type, str(bill.exchange.day or ""))))


def _line(line: BillLine) -> tuple[object, ...]:
    dimensions = ", ".join(f"{dimension} {code}" for dimension, code in line.dimensions)
    tax = f"{line.tax_code} {line.tax.labelled}" if line.tax is not None else ""
    return (line.number, line.account, dimensions, tax, line.amount.labelled)


def _as_json(bill: Bill) -> dict[str, object]:
    return {
        "vendor_id": bill.vendor_id,
        "vendor_name": bill.vendor_name,
        "kind": str(bill.kind),
        "number": bill.number,
        "original_number": bill.original_number,
        "invoice_date": bill.invoice_date.isoformat(),
        "due_date": bill.due_date.isoformat() if bill.due_date else None,
        "total": str(bill.total),
        "currency": bill.currency,
        "exchange": _rate(bill),
        "entity_id": bill.entity_id,
        "lines": [
            {
                "line": line.number,
                "account": line.account,
                "amount": str(line.amount),
                "tax": str(line.tax) if line.tax is not None else None,
                "tax_code": line.tax_code,
                "form_1099": line.form_1099,
                "billable": line.billable,
                "memo": line.memo,
                "dimensions": dict(line.dimensions),
            }
            for line in bill.lines
        ],
    }


def as_dict(finding: Finding) -> dict[str, object]:
    """A finding for programs."""
    return {
        "end": finding.end,
        "document": finding.document,
        "row": finding.row,
        "column": finding.column,
        "value": finding.value,
        "code": finding.code,
        "sentence": finding.sentence,
        "remedy": finding.remedy,
    }
