"""Where the batches between stages are kept: one Parquet file per partition or step."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from upath import UPath


class FrameStore(dg.UPathIOManager):
    """DataFrames as Parquet under a folder or any fsspec address; a file appears whole or not at all."""

    extension = ".parquet"

    def dump_to_path(self, context: dg.OutputContext, obj: Any, path: UPath) -> None:
        """Write beside, then rename: a reader never sees half a batch."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
        with beside.open("wb") as file:
            obj.to_parquet(file, index=False)
        beside.rename(path)

    def load_from_path(self, context: dg.InputContext, path: UPath) -> Any:
        """Read a batch back with its exact types: text is never null, money is whole minor units."""
        import pandas as pd

        with path.open("rb") as file:
            return pd.read_parquet(file)
