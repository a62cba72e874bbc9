"""The ERP's master records as of now, or nearly: read once for many files, read again when something is amiss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from stampli_assets.model.ports import Clock, Reference, ReferenceBooks

if TYPE_CHECKING:
    import pandas as pd


class Shelf(Protocol):
    """Where the last reading is kept between runs."""

    def put(self, connection: str, reference: Mapping[str, pd.DataFrame], read_at: datetime) -> None: ...

    def get(self, connection: str) -> tuple[dict[str, pd.DataFrame], datetime] | None: ...


@dataclass(frozen=True, slots=True)
class Masters:
    """One connection's reference data. ``max_age`` is how old a reading may be when it is used for mapping."""

    connection: str
    books: ReferenceBooks
    shelf: Shelf
    clock: Clock
    max_age: timedelta

    def current(self) -> tuple[Reference, datetime]:
        """A reading no older than ``max_age``, and when it was made."""
        kept = self.shelf.get(self.connection)
        if kept is not None and self.clock.now() - kept[1] <= self.max_age:
            return kept
        return self.read()

    def read(self) -> tuple[Reference, datetime]:
        """Read the ERP now and keep the reading."""
        read_at = self.clock.now()
        reference = self.ask()
        self.shelf.put(self.connection, reference, read_at)
        return reference, read_at

    def ask(self) -> Reference:
        """Read the ERP now and keep nothing."""
        return {
            "vendors": self.books.vendors(),
            "gl_accounts": self.books.gl_accounts(),
            "dimensions": self.books.dimensions(),
        }
