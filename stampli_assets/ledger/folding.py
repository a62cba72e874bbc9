"""Document numbers as a person reads them: without case and spaces."""

from __future__ import annotations

import unicodedata


def folded(number: str) -> str:
    """What two numbers share that a person would take for one: ``INV 7`` and ``inv7`` are the same here.

    It changes only together with a migration: the ledger keeps it beside every posting.
    """
    return "".join(unicodedata.normalize("NFKC", number).casefold().split())
