"""The shelf of vendors: what Stampli had said of each vendor when a vendor file was read, one reading per file."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

import fsspec

if TYPE_CHECKING:
    import pandas as pd

KEPT = 20
"""Readings kept; a file that is read again is compared with the one before it, also when later ones have come."""
_SUFFIX = ".parquet"


class VendorShelf:
    """Readings as Parquet, by connection and partition; the order of partitions is the order of files."""

    def __init__(self, address: str) -> None:
        self._files, root = fsspec.core.url_to_fs(address)
        self._root = f"{root}/vendors"

    def put(self, connection: str, partition: str, reading: pd.DataFrame) -> None:
        """Keep the reading of a file, in place of a former one of the same file; it appears whole or not at all."""
        folder = f"{self._root}/{connection}"
        self._files.makedirs(folder, exist_ok=True)
        beside = f"{folder}/.{partition}.{secrets.token_hex(4)}"
        with self._files.open(beside, "wb") as file:
            reading.to_parquet(file, index=False)
        self._files.mv(beside, self._path(connection, partition))
        for old in self._partitions(connection)[:-KEPT]:
            with suppress(FileNotFoundError):  # another run was faster
                self._files.rm(self._path(connection, old))

    def before(self, connection: str, partition: str) -> pd.DataFrame | None:
        """The reading of the newest file that is older than this one; ``None`` where there is none."""
        import pandas as pd

        older = [one for one in self._partitions(connection) if one < partition]
        if not older:
            return None
        with self._files.open(self._path(connection, older[-1]), "rb") as file:
            return pd.read_parquet(file)

    def is_newest(self, connection: str, partition: str) -> bool:
        """Whether no file that was read is newer than this one."""
        return all(one <= partition for one in self._partitions(connection))

    def _partitions(self, connection: str) -> list[str]:
        folder = f"{self._root}/{connection}"
        if not self._files.exists(folder):
            return []
        names = (str(path).rpartition("/")[2] for path in self._files.ls(folder, detail=False))
        return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))

    def _path(self, connection: str, partition: str) -> str:
        return f"{self._root}/{connection}/{partition}{_SUFFIX}"
