"""A file of rules kept as a workbook (XLSX): the cells of its first sheet as the text that a person meant.

Spreadsheets turn codes into numbers and drop their leading zeros: a number is taken only where it is shown as it is kept.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

_PLAIN = {"General", "0", "@"}


class UnreadableSheetError(ValueError):
    """It is no workbook."""


def sheet(path: Path) -> tuple[pd.DataFrame, list[tuple[int, str, str]]]:
    """The rules of the first sheet as text, and every cell that cannot be taken for text: rule (from 1), column, value.

    Raises:
        UnreadableSheetError: it is no workbook.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        try:
            rows = [
                [(cell.value, str(cell.number_format or "")) for cell in row] for row in _filled(book.worksheets[0])
            ]
        finally:
            book.close()
    except (OSError, KeyError, ValueError, IndexError, zipfile.BadZipFile, InvalidFileException) as error:
        raise UnreadableSheetError(type(error).__name__) from None
    columns = [str(value or "").strip() for value, _ in rows[0]] if rows else []
    cells, odd = [], []
    for number, row in enumerate(rows[1:], start=1):
        texts = dict.fromkeys(columns, "")
        for column, (value, shown) in zip(columns, row, strict=False):
            text = str(value or "") if column == "note" else _text(value, shown)
            texts[column] = str(value) if text is None else text
            if text is None and column:
                odd.append((number, column, str(value)))
        cells.append(texts)
    return pd.DataFrame(cells, columns=[column for column in dict.fromkeys(columns) if column], dtype=str), odd


def _filled(rows: Any) -> Iterator[Any]:
    return (row for row in rows.iter_rows() if any(cell.value not in {None, ""} for cell in row))


def _text(value: object, shown: str) -> str | None:
    """``None``: what was meant cannot be known."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, int) and not isinstance(value, bool) and shown in _PLAIN:
        return str(value)
    return None
