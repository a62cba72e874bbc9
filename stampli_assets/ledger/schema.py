"""The ledger's tables. Money is whole minor units with its currency; times are ISO 8601 text in UTC.

A change here is a migration: add a step to :data:`stampli_assets.ledger.migrations.STEPS`.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    text,
)

metadata = MetaData()

MAY_BE_IN_THE_ERP = ("sending", "unknown", "posted")
"""The states in which a document of ours is in the ERP, or may be."""


NEVER_CHANGES = ("erp", "company", "kind", "stampli_id", "stampli_vendor")
"""The columns of a posting that stay as they were planned; the rest follows the journal's later entries."""


def _text(name: str, **options: object) -> Column[str]:
    return Column(name, Text, nullable=False, default="", **options)  # type: ignore[arg-type]


meta = Table("ledger_meta", metadata, Column("version", Integer, primary_key=True), _text("at"))

postings = Table(
    "postings",
    metadata,
    Column("key", Text, primary_key=True),
    *(_text(name) for name in ("erp", "company", "kind", "connection", "stampli_id", "stampli_vendor", "number")),
    *(_text(name) for name in ("vendor_id", "vendor_name", "fingerprint", "mapped_digest", "mapping_version")),
    *(_text(name) for name in ("accounts", "partition", "file_name", "run")),
    Column("total", BigInteger, nullable=False),
    _text("currency"),
    Column("first_row", Integer, nullable=False, default=0),
    Column("epoch", Integer, nullable=False),
    _text("state"),
    Column("version", Integer, nullable=False),
    Column("intent_at", Text, nullable=True),
    _text("record_no"),
    Column("adopted", Boolean, nullable=False, default=False),
    *(_text(name) for name in ("reason_code", "reason_sentence", "reason_remedy", "reason_raw")),
    _text("updated_at"),
    _text("number_folded", server_default=""),
)

_in_the_erp = text("state IN ('sending', 'unknown', 'posted')")
one_document_in_the_erp = Index(
    "one_document_in_the_erp",
    *(postings.c[name] for name in ("erp", "company", "kind", "vendor_id", "number")),
    unique=True,
    sqlite_where=_in_the_erp,
    postgresql_where=_in_the_erp,
)
"""Two Stampli vendors that map to one cannot both put the same number into the ERP."""
Index("postings_by_file", postings.c.connection, postings.c.partition)
Index("postings_by_stampli_id", postings.c.erp, postings.c.company, postings.c.kind, postings.c.stampli_id)
postings_by_folded_number = Index(
    "postings_by_folded_number", *(postings.c[name] for name in ("erp", "company", "kind", "number_folded"))
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    _text("holder"),
    _text("until"),
)
"""Who works on a file. ``number`` counts every taking of it, so that a former holder is recognised and fenced off."""

decisions = Table(
    "decisions",
    metadata,
    *(_text(name) for name in ("key", "what", "by", "because", "at")),
    PrimaryKeyConstraint("key", "what"),
)
"""What a person decided about a posting; ``what`` is a :class:`~stampli_assets.model.postings.Decision`."""

deliveries = Table(
    "deliveries",
    metadata,
    *(_text(name) for name in ("connection", "partition", "name", "digest", "archived_as", "run", "collected_at")),
    Column("size", BigInteger, nullable=False),
    Column("modified", BigInteger, nullable=False),
    PrimaryKeyConstraint("connection", "partition"),
)
Index("deliveries_by_digest", deliveries.c.connection, deliveries.c.digest)

findings = Table(
    "findings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *(_text(name) for name in ("connection", "partition", "file_name", "stage", "run", "end", "document", "code")),
    *(_text(name) for name in ("sentence", "remedy", "vendor", "amount", "column", "value")),
    Column("row", Integer, nullable=False, default=0),
    Column("line", Integer, nullable=False, default=0),
    _text("first_seen"),
    _text("last_seen"),
)
Index("findings_by_file", findings.c.connection, findings.c.partition, findings.c.stage)

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    *(_text(name) for name in ("at", "run", "what", "previous", "digest")),
)

KEY_OF_AN_ENTRY = {
    "sqlite": """substr(what, instr(what, '"key":"') + 7, 64)""",
    "postgresql": """substr(what, strpos(what, '"key":"') + 7, 64)""",
}
"""The posting key that an entry names, by dialect. Computed, not kept: the entry alone is evidence. Quotation marks within
a value are escaped in JSON, so that no text from outside is taken for it."""
JOURNAL_BY_KEY = {name: f"CREATE INDEX journal_by_key ON journal (({key}))" for name, key in KEY_OF_AN_ENTRY.items()}
for _dialect, _index in JOURNAL_BY_KEY.items():
    _by_key = DDL(_index)  # type: ignore[no-untyped-call]
    event.listen(journal, "after_create", _by_key.execute_if(dialect=_dialect))

_SQLITE_APPEND_ONLY = """
CREATE TRIGGER IF NOT EXISTS journal_keeps_{verb} BEFORE {verb} ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END
"""
_POSTGRES_APPEND_ONLY = """
CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$ LANGUAGE plpgsql;
CREATE OR REPLACE TRIGGER journal_keeps BEFORE UPDATE OR DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
"""
for _verb in ("UPDATE", "DELETE"):
    _append_only = DDL(_SQLITE_APPEND_ONLY.format(verb=_verb))  # type: ignore[no-untyped-call]
    event.listen(journal, "after_create", _append_only.execute_if(dialect="sqlite"))
event.listen(
    journal,
    "after_create",
    DDL(_POSTGRES_APPEND_ONLY).execute_if(dialect="postgresql"),  # type: ignore[no-untyped-call]
)
