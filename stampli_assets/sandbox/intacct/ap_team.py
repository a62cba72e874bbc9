"""What people do in the company between our visits: the AP team releases drafts and voids payments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from stampli_assets.sandbox.intacct.books import Books

KINDS = {"bills": "bill", "adjustments": "adjustment"}


def release(books: Books, record_no: str = "", *, older_than: timedelta = timedelta(0)) -> int:
    """Release drafts to the ledger: one, or every one that is old enough. Answers how many there were."""
    with books.lock:
        drafts = [
            (kind, record)
            for name, kind in KINDS.items()
            for record in getattr(books, name).values()
            if record["STATE"] == "Draft"
            and record_no in {"", record["RECORDNO"]}
            and _age(books, record) >= older_than
        ]
        for kind, record in drafts:
            books.write({"kind": kind, "record": {**record, "STATE": "Posted"}})
        return len(drafts)


def _age(books: Books, record: dict[str, str]) -> timedelta:
    created = datetime.strptime(record["AUWHENCREATED"], "%m/%d/%Y %H:%M:%S").replace(tzinfo=UTC)
    return books.now() - created
