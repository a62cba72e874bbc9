"""Invoice images: what is found beside an export, and what is attached to a bill."""

from __future__ import annotations

from dataclasses import dataclass

from stampli_assets.model.identity import PostingKey

ID_LENGTH = 20
"""Characters of an attachment id that every version of Intacct takes."""


def attachment_id(key: PostingKey) -> str:
    """The id of the one attachment of a bill: the same for the same posting, whoever asks and however often."""
    return f"SA-{key[: ID_LENGTH - 3]}".upper()


@dataclass(frozen=True, slots=True)
class Attachment:
    """One image as it is attached to one bill."""

    id: str
    record_no: str
    """Of the bill."""
    folder: str
    name: str
    """What a person calls it: unique, as the id is part of it."""
    description: str
    file_name: str
    content: bytes
