"""What the rules of every kind of document share: who is faulty, fields that repeat, sums, and how a fault is said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from stampli_assets.model.money import Money
from stampli_assets.stampli.cells import CellFault
from stampli_assets.stampli.columns import Cell
from stampli_assets.stampli.contracts import Contract

_INT64 = 2**62


@dataclass
class Judged:
    """The rows of a file and the faults of their documents. Rules may take rows out of ``frame``."""

    frame: pd.DataFrame
    contract: Contract
    faults: list[CellFault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    titles: Mapping[str, str] = field(default_factory=dict)
    """What the columns are called in the file, by canonical name."""

    def fault(self, at: int, column: str, value: str, rule: str, because: str) -> None:
        """Mark the document of a row; ``because`` completes the sentence about the cell."""
        frame, told = self.frame, self.contract.by_name[column]
        of_head = told.of_document and "head_row" in frame
        row, line = (int(frame.at[at, place]) for place in (("head_row", "head_line") if of_head else ("row", "line")))
        title = self.titles.get(column, told.header)
        sentence = f"Row {row} (line {line}), column {title!r}: {because}."
        self.faults.append(CellFault(int(at), title, value, rule, sentence, row, line))


Rule = Callable[[Judged, pd.DataFrame], None]
"""Looks at the rows of the documents that are sound so far, and marks those that break it."""


def apply_rules(judged: Judged, rules: Iterable[Rule]) -> Judged:
    """The rules in order, each on the documents that no earlier one has marked: the first failing group decides.

    ``judged.frame`` carries ``document`` (and ``head_row``, ``head_line`` where documents have records of their own).
    """
    for rule in rules:
        bad = documents_of(judged.frame, judged.faults)
        rule(judged, judged.frame[~judged.frame["document"].isin(bad)] if bad else judged.frame)
    return judged


def documents_of(frame: pd.DataFrame, faults: Iterable[CellFault]) -> set[int]:
    """The documents that have a fault."""
    return set(frame["document"].reindex([fault.at for fault in faults]).dropna())


def header_conflicts(judged: Judged, frame: pd.DataFrame) -> None:
    """The document's fields repeat on each of its rows, and must say the same."""
    documents = frame["document"].to_numpy()
    _, first_rows, of_row = np.unique(documents, return_index=True, return_inverse=True)
    for column in judged.contract.columns:
        if not column.of_document:
            continue
        codes = pd.factorize(frame[column.name])[0]
        for place in np.flatnonzero(codes != codes[first_rows][of_row]).tolist():
            at, first = frame.index[place], frame.index[first_rows[of_row[place]]]
            shown, before = str(frame.at[at, column.name]), str(frame.at[first, column.name])
            if column.cell is Cell.MONEY:
                currency = str(frame.at[at, "currency"])
                shown, before = (str(Money(int(amount), currency)) for amount in (shown, before))
            because = (
                f"{shown!r} differs from {before!r} in row {frame.at[first, 'row']}, the first row of the same "
                f"{judged.contract.document}"
            )
            judged.fault(at, column.name, shown, "HEADER_CONFLICT", because)


def said(frame: pd.DataFrame, at: int, column: str) -> str:
    """An amount as text."""
    return str(Money(int(frame.at[at, column]), str(frame.at[at, "currency"])))


def sums_of(frame: pd.DataFrame, *columns: str) -> np.ndarray:
    """The exact sum of amounts of each document, at its number; as whole numbers of any size where need be."""
    documents = frame["document"].to_numpy()
    amounts = frame[list(columns)].to_numpy().sum(axis=1)
    largest = int(np.abs(amounts).max()) if len(documents) else 0
    exact = "int64" if largest * len(documents) < _INT64 else object
    sums = np.zeros(int(documents.max()) + 1 if len(documents) else 1, dtype=exact)
    np.add.at(sums, documents, amounts.astype(exact))
    return sums


def wrong_totals(judged: Judged, frame: pd.DataFrame, total: str, columns: tuple[str, ...], parts: str) -> None:
    """The parts add up to the document, to the minor unit."""
    heads = frame.drop_duplicates("document")
    sums = sums_of(frame, *columns)
    for at in heads.index[heads[total].to_numpy() != sums[heads["document"].to_numpy()]]:
        currency = str(frame.at[at, "currency"])
        whole = Money(int(frame.at[at, total]), currency)
        added = Money(int(sums[frame.at[at, "document"]]), currency)
        because = (
            f"the {parts} add up to {added.labelled}, the {judged.contract.document} says {whole.labelled}: "
            f"{(added - whole).labelled} apart"
        )
        judged.fault(at, total, str(whole), "TOTAL_MISMATCH", because)
