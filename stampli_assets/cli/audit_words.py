"""How ``stampli audit show`` tells what was found: on one screen for people, as JSON for programs."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from stampli_assets.cli.say import block, say, table
from stampli_assets.model.documents import Kind
from stampli_assets.model.errors import StampliAssetsError
from stampli_assets.model.identity import PartitionKey
from stampli_assets.pipeline.source_rows import SourceRow, source_rows
from stampli_assets.pipeline.trail import (
    Story,
    amount_of,
    control_of,
    paying,
    printable,
    printable_rows,
    result_of,
    run_address,
    story,
)

if TYPE_CHECKING:
    from stampli_assets.ledger.trail import Trails
    from stampli_assets.model.findings import OpenFinding
    from stampli_assets.model.trail import Delivery, Traced, Trail
    from stampli_assets.settings import Settings
    from stampli_assets.stampli.layout import Layout
    from stampli_assets.wiring import Office, Offices

MOST_STORIES = 5
"""More documents of one number than these are listed, not told."""


class Teller:
    """Tells what was found. ``ui`` is Dagster's address."""

    def __init__(self, settings: Settings, trails: Trails, ui: str) -> None:
        self._settings = settings
        self._trails = trails
        self._ui = ui

    def tell(self, traced: Traced) -> None:
        """Each document with its story."""
        if len(traced.trails) > MOST_STORIES:
            self.list(traced)
            return
        for trail in traced.trails:
            _tell_story(self._story(trail))
        _tell_unposted(traced.unposted)
        for one in {(one.connection, one.partition, one.finding.row): one for one in traced.unposted}.values():
            self._tell_source(one)

    def list(self, traced: Traced) -> None:
        """A line for each document, after its file where one was asked for."""
        if traced.delivery is not None:
            click.echo(printable(_delivery(traced.delivery, self._ui)))
        headers = ["Document", "Kind", "Amount", "Vendor", "Result", "ERP record", "File", "Row", "Control id", "Run"]
        rows = [[printable(str(cell)) for cell in _line(trail.posting)] for trail in traced.trails]
        if rows:
            table(headers, rows)
            say("", f"{len(rows)} document(s). The story of one: stampli audit show DOCUMENT.")
        _tell_unposted(traced.unposted)

    def as_json(self, traced: Traced, *, stories: bool) -> dict[str, Any]:
        """The same for programs; ``stories``: with rows and happenings."""
        return {
            "documents": [
                {
                    **trail.posting,
                    "amount": amount_of(trail.posting),
                    "control_id": control_of(trail.posting),
                    "run_address": run_address(self._ui, trail.posting["run"]),
                    **(self._story_as_json(trail) if stories else {}),
                }
                for trail in traced.trails
            ],
            "unposted": [{**asdict(one.finding), "file": one.file_name, "run": one.run} for one in traced.unposted],
            "delivery": asdict(traced.delivery) if traced.delivery is not None else None,
        }

    def _story_as_json(self, trail: Trail) -> dict[str, Any]:
        told = self._story(trail)
        return {
            "facts": dict(told.facts),
            "rows": [{"row": one.row, "cells": one.cells} for one in told.rows],
            "journal": [asdict(entry) for entry in trail.entries],
            "happenings": [asdict(one) for one in told.happenings],
            "decisions": [asdict(one) for one in trail.decisions],
            "delivery": asdict(trail.delivery) if trail.delivery is not None else None,
        }

    def _story(self, trail: Trail) -> Story:
        rows, remark = self._rows(trail)
        payments = []
        if trail.posting["kind"] in {Kind.BILL, Kind.CREDIT}:
            payments = paying(trail, self._trails.payments_beside(trail.posting), lambda one: self._rows(one)[0])
        return story(trail, rows=rows, ui=self._ui, remark=remark, payments=payments)

    def _tell_source(self, one: OpenFinding) -> None:
        """The rows of what never came to a posting, where the finding names one."""
        rows, remark = self._rows_at(one.connection, one.partition, one.finding.row)
        if rows:
            _tell_rows(printable_rows(rows))
        elif remark and one.finding.row:
            say("", remark)

    def _rows(self, trail: Trail) -> tuple[Sequence[SourceRow], str]:
        row = trail.posting
        return self._rows_at(row["connection"], row["partition"], row["first_row"], row["kind"])

    def _rows_at(
        self, connection: str, partition: str, first_row: int, kind: str = ""
    ) -> tuple[Sequence[SourceRow], str]:
        """The rows as they were collected; or why they cannot be shown."""
        if not any(one.name == connection for one in self._settings.connections):
            return (), f"The connection {connection} is not in the settings any more."
        office = self._offices.open(connection)
        landed = office.landing.find(connection, PartitionKey(partition))
        if landed is None:
            return (), "Its bytes are not in the landing store."
        layout = _layout(office, kind, landed.file.name)
        try:
            with office.export(landed) as source:
                return source_rows(source, name=landed.file.name, layout=layout, first_row=first_row), ""
        except StampliAssetsError as error:
            return (), f"Its rows cannot be read again: {error.sentence}"

    @cached_property
    def _offices(self) -> Offices:
        from stampli_assets.wiring import Offices

        return Offices(self._settings)


def _layout(office: Office, kind: str, file_name: str) -> Layout:
    """How the file is written that brought a document of this kind, or by its name where the kind leaves it open."""
    stampli = office.connection.stampli
    if kind in {Kind.PAYMENT, Kind.VOID} or (not kind and fnmatch.fnmatchcase(file_name, stampli.files.payments)):
        return stampli.payment_layout.layout()
    if kind in {Kind.SUPPLIER, ""} and fnmatch.fnmatchcase(file_name, stampli.files.vendors):
        return stampli.vendor_layout.layout()
    return office.layout


def _tell_story(told: Story) -> None:
    click.secho(f"\n{told.headline}", bold=True)
    for label, text in told.facts:
        click.echo(f"  {label:<11} {text}")
    if told.rows:
        _tell_rows(told.rows)
    if told.happenings:
        click.secho("  What happened", bold=True)
    for one in told.happenings:
        run = f"  [{one.run[:8]}]" if one.run else ""
        click.echo(f"  {one.entry:>6}  {one.at:%Y-%m-%d %H:%M:%S}  {one.sentence}{run}")


def _tell_rows(rows: Sequence[SourceRow]) -> None:
    """What all rows say once, the rest as a table."""
    titles = list(dict.fromkeys(title for one in rows for title in one.cells))
    common = {title for title in titles if len({one.cells.get(title, "") for one in rows}) == 1}
    click.secho("  As Stampli approved it", bold=True)
    click.echo("  " + "  ·  ".join(f"{title}: {rows[0].cells[title]}" for title in titles if title in common))
    others = [title for title in titles if title not in common]
    if others:
        table(["Row", *others], ([one.row, *(one.cells.get(title, "") for title in others)] for one in rows))


def _tell_unposted(unposted: Sequence[OpenFinding]) -> None:
    for one in unposted:
        finding = one.finding
        parts = (finding.end, finding.document, finding.vendor, finding.amount, f"{one.file_name} row {finding.row}")
        headline = "  ·  ".join(str(part) for part in parts if part)
        block(printable(headline), printable(finding.sentence), printable(finding.remedy))


def _delivery(delivery: Delivery, ui: str) -> str:
    archived = f"archived as {delivery.archived_as}" if delivery.archived_as else "not archived yet"
    run = run_address(ui, delivery.run)
    return (
        f"{delivery.name} of {delivery.connection}: collected {delivery.collected_at:%Y-%m-%d %H:%M:%S} UTC, "
        f"{delivery.size} bytes, SHA-256 {delivery.digest}, {archived}. {run}"
    )


def _line(row: Any) -> Sequence[object]:
    document = (row["number"], row["kind"], amount_of(row), row["vendor_id"], result_of(row), row["record_no"])
    return (*document, row["file_name"], row["first_row"], control_of(row), row["run"][:8])
