"""A column of texts as its distinct values and where they stand: each value is read once, whatever the file's size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from stampli_assets.model.frames import TEXT


@dataclass(frozen=True, slots=True)
class Coded:
    """``values[codes[n]]`` is the text of row ``n``; the values are distinct."""

    values: list[str]
    codes: np.ndarray

    @classmethod
    def of(cls, column: pa.ChunkedArray, change: Callable[[str], str]) -> Coded:
        """A column's texts, each changed (trimmed, for example)."""
        encoded = column.combine_chunks().dictionary_encode()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        changed = [change(text) for text in encoded.dictionary.to_pylist()]
        places: dict[str, int] = {}
        codes = np.array([places.setdefault(text, len(places)) for text in changed], dtype=np.int32)
        return cls(list(places), codes[encoded.indices.to_numpy(zero_copy_only=False)])

    @classmethod
    def constant(cls, text: str, count: int) -> Coded:
        """The same text in every row."""
        return cls([text], np.zeros(count, dtype=np.int32))

    def series(self, values: Iterable[str] | None = None) -> pd.Series:
        """The column, or the one that has these values in place of its own."""
        told = pa.array(self.values if values is None else list(values), pa.large_string())
        return texts(told.take(pa.array(self.codes)))

    def rows_of(self, wanted: Iterable[int]) -> np.ndarray:
        """The rows that hold one of these values, given by their codes, in order."""
        return np.flatnonzero(np.isin(self.codes, np.fromiter(wanted, dtype=np.int32)))


def texts(column: pa.Array) -> pd.Series:
    """An Arrow array as a text column of our frames."""
    return pd.Series(TEXT.__from_arrow__(column))
