"""The landing store: every delivery byte for byte under its digest, found again by its partition.

::

    objects/ab/abcd…            the bytes, named by their SHA-256
    deliveries/<connection>/<partition>.json   which object a partition is
    images/<connection>/<posting key>.json     which object is the image of an invoice
    reports/<connection>/       error lists, one per file and stage; reject files; acknowledgements; receipts of delivery
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from typing import Any, BinaryIO, cast

import fsspec

from stampli_assets.model.errors import Defect, Transient
from stampli_assets.model.identity import ContentDigest, PartitionKey
from stampli_assets.model.remote import LandedFile, RemoteFile

CHUNK_BYTES = 1024 * 1024


class LandingStore:
    """Implements the port :class:`~stampli_assets.model.ports.Landing` on a folder or any fsspec address."""

    def __init__(self, address: str) -> None:
        self.files, self.root = fsspec.core.url_to_fs(address)

    def file(self, connection: str, remote: RemoteFile, source: BinaryIO) -> LandedFile:
        """Keep the bytes, then the record that names them; either appears whole or not at all.

        Raises:
            Transient: fewer bytes came than the server announced, or the store cannot be written.
        """
        return self._file(connection, remote, source, self._record(connection, remote.partition))

    def find(self, connection: str, partition: PartitionKey) -> LandedFile | None:
        """The delivery of that partition, when its bytes are here."""
        return self._find(connection, self._record(connection, partition))

    def keep_image(self, connection: str, key: str, remote: RemoteFile, source: BinaryIO) -> LandedFile:
        """The same for the image of the invoice with that posting key."""
        return self._file(connection, remote, source, self._image(connection, key))

    def image(self, connection: str, key: str) -> LandedFile | None:
        """The image that was kept for a posting key, when its bytes are here."""
        return self._find(connection, self._image(connection, key))

    def _file(self, connection: str, remote: RemoteFile, source: BinaryIO, record: str) -> LandedFile:
        landed = LandedFile(connection, remote, _digest_of(source))
        if source.tell() != remote.size:
            raise Transient(f"{remote.name} came with {source.tell()} of {remote.size} bytes.", code="SHORT_DOWNLOAD")
        try:
            if not self._whole(landed):
                source.seek(0)
                self._put(self._object(landed.digest), iter(lambda: source.read(CHUNK_BYTES), b""))
            self._put(record, [_json(landed)])
        except OSError as error:
            raise _unwritable(self.root, error) from None
        return landed

    def _find(self, connection: str, record: str) -> LandedFile | None:
        if not self.files.exists(record):
            return None
        told: dict[str, Any] = json.loads(self.files.cat_file(record))
        remote = RemoteFile(told["name"], told["size"], told["modified"])
        landed = LandedFile(connection, remote, ContentDigest(told["digest"]))
        return landed if self._whole(landed) else None

    def deliveries(self, connection: str) -> list[PartitionKey]:
        """The partitions of everything that ever landed for a connection, in order of their time."""
        folder = f"{self.root}/deliveries/{connection}"
        if not self.files.exists(folder):
            return []
        names = (str(path).rpartition("/")[2] for path in self.files.ls(folder, detail=False))
        return sorted(PartitionKey(name.removesuffix(".json")) for name in names if name.endswith(".json"))

    def open(self, landed: LandedFile) -> BinaryIO:
        """The bytes, proven to be those that were collected.

        Raises:
            Defect: the stored bytes are not what their digest says.
        """
        path = self._object(landed.digest)
        with self.files.open(path, "rb") as kept:
            if _digest_of(kept) != landed.digest:
                raise Defect(
                    f"The landing store's copy of {landed.file.name} was altered.",
                    remedy=f"Restore {path} from a backup, or delete it and collect the file again.",
                    code="LANDING_ALTERED",
                )
        return cast("BinaryIO", self.files.open(path, "rb"))

    def keep_report(self, name: str, content: bytes) -> str:
        """Keep a report beside the deliveries, in place of an earlier one of that name; answers its address.

        Raises:
            Transient: the store cannot be written.
        """
        path = f"{self.root}/reports/{name}"
        try:
            self._put(path, [content])
        except OSError as error:
            raise _unwritable(self.root, error) from None
        return path

    def report(self, name: str) -> bytes | None:
        """The report that was kept under that name, if there is one."""
        path = f"{self.root}/reports/{name}"
        return bytes(self.files.cat_file(path)) if self.files.exists(path) else None

    def report_path(self, name: str) -> str:
        """Where the report of that name lies; empty where there is none."""
        path = f"{self.root}/reports/{name}"
        return path if self.files.exists(path) else ""

    def drop_report(self, name: str) -> None:
        """What a report said is not so any more."""
        path = f"{self.root}/reports/{name}"
        if self.files.exists(path):
            self.files.rm_file(path)

    def _whole(self, landed: LandedFile) -> bool:
        path = self._object(landed.digest)
        return bool(self.files.exists(path)) and self.files.size(path) == landed.file.size

    def _put(self, path: str, chunks: Any) -> None:
        self.files.makedirs(path.rpartition("/")[0], exist_ok=True)
        beside = f"{path}.{secrets.token_hex(6)}.part"
        with self.files.open(beside, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            if hasattr(file, "fileno"):
                os.fsync(file.fileno())
        self.files.mv(beside, path)

    def _object(self, digest: ContentDigest) -> str:
        return f"{self.root}/objects/{digest[:2]}/{digest}"

    def _record(self, connection: str, partition: PartitionKey) -> str:
        return f"{self.root}/deliveries/{connection}/{partition}.json"

    def _image(self, connection: str, key: str) -> str:
        return f"{self.root}/images/{connection}/{key}.json"


def _unwritable(root: str, error: OSError) -> Transient:
    return Transient(
        f"The landing store {root} cannot be written: {error.strerror or error}.",
        remedy="Check its disk or address; nothing was lost, it is tried again.",
        code="LANDING_WRITE",
    )


def _digest_of(source: BinaryIO) -> ContentDigest:
    digest = hashlib.sha256()
    source.seek(0)
    while chunk := source.read(CHUNK_BYTES):
        digest.update(chunk)
    return ContentDigest(digest.hexdigest())


def _json(landed: LandedFile) -> bytes:
    file = landed.file
    told = {"name": file.name, "size": file.size, "modified": file.modified, "digest": landed.digest}
    return json.dumps(told, ensure_ascii=False).encode()
