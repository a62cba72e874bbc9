"""What every reader of a file answers with: text cells by column, and where each record stands."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

CHUNK = 20_000
"""Records that are held as Python texts before they are packed."""


@dataclass(frozen=True, slots=True)
class Ragged:
    """A record with another number of cells than the header."""

    row: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordFault:
    """What is wrong with a record before its cells are read. ``at`` is the place of its row in the table."""

    at: int
    column: str
    value: str
    rule: str
    because: str
    alone: bool = False
    """The cells of the row cannot be told apart: nothing else is said about them."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """Text cells by column; ``rows`` count non-empty records after the header, ``lines`` are physical (header = 1).

    Where an invoice's fields stand in a record of their own, ``head_rows`` and ``head_lines`` tell where, for each row.
    """

    headers: tuple[str, ...]
    columns: tuple[pa.ChunkedArray, ...]
    rows: Sequence[int]
    lines: Sequence[int]
    ragged: tuple[Ragged, ...] = ()
    notes: tuple[str, ...] = ()
    head_rows: Sequence[int] = ()
    head_lines: Sequence[int] = ()
    faults: tuple[RecordFault, ...] = ()
    names: tuple[str, ...] = ()
    """The canonical column of each, where the layout declares it rather than a header row; empty: none."""


@dataclass
class Sheet:
    """A table that grows record by record or block by block, packed as it grows."""

    width: int
    rows: array[int] = field(default_factory=lambda: array("q"))
    lines: array[int] = field(default_factory=lambda: array("q"))
    _pending: list[Sequence[str]] = field(default_factory=list)
    _chunks: list[list[pa.Array]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, cells: Sequence[str], row: int, line: int) -> None:
        """One record of exactly ``width`` cells."""
        self._pending.append(cells)
        self.rows.append(row)
        self.lines.append(line)
        if len(self._pending) >= CHUNK:
            self._pack()

    def add_block(self, columns: Sequence[pa.Array], rows: Iterable[int], lines: Iterable[int]) -> None:
        """Many records, by column."""
        self._pack()
        self._chunks.append(list(columns))
        self.rows.extend(rows)
        self.lines.extend(lines)

    def columns(self) -> tuple[pa.ChunkedArray, ...]:
        """Every column, whole."""
        self._pack()
        return tuple(
            pa.chunked_array([chunk[place] for chunk in self._chunks], pa.string()) for place in range(self.width)
        )

    def _pack(self) -> None:
        if self._pending:
            self._chunks.append([pa.array(column, pa.string()) for column in zip(*self._pending, strict=True)])
            self._pending = []
