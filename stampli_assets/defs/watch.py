"""While a file is posted: one event per request to the ERP, so that the run shows what it is doing, and where the journal was."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import dagster as dg

from stampli_assets.defs import describe
from stampli_assets.defs.anchors import HEAD
from stampli_assets.model.postings import Intent


class RunWatch:
    """Writes one observation of the asset per request, with the table of what it carried."""

    def __init__(
        self, context: dg.OpExecutionContext, asset: dg.AssetKey, file_name: str, head: Callable[[], str]
    ) -> None:
        self._context = context
        self._asset = asset
        self._file_name = file_name
        self._head = head
        self._done = 0

    def request_done(self, intents: Sequence[Intent], seconds: float) -> None:
        """One request came back (or not): say what became of each document in it."""
        self._done += len(intents)
        self._context.log_event(
            dg.AssetObservation(
                asset_key=self._asset,
                partition=self._context.partition_key,
                description=f"{self._done} documents sent so far",
                metadata={
                    **describe.request(intents, file_name=self._file_name, seconds=seconds),
                    HEAD: self._head(),
                },
            )
        )
