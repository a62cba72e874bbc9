"""The shelf: the last reading of the ERP's master records, shared by all runs of a connection."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import fsspec

from stampli_assets.model.identity import digest

if TYPE_CHECKING:
    import pandas as pd

KEPT = 3
"""Readings kept, so that a run that is just opening one does not lose it."""


class ReferenceShelf:
    """One reading is a folder of Parquet files; ``current.json`` names it and is swapped last."""

    def __init__(self, address: str) -> None:
        self._files, root = fsspec.core.url_to_fs(address)
        self._root = f"{root}/reference"

    def put(self, connection: str, reference: Mapping[str, pd.DataFrame], read_at: datetime) -> None:
        """Keep a reading; it becomes the current one whole."""
        name = f"{read_at:%Y%m%dT%H%M%S%f}"
        folder = f"{self._root}/{connection}/{name}"
        self._files.makedirs(folder, exist_ok=True)
        contents = []
        for part, frame in sorted(reference.items()):
            with self._files.open(f"{folder}/{part}.parquet", "wb") as file:
                frame.to_parquet(file, index=False)
            contents.append(frame.sort_values(list(frame.columns)).to_csv(index=False))
        told = {"name": name, "read_at": read_at.isoformat(), "parts": sorted(reference), "version": digest(contents)}
        beside = f"{folder}/current.json"
        self._files.pipe_file(beside, json.dumps(told).encode())
        self._files.mv(beside, self._current(connection))
        self._forget_old(connection)

    def get(self, connection: str) -> tuple[dict[str, pd.DataFrame], datetime] | None:
        """The current reading and when it was made, or ``None`` before the first.

        A reading of an earlier version, whose accounts or dimensions lack a column, is none.
        """
        import pandas as pd

        from stampli_assets.model.frames import DIMENSIONS, GL_ACCOUNTS

        grown = {"gl_accounts": set(GL_ACCOUNTS.columns), "dimensions": set(DIMENSIONS.columns)}
        told = self._told(connection)
        if told is None:
            return None
        reference = {}
        for part in told["parts"]:
            path = f"{self._root}/{connection}/{told['name']}/{part}.parquet"
            if not self._files.exists(path):
                return None
            with self._files.open(path, "rb") as file:
                reference[str(part)] = pd.read_parquet(file)
            if not grown.get(str(part), set()) <= set(reference[str(part)].columns):
                return None
        return reference, datetime.fromisoformat(told["read_at"])

    def version(self, connection: str) -> str:
        """A digest of the current reading's content; the empty text before the first."""
        told = self._told(connection)
        return "" if told is None else str(told["version"])

    def _told(self, connection: str) -> dict[str, Any] | None:
        current = self._current(connection)
        if not self._files.exists(current):
            return None
        told: dict[str, Any] = json.loads(self._files.cat_file(current))
        return told

    def _current(self, connection: str) -> str:
        return f"{self._root}/{connection}/current.json"

    def _forget_old(self, connection: str) -> None:
        listed = self._files.ls(f"{self._root}/{connection}", detail=True)
        folders = sorted(entry["name"] for entry in listed if entry["type"] == "directory")
        for folder in folders[:-KEPT]:
            self._files.rm(folder, recursive=True)
