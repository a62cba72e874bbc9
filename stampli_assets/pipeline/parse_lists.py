"""Parse: the bytes of a list that Stampli keeps (GL accounts, cost centres) become its records, or rejects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
import pandas as pd
import pandera.pandas as pa

from stampli_assets.model.export_frames import ACCOUNT_ROWS, COST_CENTRE_ROWS
from stampli_assets.model.frames import REJECTS, conform, empty
from stampli_assets.pipeline.parse_steps import faults_of, opened, rejects_of
from stampli_assets.stampli.judging import documents_of
from stampli_assets.stampli.layout import Layout
from stampli_assets.stampli.list_rules import judge_records


@dataclass(frozen=True, slots=True)
class ParsedList:
    """A parsed list. ``rows`` are of the schema of its kind, ``rejects`` are ``REJECTS``, ``notes`` are for a person."""

    rows: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[str, ...]
    rejected_rows: int


def parse_gl_accounts(source: BinaryIO, *, name: str, layout: Layout) -> ParsedList:
    """Stampli's GL accounts as ``ACCOUNT_ROWS``; a number that stands twice is refused each time.

    Args:
        layout: ``AccountLayout().layout()`` of the settings.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    return parse_list(source, name, layout, ACCOUNT_ROWS, ("gl_account",))


def parse_cost_centres(source: BinaryIO, *, name: str, layout: Layout) -> ParsedList:
    """Stampli's values of dimensions as ``COST_CENTRE_ROWS``; a code that stands twice in its dimension is refused.

    Args:
        layout: ``CostCentreLayout().layout()`` of the settings.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    return parse_list(source, name, layout, COST_CENTRE_ROWS, ("dimension", "code"))


def parse_list(
    source: BinaryIO, name: str, layout: Layout, schema: pa.DataFrameSchema, key: tuple[str, ...]
) -> ParsedList:
    """Read and judge a file whose every row is a record; every fault is reported at once, good records go on.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    read = opened(source, name, layout)
    if read.is_empty:
        return ParsedList(empty(schema), empty(REJECTS), tuple(read.notes), 0)
    frame = read.cells.frame
    frame["document"] = np.arange(1, len(frame) + 1, dtype="int64")
    faults, strangers = faults_of(read)
    judged = judge_records(frame, layout.contract, key, faults, read.headers.titles)
    bad = documents_of(frame, judged.faults)
    return ParsedList(
        rows=conform(frame[~frame["document"].isin(bad)].reset_index(drop=True), schema),
        rejects=rejects_of(read, judged.faults),
        notes=(*read.notes, *judged.notes),
        rejected_rows=len(bad) + strangers,
    )
