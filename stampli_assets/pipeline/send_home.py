"""Send home: the rejected invoices of a file as a file that can be mended and dropped back, and its delivery, once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, BinaryIO

from stampli_assets.model.ports import Outbox, Reports
from stampli_assets.model.remote import LandedFile
from stampli_assets.pipeline.parse import Parsed
from stampli_assets.reports.acknowledgement import Acknowledged, Status
from stampli_assets.reports.reject_file import reject_file
from stampli_assets.stampli.homecoming import TITLES, WIDTH_RULE, Record, neutral, original
from stampli_assets.stampli.homecoming_xml import rejected_invoices
from stampli_assets.stampli.layout import Layout, Shape

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 32_000_000
_PACKED = re.compile(r"\.(gz|zip)$", re.IGNORECASE)
_SENT_HOME = re.compile(r"_rejected_[0-9a-f]{8}$")
_WITH_ITS_INVOICE = "Nothing is wrong with this row; another row of the same invoice is rejected."
_NO_ROOM = (
    "This layout has no header in which reasons could stand, so the rejected records are not copied: the error list names "
    "their rows."
)
_TOO_LARGE = (
    f"The rejected invoices are more than {MOST_BYTES // 1_000_000} MB, so they are not copied; the error list names "
    "their rows."
)


@dataclass(frozen=True, slots=True)
class GoesHome:
    """The reject file of one delivery; without ``content`` where there can be none, and ``note`` says why."""

    name: str
    content: bytes | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Reason:
    """Everything that is wrong with one row."""

    rules: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()


_NOTHING = _Reason()


def reject_file_name(landed: LandedFile) -> str:
    """``invoices_1_rejected_0a1b2c3d.csv``: the same for the same delivery, and still a name of its kind of file."""
    stem, dot, suffix = _PACKED.sub("", landed.file.name).rpartition(".")
    stem, suffix = (stem, suffix) if dot else (suffix, "csv")
    return f"{_SENT_HOME.sub('', stem)}_rejected_{landed.partition[-8:]}.{suffix}"


def rejects_of(source: BinaryIO, landed: LandedFile, layout: Layout, parsed: Parsed) -> GoesHome | None:
    """Every row of every rejected invoice, as it came, with the reasons; ``None`` where nothing is rejected."""
    if not parsed.rejected_rows:
        return None
    name = reject_file_name(landed)
    if layout.shape is Shape.XML:
        content = rejected_invoices(source, landed.file.name, layout, parsed.rejected_rows, most_bytes=MOST_BYTES)
        return GoesHome(name, content, _TOO_LARGE if content is None else "")
    came = original(source, landed.file.name, layout)
    if came is None:
        return GoesHome(name, None, _NO_ROOM)
    reasons = _reasons(parsed.rejects)
    rows = (
        ([neutral(cell) for cell in one.cells], _told(one, reasons.get(one.row, _NOTHING)))
        for one in came.records
        if one.row in parsed.rejected_rows
    )
    content = reject_file(
        [*map(neutral, came.titles), *TITLES],
        rows,
        above=came.above,
        delimiter=came.delimiter,
        quote=came.quote,
        encoding=came.encoding,
        mark=came.mark,
        most=MOST_BYTES,
    )
    return GoesHome(name, content, _TOO_LARGE if content is None else "")


def _reasons(rejects: pd.DataFrame) -> Mapping[int, _Reason]:
    return {
        int(row): _Reason(
            tuple(dict.fromkeys(of["rule"])), tuple(filter(None, dict.fromkeys(of["column"]))), tuple(of["sentence"])
        )
        for row, of in rejects.groupby("row")
    }


def _told(record: Record, reason: _Reason) -> tuple[str, ...]:
    """The cells of our columns. The rule about widths marks the very rows that must be looked at, and no other."""
    rules = [rule for rule in reason.rules if rule != WIDTH_RULE]
    if not record.whole:
        rules.insert(0, WIDTH_RULE)
    sentences = " | ".join(reason.sentences) or _WITH_ITS_INVOICE
    told = (str(record.row), " | ".join(rules), " | ".join(reason.columns), sentences)
    return tuple(neutral(cell) for cell in told)


def acknowledgement_name(landed: LandedFile) -> str:
    """``ack_invoices_20261121T0930_0a1b2c3d.csv``: the same for the same delivery."""
    return f"ack_invoices_{landed.partition[:13]}_{landed.partition[-8:]}.csv"


def rejected_rows(parsed: Parsed, landed: LandedFile, erp: str) -> list[Acknowledged]:
    """The rejected invoices of a file as they are acknowledged: each once, with its first reason."""
    firsts = parsed.rejects.drop_duplicates("document")
    return [
        Acknowledged(
            stampli_invoice_id=parsed.rejected_rows.get(int(one.row), ""),
            status=Status.REJECTED,
            erp=erp,
            erp_record_id="",
            erp_record_number=one.document,
            posted_at="",
            code=one.rule,
            message=one.sentence,
            source_file=landed.file.name,
            source_row=str(one.row),
            source_sha256=landed.digest,
        )
        for one in firsts.itertuples(index=False)
    ]


_STATUS = {"posted": Status.POSTED, "already there": Status.DUPLICATE, "superseded": Status.DUPLICATE}
_MESSAGES = {
    "posted": "",
    "already there": "The ERP held it already, and it agrees.",
    "superseded": "It came again with other content in a later file; that one counts.",
}


def settled_rows(
    settled: pd.DataFrame, sent: Mapping[str, datetime], landed: LandedFile, erp: str
) -> list[Acknowledged]:
    """The invoices of a file that the ERP holds; ``sent`` tells by posting key when this file sent them."""
    return [
        Acknowledged(
            stampli_invoice_id=one.stampli_invoice_id,
            status=_STATUS[one.result],
            erp=erp,
            erp_record_id=one.record_no,
            erp_record_number=one.number,
            posted_at=sent[one.posting_key].isoformat(timespec="seconds") if one.posting_key in sent else "",
            code="",
            message=_MESSAGES[one.result],
            source_file=landed.file.name,
            source_row=str(one.row),
            source_sha256=landed.digest,
        )
        for one in settled.itertuples(index=False)
    ]


def deliver(name: str, content: bytes, *, directory: str, connection: str, outbox: Outbox, reports: Reports) -> bool:
    """Put a file into a directory of the server, once per name and directory; answers whether it was put now.

    That it was put is kept beside it: whoever takes it away there does not get it again.

    Raises:
        Transient: the server cannot be reached.
        Misconfigured: the directory is not there, or may not be written.
    """
    receipt = f"{connection}/sent/{name}"
    if reports.report(receipt) == directory.encode():
        return False
    put = outbox.put(directory, name, content)
    reports.keep_report(receipt, directory.encode())
    return put
