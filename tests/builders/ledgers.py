"""A ledger in a test's own database."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from stampli_assets.ledger.store import LedgerStore

ADDRESS = "TEST_LEDGER_ADDRESS"
"""Set where a test's ledger is not a SQLite file in its folder; child processes inherit it."""


def make_store(folder: Path, *, now: Callable[[], datetime] | None = None) -> LedgerStore:
    """The test's ledger, opened anew as by another process."""
    return LedgerStore(os.environ.get(ADDRESS) or f"sqlite:///{folder / 'deep' / 'ledger.db'}", now=now)
