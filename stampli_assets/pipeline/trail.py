"""The story of one document in plain words: from the row that Stampli approved to the ERP's record, and everything between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from stampli_assets.model.identity import PostingKey, control_id
from stampli_assets.model.money import Money
from stampli_assets.model.postings import State
from stampli_assets.model.trail import Entry, Trail
from stampli_assets.pipeline.source_rows import SourceRow

ERPS = {"intacct": "Sage Intacct", "x3": "Sage X3"}
_HANDMADE = frozenset({"", "rebuild"})
"""What stands in the place of a run where the command line did the work."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the journal as a sentence. ``at`` in UTC; ``run`` empty where no run wrote it."""

    entry: int
    at: datetime
    sentence: str
    run: str


@dataclass(frozen=True, slots=True)
class Story:
    """Texts from outside are printable characters only. ``facts`` are what a person asks for first."""

    headline: str
    facts: tuple[tuple[str, str], ...]
    rows: tuple[SourceRow, ...]
    happenings: tuple[Happening, ...]


def story(
    trail: Trail, *, rows: Sequence[SourceRow], ui: str, remark: str = "", payments: Sequence[Mapping[str, Any]] = ()
) -> Story:
    """Tell it. ``ui`` is the base address of Dagster; ``remark`` says why ``rows`` are missing, where they are."""
    row = trail.posting
    facts = (
        ("State", _state(row)),
        ("Vendor", _vendor(row)),
        ("File", _file(trail, remark)),
        ("Collected", _collected(trail)),
        ("Mapped", f"by rules {row['mapping_version']}, to GL accounts {row['accounts'] or 'none'}"),
        ("Sent", _sent(trail)),
        ("Control id", str(control_of(row))),
        ("ERP record", _record(row)),
        ("Decisions", "; ".join(f"{one.what} by {one.by}: {one.because}" for one in trail.decisions)),
        ("Standing", " ".join(f"{one.finding.sentence} {one.finding.remedy}" for one in trail.findings)),
        ("Paid by", "; ".join(_payment(one) for one in payments)),
        ("Run", run_address(ui, row["run"])),
        ("Journal", f"entries {', '.join(str(entry.number) for entry in trail.entries)}" if trail.entries else ""),
    )
    return Story(
        headline=printable(f"{row['kind']} {row['number']}  ·  {amount_of(row)}".strip(" ·")),
        facts=tuple((label, printable(text)) for label, text in facts if text.strip()),
        rows=printable_rows(rows),
        happenings=tuple(_happenings(trail.entries)),
    )


def paying(
    trail: Trail, candidates: Sequence[Trail], rows_of: Callable[[Trail], Sequence[SourceRow]]
) -> list[Mapping[str, Any]]:
    """Which payments name this invoice in the rows that they were read from; ``candidates`` are those of its vendor."""
    invoice = trail.posting["stampli_id"]
    return [one.posting for one in candidates if invoice and any(row.invoice == invoice for row in rows_of(one))]


def run_address(ui: str, run: str) -> str:
    """Where a run is seen; empty where it is none of Dagster's."""
    return "" if run in _HANDMADE else f"{ui.rstrip('/')}/runs/{run}"


def amount_of(row: Mapping[str, Any]) -> str:
    """``1,284.50 USD``; empty where a document has no amount."""
    return Money(row["total"], row["currency"]).labelled if row["currency"] else ""


def control_of(row: Mapping[str, Any]) -> str:
    """Under which control id it was sent, or would be."""
    return control_id(PostingKey(row["key"]), row["epoch"])


def result_of(row: Mapping[str, Any]) -> str:
    """Its state in the words of the reports."""
    return "already there" if row["adopted"] else str(row["state"])


def printable(text: str) -> str:
    """Without what would steer a terminal: every other character becomes a blank."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def printable_rows(rows: Sequence[SourceRow]) -> tuple[SourceRow, ...]:
    """The same for the cells of rows."""
    return tuple(
        SourceRow(one.row, {printable(name): printable(cell) for name, cell in one.cells.items()}, one.invoice)
        for one in rows
    )


def _state(row: Mapping[str, Any]) -> str:
    why = " ".join(part for part in (row["reason_sentence"], row["reason_remedy"]) if part)
    return f"{result_of(row)} since {_moment(row['updated_at'])}" + (f". {why}" if why else "")


def _vendor(row: Mapping[str, Any]) -> str:
    stampli = f" (Stampli: {row['stampli_vendor']})" if row["stampli_vendor"] != row["vendor_id"] else ""
    return f"{row['vendor_id']} {row['vendor_name']}{stampli}"


def _file(trail: Trail, remark: str) -> str:
    row = trail.posting
    told = f"{row['file_name']} row {row['first_row']}" + (
        f", Stampli id {row['stampli_id']}" if row["stampli_id"] else ""
    )
    return f"{told}. {remark}" if remark else told


def _collected(trail: Trail) -> str:
    delivery = trail.delivery
    if delivery is None:
        return ""
    archived = f", archived as {delivery.archived_as}" if delivery.archived_as else ", not archived yet"
    return f"{_moment(delivery.collected_at)}, {delivery.size} bytes, SHA-256 {delivery.digest}{archived}"


def _sent(trail: Trail) -> str:
    sending = [entry for entry in trail.entries if entry.what["what"] == "sending"]
    if not sending:
        return "never; it was there already" if trail.posting["adopted"] else "never"
    last = sending[-1]
    release = last.what.get("release", "")
    return (
        f"{_moment(last.at)} by run {last.run}" + (f", release {release}" if release else "") +
        f", content {last.what['digest'][:16]}…" + (f"; {len(sending)} times in all" if len(sending) > 1 else "")
    )  # fmt: skip


def _record(row: Mapping[str, Any]) -> str:
    return f"{row['record_no']} in {ERPS.get(row['erp'], row['erp'])}, {row['company']}" if row["record_no"] else ""


def _payment(row: Mapping[str, Any]) -> str:
    return f"{row['kind']} {row['number']} of {amount_of(row)}, {result_of(row)} {row['record_no']}".strip()


def _moment(at: datetime | str) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _happenings(entries: Sequence[Entry]) -> list[Happening]:
    told, before = [], ""
    for entry in entries:
        sentence = _sentence(entry.what, before)
        before = str(entry.what.get("state", entry.what["what"]))
        if sentence:
            told.append(Happening(entry.number, entry.at, printable(sentence), entry.run))
    return told


def _sentence(what: Mapping[str, Any], before: str) -> str:
    match what["what"]:
        case "planned" if "state" not in what:
            return f"Read from {what['file_name']} row {what['first_row']} and mapped: {_money(what)}."
        case "approved anew":
            return f"Approved anew in {what['file_name']} row {what['first_row']}, whose content counts now: {_money(what)}."
        case "sending":
            control = control_id(PostingKey(what["key"]), what["epoch"])
            return f"Intent recorded under control id {control}, before a byte left: {_money(what)}."
        case "decided":
            return f"{what['by']} decided {what['decision']}: {what['because']}"
        case word if "state" in what:
            return f"{_verdict(what, found=before == State.UNKNOWN)[word]} {_why(what)}".rstrip()
        case _:
            return ""


def _verdict(what: Mapping[str, Any], *, found: bool) -> Mapping[str, str]:
    record = f"record {what.get('record_no', 'without a number')}"
    posted = f"Found in the ERP by read-back, {record}." if found else f"Posted, {record}."
    if what.get("adopted"):
        posted = f"The ERP held it before anything was sent, and it agrees: adopted as {record}."
    return {
        State.POSTED: posted,
        State.REFUSED: "Refused by the ERP:",
        State.UNKNOWN: "No certain answer:",
        State.HELD: "Held:",
        State.PLANNED: "Not in the ERP for certain; it may be sent again.",
    }


def _why(what: Mapping[str, Any]) -> str:
    return " ".join(str(what[name]) for name in ("reason_sentence", "reason_remedy") if what.get(name))


def _money(what: Mapping[str, Any]) -> str:
    amount = f"{what['total']} {what['currency']} of vendor" if what["currency"] else "vendor"
    return f"{amount} {what['vendor_id']}"
