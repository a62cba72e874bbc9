"""The rules across the rows of vendor, GL account and cost-centre files: every row is a record, and a key stands once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from stampli_assets.stampli.cells import CellFault
from stampli_assets.stampli.contracts import Contract
from stampli_assets.stampli.faults import cut
from stampli_assets.stampli.judging import Judged, Rule, apply_rules


def judge_records(
    frame: pd.DataFrame,
    contract: Contract,
    key: tuple[str, ...],
    faults: Iterable[CellFault],
    titles: Mapping[str, str],
) -> Judged:
    """Apply the rules to every record. The same key twice refuses both, even where one of them is faulty anyhow."""
    judged = Judged(frame, contract, list(faults), titles=titles)
    _keys_twice(judged, key)
    rules: tuple[Rule, ...] = (_days_in_order,) if "end_date" in contract.by_name else ()
    return apply_rules(judged, rules)


def _keys_twice(judged: Judged, key: tuple[str, ...]) -> None:
    frame = judged.frame
    filled = frame[(frame[list(key)] != "").all(axis=1)]
    twice = filled[filled.duplicated(list(key), keep=False)]
    rows = twice.groupby(list(key), sort=False)["row"].agg(list)
    for at in twice.index:
        named = tuple(str(frame.at[at, column]) for column in key)
        others = [row for row in rows[named if len(key) > 1 else named[0]] if row != frame.at[at, "row"]]
        where = ", ".join(map(str, others[:5])) + (" …" if len(others) > 5 else "")
        because = f"{cut(' '.join(named))} stands in row {where} too; which of them counts is not guessed, so none of them does"
        judged.fault(at, key[-1], named[-1], "KEY_TWICE", because)


def _days_in_order(judged: Judged, frame: pd.DataFrame) -> None:
    for at in frame.index[(frame["end_date"] != "") & (frame["start_date"] > frame["end_date"])]:
        day = str(frame.at[at, "end_date"])
        judged.fault(at, "end_date", day, "DATES_REVERSED", f"{day} is before its start, {frame.at[at, 'start_date']}")
