"""What makes a document the same document: posting key, fingerprint, control id, partition key.

These digests outlive every file, connection name, mapping rule and Dagster history. Changing what goes into
one of them changes identities in every ledger in the field: it needs a migration and a decision record.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NewType

PostingKey = NewType("PostingKey", str)
Fingerprint = NewType("Fingerprint", str)
ControlId = NewType("ControlId", str)
PartitionKey = NewType("PartitionKey", str)
ContentDigest = NewType("ContentDigest", str)
MappingVersion = NewType("MappingVersion", str)

_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+", re.ASCII)
_STEM_LIMIT = 60


def digest(parts: Iterable[str] | Mapping[str, object]) -> str:
    """A SHA-256 over an unambiguous JSON rendering: 64 hexadecimal characters."""
    shape = dict(parts) if isinstance(parts, Mapping) else list(parts)
    text = json.dumps(shape, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def posting_key(*, erp: str, company: str, kind: str, vendor_id: str, number: str) -> PostingKey:
    """The identity of one payable document, from what Stampli calls it and where it goes.

    Args:
        erp: ``intacct`` or ``x3``.
        company: the ERP's company id, or X3 folder; never a connection's name.
        kind: the document kind (:class:`~stampli_assets.model.documents.Kind`).
        vendor_id: *Stampli's* vendor id (its vendor name where the export has no id); never a mapped value.
        number: the document number as the vendor printed it.
    """
    return PostingKey(digest(["posting/1", erp, company, kind, vendor_id, number]))


def fingerprint(business_fields: Mapping[str, object]) -> Fingerprint:
    """The content of an approved document as Stampli sent it: business fields only, no names, no memos."""
    return Fingerprint(digest({"fingerprint": 1, **business_fields}))


def control_id(key: PostingKey, epoch: int) -> ControlId:
    """What the ERP's gateway deduplicates on: stable for a posting key and attempt epoch, 44 characters."""
    return ControlId(f"sa-{key[:36]}-{epoch:04d}")


def partition_key(name: str, size: int, modified: int) -> PartitionKey:
    """The partition of one delivery: ``<yyyymmddThhmm>_<stem>_<8 digits>``, ``[A-Za-z0-9._-]`` only.

    Args:
        name: the file's name in outbound.
        size: in bytes.
        modified: the server's modification time, in whole seconds since 1970 UTC.
    """
    stem = _UNSAFE.sub("-", name.rpartition(".")[0] or name).strip("-")[:_STEM_LIMIT] or "file"
    minute = datetime.fromtimestamp(modified, tz=UTC).strftime("%Y%m%dT%H%M")
    return PartitionKey(f"{minute}_{stem}_{digest([name, str(size), str(modified)])[:8]}")
