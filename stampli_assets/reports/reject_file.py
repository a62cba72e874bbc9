"""The reject file: delimited text as it came, ready to be mended in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence


def reject_file(
    titles: Sequence[str],
    rows: Iterable[tuple[Sequence[str], Sequence[str]]],
    *,
    above: str,
    delimiter: str,
    quote: str,
    encoding: str,
    mark: bytes,
    most: int,
) -> bytes | None:
    """``rows`` are the cells of the original, exactly as they shall stand, and our reasons behind them.

    ``None`` where that is more than ``most`` characters.

    What a reason says in characters that the encoding lacks, or that an export without quotation marks cannot carry, is
    written as ``?`` or left out; the cells of the original are never changed.
    """
    text = io.StringIO(newline="")
    text.write(above)
    if quote:
        writer = csv.writer(text, delimiter=delimiter, quotechar=quote)
    else:
        writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_NONE, quotechar=None)
    writer.writerow(titles)
    for cells, reasons in rows:
        writer.writerow([*cells, *(_written(reason, delimiter, quote, encoding) for reason in reasons)])
        if text.tell() > most:
            return None
    return mark + text.getvalue().encode(encoding)


def _written(reason: str, delimiter: str, quote: str, encoding: str) -> str:
    one_line = " ".join(reason.split())
    if not quote:
        one_line = one_line.replace(delimiter, " ")
    return one_line.encode(encoding, "replace").decode(encoding)
