"""What Dagster may retry, decided once for its three retry paths.

A *transient* failure (a system was not there, nothing was kept) is retried by the op with exponential backoff and
jitter, at most :data:`MOST_RETRIES` times; after that the run fails, and the sensor of unsettled files asks again at
doubling intervals. A failure that waits for *a person* is never repeated by the machine: the op does not retry
(``allow_retries=False``), run retries are for vanished processes only (``retry_on_asset_or_op_failure: false`` in
``dagster.yaml``), and the sensor asks again only when the reason may have gone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg

from stampli_assets.model.errors import Defect, StampliAssetsError, Transient

MOST_RETRIES = 3
FIRST_WAIT_SECONDS = 5


@contextmanager
def told_to_dagster(
    context: dg.OpExecutionContext | dg.AssetExecutionContext,
    metadata: Mapping[str, Any] | None = None,
    gave_up: Callable[[StampliAssetsError], None] = lambda _: None,
) -> Iterator[None]:
    """Turn our errors into what Dagster understands: a retry, or a failure in one sentence for the accountant.

    ``gave_up`` is told when the step fails for good.
    """
    try:
        yield
    except Transient as error:
        tries = _tries(context)
        if tries < MOST_RETRIES:
            context.log.warning("%s Tried again shortly.", error.sentence)
            raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=_wait(tries, error.code)) from None
        gave_up(error)
        raise dg.Failure(_described(error), metadata=metadata, allow_retries=False) from None
    except Defect as error:
        gave_up(error)
        raise dg.Failure(
            f"Defect of this program: {_described(error)}", metadata=metadata, allow_retries=False
        ) from error
    except StampliAssetsError as error:
        gave_up(error)
        raise dg.Failure(_described(error), metadata=metadata, allow_retries=False) from None


def _tries(context: dg.OpExecutionContext | dg.AssetExecutionContext) -> int:
    op_context = getattr(context, "op_execution_context", context)
    return int(op_context.retry_number)


def _wait(tries: int, code: str) -> float:
    """5, 10, 20 seconds; where another run holds the file, at last as long as its lease if it is dead.

    Each with up to half as much again.
    """
    from stampli_assets.ledger.leases import LIFE

    waits_out = code == "LEASED" and tries == MOST_RETRIES - 1
    least = LIFE.total_seconds() if waits_out else FIRST_WAIT_SECONDS * float(2**tries)
    return least * (1 + random.random() / 2)  # noqa: S311 - spreads the load, guards nothing


def _described(error: StampliAssetsError) -> str:
    return f"{error.sentence} {error.remedy}".strip()
