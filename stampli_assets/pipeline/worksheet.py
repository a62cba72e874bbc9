"""The worksheet of a file that is being mapped: its rows, the ERP's words beside Stampli's, and the holds found so far."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from stampli_assets.mapping.rules import Rules
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.frames import TEXT
from stampli_assets.pipeline.target import Target

CORRECT_IN_STAMPLI = "Correct the invoice in Stampli and let it be exported again."


@dataclass
class Worksheet:
    """``frame`` is ours to add columns to; ``holds`` are rows of ``HOLDS``."""

    frame: pd.DataFrame
    rules: Rules
    target: Target
    holds: list[dict[str, object]] = field(default_factory=list)

    def hold(self, at: int, column: str, value: str, why: Hold) -> None:
        """The document of the row waits for a person."""
        row, line = int(self.frame.at[at, "row"]), int(self.frame.at[at, "line"])
        self.holds.append(
            {
                "document": int(self.frame.at[at, "document"]),
                "row": row,
                "column": column,
                "value": value,
                "code": why.code,
                "sentence": f"Row {row} (line {line}): {why.because}.",
                "remedy": why.remedy,
            }
        )

    def heads(self) -> pd.DataFrame:
        """The first row of each document."""
        return self.frame.drop_duplicates("document")

    def look_up(
        self, columns: Sequence[str], match: Callable[..., Verdict], *, heads_only: bool, shown: str
    ) -> pd.Series:
        """The ERP's word for each row; each distinct value is looked up once, an empty one not at all."""
        keys = list(zip(*(self.frame[column] for column in columns), strict=True))
        verdicts = {key: match(*key) for key in dict.fromkeys(keys) if any(key[:-1])}
        missing = {key for key, verdict in verdicts.items() if isinstance(verdict, Hold)}
        if missing:
            heads = set(self.heads().index)
            for at, key in enumerate(keys):
                if key in missing and (not heads_only or at in heads):
                    verdict = verdicts[key]
                    assert isinstance(verdict, Hold)
                    self.hold(at, shown, next(part for part in key if part), verdict)
        found = {key: verdict for key, verdict in verdicts.items() if isinstance(verdict, Found)}
        return pd.Series([found[key].code if key in found else "" for key in keys], index=self.frame.index, dtype=TEXT)

    def hold_each(self, columns: Sequence[str], why: Callable[..., list[Hold]], *, shown: str) -> None:
        """Every reason for every row; each distinct combination is looked up once."""
        keys = list(zip(*(self.frame[column] for column in columns), strict=True))
        reasons = {key: why(*key) for key in dict.fromkeys(keys)}
        for at, key in enumerate(keys):
            for reason in reasons[key]:
                self.hold(at, shown, key[0], reason)
