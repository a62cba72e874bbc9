"""Partitions: one per delivered file, named so that a person finds it by its date."""

from __future__ import annotations

import dagster as dg


def invoice_files(connection: str) -> dg.DynamicPartitionsDefinition:
    """The invoice files of one connection; keys come from :func:`stampli_assets.model.identity.partition_key`."""
    return dg.DynamicPartitionsDefinition(name=invoice_files_name(connection))


def invoice_files_name(connection: str) -> str:
    """The name under which Dagster keeps those partitions."""
    return f"{connection}_invoice_files"
