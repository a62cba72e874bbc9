"""Files as they lie in Stampli's outbound directory, and as we filed them."""

from __future__ import annotations

from dataclasses import dataclass

from stampli_assets.model.identity import ContentDigest, PartitionKey, partition_key


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One name in outbound. ``size`` in bytes, ``modified`` in whole seconds since 1970 UTC."""

    name: str
    size: int
    modified: int

    @property
    def partition(self) -> PartitionKey:
        return partition_key(self.name, self.size, self.modified)


@dataclass(frozen=True, slots=True)
class LandedFile:
    """A delivery whose bytes are in the landing store under their SHA-256 ``digest``."""

    connection: str
    file: RemoteFile
    digest: ContentDigest

    @property
    def partition(self) -> PartitionKey:
        return self.file.partition
