"""Attach: the images of posted bills, each once. Nothing here touches a posting: it comes after the file is archived."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from stampli_assets.model.attachments import Attachment, attachment_id
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient, Unsettled
from stampli_assets.model.findings import End, Finding
from stampli_assets.model.ports import AttachmentBook, ImageShelf, Inbox
from stampli_assets.model.remote import LandedFile, RemoteFile
from stampli_assets.pipeline.images import Wanted, wanted_images, why_not, why_not_inside
from stampli_assets.pipeline.unsettled import summary, told

if TYPE_CHECKING:
    import pandas as pd

RERUN = "then rerun this step."


@dataclass(frozen=True, slots=True)
class Gallery:
    """What one attaching run works with. ``inboxes`` are the folders in which images may lie."""

    connection: str
    inboxes: Sequence[Inbox]
    shelf: ImageShelf
    book: AttachmentBook
    folder: str
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Hung:
    """One bill and its image. ``result``: ``attached``, ``was attached``, ``carries another``, ``no image``, or an end."""

    wanted: Wanted
    image: str
    result: str


@dataclass
class Attached:
    """Every bill that may have an image, how it ended, and what a person must know."""

    hung: list[Hung] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)

    def count(self, *results: str) -> int:
        return sum(one.result in results for one in self.hung)

    def all_or_raise(self) -> None:
        """Nothing is left to do.

        Raises:
            Unsettled: an image waits for a person, or for an answer. The bills are settled all the same.
        """
        if self.findings:
            raise Unsettled(
                f"{len(self.findings)} image(s) are not attached: {summary(self.findings)}. The bills of this file are "
                "settled and the file is archived.",
                remedy=f"Mend these, {RERUN}\n{told(self.findings)}",
                code="UNATTACHED",
            )


@dataclass(frozen=True, slots=True)
class _Place:
    inbox: Inbox
    file: RemoteFile


_Lying = Mapping[str, Sequence[_Place]]
"""What lies in the folders now, by name."""


class _NotNow(Exception):
    """One image is not attached, and why."""

    def __init__(self, end: End, code: str, sentence: str, remedy: str) -> None:
        self.end, self.code, self.sentence, self.remedy = end, code, sentence, remedy
        super().__init__(sentence)


def attach_images(
    approved: pd.DataFrame, settled: pd.DataFrame, *, find_by: Literal["column", "name"], gallery: Gallery
) -> Attached:
    """Look for the image of every bill, attach it once, and move images to archive whose bills all have theirs.

    Raises:
        Transient: the server or Intacct cannot be reached; what was attached is found the next time.
        Misconfigured: a right is missing.
    """
    wanted, notes = wanted_images(approved, settled, find_by)
    attached = Attached(notes=notes)
    if not wanted:
        return attached
    carried = gallery.book.attached([one.record_no for one in wanted])
    lying: dict[str, list[_Place]] = defaultdict(list)
    for inbox in gallery.inboxes:
        for file in _listing(inbox):
            lying[file.name].append(_Place(inbox, file))
    for one in wanted:
        try:
            attached.hung.append(_hang(one, carried.get(one.record_no), lying, gallery))
        except _NotNow as reason:
            attached.hung.append(Hung(one, one.names[0] if one.named else "", str(reason.end)))
            attached.findings.append(_finding(one, reason))
    attached.notes += [
        f"{one.wanted.number} (record {one.wanted.record_no}) carries an attachment of its own in Intacct; it was left so."
        for one in attached.hung
        if one.result == "carries another"
    ]
    attached.archived = _archive(attached.hung, lying, gallery)
    return attached


def _listing(inbox: Inbox) -> Sequence[RemoteFile]:
    """What lies there; a folder for images that was never made is an empty one."""
    try:
        return inbox.listing()
    except Misconfigured as missing:
        if missing.code == "SFTP_MISSING":
            return ()
        raise


def _hang(one: Wanted, carried: str | None, lying: _Lying, gallery: Gallery) -> Hung:
    if carried is None:
        raise _NotNow(
            End.HELD,
            "BILL_GONE",
            f"Intacct does not hold record {one.record_no} of {one.number} any more.",
            f"Find out who deleted the bill; without it there is nothing to attach to. Then {RERUN}",
        )
    kept = gallery.shelf.image(gallery.connection, one.key)
    if carried == attachment_id(one.key):
        return Hung(one, kept.file.name if kept else "", "was attached")
    if carried:
        return Hung(one, "", "carries another")
    image = _image(one, kept, lying, gallery)
    if image is None:
        return Hung(one, "", "no image")
    _attach(one, image, gallery)
    return Hung(one, image.file.name, "attached")


def _image(one: Wanted, kept: LandedFile | None, lying: _Lying, gallery: Gallery) -> LandedFile | None:
    """The image as it is kept at home: the one that lies there now, else the one that was kept before."""
    for name in one.names:
        places = lying.get(name, ())
        if not places:
            continue
        if len(places) > 1 or name == one.shared:
            raise _NotNow(
                End.HELD,
                "IMAGE_AMBIGUOUS",
                f"It is not certain which image belongs to {one.number}: "
                + (f"{name} lies in two folders." if len(places) > 1 else f"several bills have the number of {name}."),
                f"Leave one, or name it by the Stampli id, {RERUN}",
            )
        if kept is not None and kept.file == places[0].file:
            return kept
        return _bring_home(one, places[0], gallery)
    if kept is None and one.named:
        refusal = why_not(one.names[0], 0, gallery.most_bytes)
        if refusal:
            raise _unfit(one, refusal)
        raise _NotNow(
            End.WAITING,
            "IMAGE_MISSING",
            f"The image {one.names[0]} of {one.number} (row {one.row}) lies neither in outbound nor in its attachments "
            "folder.",
            "Put it there; it is looked for again by itself.",
        )
    return kept


def _bring_home(one: Wanted, place: _Place, gallery: Gallery) -> LandedFile:
    refusal = why_not(place.file.name, place.file.size, gallery.most_bytes)
    if refusal:
        raise _unfit(one, refusal)
    into = io.BytesIO()
    try:
        place.inbox.download(place.file, into)
    except Transient as moving:
        if moving.code != "FILE_MOVES":
            raise
        raise _NotNow(End.WAITING, moving.code, moving.sentence, moving.remedy) from None
    refusal = why_not_inside(place.file.name, into.getvalue())
    if refusal:
        raise _unfit(one, refusal)
    return gallery.shelf.keep_image(gallery.connection, one.key, place.file, into)


def _unfit(one: Wanted, refusal: str) -> _NotNow:
    return _NotNow(
        End.HELD, "IMAGE_UNFIT", f"The image of {one.number} is not attached: {refusal}.", f"Put another there, {RERUN}"
    )


def _attach(one: Wanted, image: LandedFile, gallery: Gallery) -> None:
    key = attachment_id(one.key)
    with gallery.shelf.open(image) as kept:
        attachment = Attachment(
            id=key,
            record_no=one.record_no,
            folder=f"{gallery.folder} {one.month}",
            name=f"{one.number} ({key})",
            description=f"Invoice {one.number} of vendor {one.vendor_id}, as approved in Stampli",
            file_name=image.file.name,
            content=kept.read(),
        )
    try:
        refused = gallery.book.attach(attachment)
    except OutcomeUnknown as lost:
        raise _NotNow(
            End.WAITING, "ATTACHMENT_UNKNOWN", f"Whether the image of {one.number} is attached is not known. {lost.sentence}",
            "Nothing to do: it is looked up and finished by itself.",
        ) from None  # fmt: skip
    if refused is not None:
        raise _NotNow(End.REFUSED, refused.code, f"{one.number}: {refused.sentence}", refused.remedy)


def _archive(hung: Sequence[Hung], lying: _Lying, gallery: Gallery) -> list[str]:
    """Move the images away of which every bill that names them has its own."""
    done = {one.wanted.key for one in hung if one.result in {"attached", "was attached"}}
    asking: dict[str, list[Wanted]] = defaultdict(list)
    for one in hung:
        for name in one.wanted.names:
            asking[name].append(one.wanted)
    archived = []
    for name in asking.keys() & lying.keys():
        if any(one.key not in done for one in asking[name]):
            continue
        kept = [gallery.shelf.image(gallery.connection, one.key) for one in asking[name]]
        for place in lying[name]:
            landed = next((image for image in kept if image is not None and image.file == place.file), None)
            if landed is not None:
                archived.append(place.inbox.archive(place.file, landed.digest))
    return sorted(name for name in archived if name)


def _finding(one: Wanted, reason: _NotNow) -> Finding:
    return Finding(
        end=reason.end,
        document=one.number,
        code=reason.code,
        sentence=reason.sentence,
        remedy=reason.remedy,
        vendor=one.vendor_id,
        row=one.row,
        column="Attachment File" if one.named else "",
        value=one.names[0] if one.named else "",
    )
