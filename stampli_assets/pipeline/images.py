"""Which image belongs to which invoice, by its exact name; and whether it is an image that may be attached."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from stampli_assets.model.documents import Kind
from stampli_assets.model.identity import PostingKey

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "attachments"
"""Images may lie in this folder of outbound too."""
_TAIL = 2048
_KINDS: dict[str, tuple[tuple[bytes, ...], bytes]] = {
    "pdf": ((b"%PDF-",), b"%%EOF"),
    "png": ((b"\x89PNG\r\n\x1a\n",), b"IEND"),
    "jpg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    "jpeg": ((b"\xff\xd8\xff",), b"\xff\xd9"),
    "tif": ((b"II*\0", b"MM\0*"), b""),
    "tiff": ((b"II*\0", b"MM\0*"), b""),
}
"""Extension → how such a file begins, and what stands near its end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An image that a posted bill may have. ``names`` are looked for in this order."""

    key: PostingKey
    number: str
    vendor_id: str
    record_no: str
    row: int
    month: str
    """``2026-11``: of the posting date."""
    names: tuple[str, ...]
    named: bool
    """The export names it, so that it must come; otherwise there may be none."""
    shared: str = ""
    """A name that several bills of this file would share; it proves nothing."""


def wanted_images(
    approved: pd.DataFrame, settled: pd.DataFrame, find_by: Literal["column", "name"]
) -> tuple[list[Wanted], list[str]]:
    """The images to look for, in order of the file, and notes on what is not looked for.

    Args:
        approved: ``APPROVED_LINES`` of a file.
        settled: its ``SETTLED``.
        find_by: by the column Attachment File, or by name: ``<Stampli id>.pdf``, else ``<invoice number>.pdf``.
    """
    heads = approved.sort_values("row").drop_duplicates("document").set_index("row")
    bills = settled[settled["kind"] == Kind.BILL]
    counted = Counter(bills["number"].tolist())
    wanted = []
    known = bills[bills["row"].isin(heads.index)]
    for bill in known.itertuples(index=False):
        head = heads.loc[bill.row]
        one = _of_column(bill, head) if find_by == "column" else _of_name(bill, head, counted[bill.number] > 1)
        if one.names:
            wanted.append(one)
    notes = _notes(heads, settled)
    if len(known) < len(bills):
        notes.append(
            f"{len(bills) - len(known)} bill(s) do not stand in the approved invoices as they were read last: materialize bills."
        )
    return wanted, notes


def _of_column(bill: Any, head: Any) -> Wanted:
    name = str(head["attachment_file"]).removeprefix(f"{FOLDER}/")
    return _wanted(bill, head, (name,) if name else (), named=True)


def _of_name(bill: Any, head: Any, shared: bool) -> Wanted:  # noqa: FBT001 - private, of one caller
    by_id, by_number = (f"{text}.pdf" if text else "" for text in (str(head["stampli_invoice_id"]), bill.number))
    names = tuple(name for name in dict.fromkeys((by_id, by_number)) if name and is_plain(name))
    return _wanted(bill, head, names, named=False, shared=by_number if shared else "")


def _wanted(bill: Any, head: Any, names: tuple[str, ...], *, named: bool, shared: str = "") -> Wanted:
    return Wanted(
        key=PostingKey(bill.posting_key),
        number=bill.number,
        vendor_id=bill.vendor_id,
        record_no=bill.record_no,
        row=int(bill.row),
        month=str(head["posting_date"])[:7],
        names=names,
        named=named,
        shared=shared,
    )


def _notes(heads: pd.DataFrame, settled: pd.DataFrame) -> list[str]:
    notes = []
    addressed = int(((heads["attachment_url"] != "") & (heads["attachment_file"] == "")).sum())
    if addressed:
        notes.append(
            f"{addressed} invoice(s) name their image by an address (URL) only. Addresses are not fetched: have the files "
            "put beside the export."
        )
    credits_ = int((settled["kind"] == Kind.CREDIT).sum())
    if credits_:
        notes.append(f"{credits_} credit(s): Intacct's adjustments take no attachment through this interface.")
    return notes


def is_plain(name: str) -> bool:
    """Whether a name can only mean one file in one folder."""
    return name.isprintable() and not set(name) & set("/\\") and not name.startswith(".")


def why_not(name: str, size: int, most_bytes: int) -> str:
    """Why an image of that name and size is not attached; empty where it may be, by what can be told without it."""
    extension = name.rpartition(".")[2].lower()
    if not is_plain(name):
        return f"{name!r} is no plain file name"
    if extension not in _KINDS:
        return f"{name} is none of {', '.join(_KINDS)}"
    if size > most_bytes:
        return f"{name} has {size / 1_000_000:.1f} MB, at most {most_bytes // 1_000_000} MB are attached"
    return ""


def why_not_inside(name: str, content: bytes) -> str:
    """The same by what is in it: it must be what its extension says, and whole."""
    extension = name.rpartition(".")[2].lower()
    starts, end = _KINDS[extension]
    if not content.startswith(starts):
        return f"{name} does not begin like a {extension.upper()} file"
    if end not in content[-_TAIL:]:
        return f"{name} ends too early: it was cut off or is still being written"
    return ""
