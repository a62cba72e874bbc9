"""Feeds: the kinds of files that a connection reads, each with its partitions and its job."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

from stampli_assets.sections.x3 import X3Folder
from stampli_assets.settings import Connection

FILES = {
    "gl_accounts": "gl_account_files",
    "cost_centres": "cost_centre_files",
    "vendors": "vendor_files",
    "invoices": "invoice_files",
    "payments": "payment_files",
}
"""What the partitions of each kind are called; in the order in which files of one look are run."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One kind of file of one connection; ``pattern`` is which names it has."""

    connection: str
    kind: str
    pattern: str

    @property
    def partitions_name(self) -> str:
        """Under which name Dagster keeps its partitions."""
        return f"{self.connection}_{FILES[self.kind]}"

    @property
    def files(self) -> dg.DynamicPartitionsDefinition:
        """One partition for each delivered file; keys come from :func:`stampli_assets.model.identity.partition_key`."""
        return dg.DynamicPartitionsDefinition(name=self.partitions_name)

    @property
    def job_name(self) -> str:
        """The job that takes one such file from outbound to its end."""
        return f"{self.connection}_{self.kind}"


def feeds_of(connection: Connection) -> tuple[Feed, ...]:
    """The feeds of a connection: those with a pattern, and payments only where the ERP is to record them."""
    patterns = connection.stampli.files.model_dump()
    kinds = [kind for kind in FILES if patterns[kind]]
    if isinstance(connection.erp, X3Folder) and connection.erp.payments is None:
        kinds = [kind for kind in kinds if kind != "payments"]
    return tuple(Feed(connection.name, kind, patterns[kind]) for kind in kinds)


def feed_of(feeds: Iterable[Feed], file_name: str) -> Feed | None:
    """The feed of a file: of several patterns that fit its name, the one that says most."""
    fitting = [feed for feed in feeds if fnmatch.fnmatchcase(file_name, feed.pattern)]
    return max(fitting, key=lambda feed: sum(mark not in "*?[]" for mark in feed.pattern), default=None)
