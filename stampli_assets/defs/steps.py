"""One step of the corridor as Dagster runs it: however it ends, the file is on the list of what needs attention, or not."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.failures import told_to_dagster
from stampli_assets.model.errors import FileRefused, StampliAssetsError, Transient, Unsettled
from stampli_assets.model.findings import End, Finding

if TYPE_CHECKING:
    from stampli_assets.wiring import Office

Context = dg.OpExecutionContext | dg.AssetExecutionContext


@contextmanager
def step(context: Context, office: "Office", stage: str, metadata: Mapping[str, Any] | None = None) -> Iterator[None]:
    """A step that says in one sentence why it failed, to Dagster and to ``stampli errors``.

    What failed for good is kept as a finding of the file: what only time mends is run again by the machine, what a
    person mends is run again when rules, masters or settings have changed. A run that was ended from outside is on the
    list too. When the step succeeds, its finding goes.
    """
    try:
        with told_to_dagster(context, metadata, gave_up=lambda error: _failed(context, office, stage, error)):
            yield
    except (Exception, dg.RetryRequested):
        raise
    except BaseException:  # interrupted: Dagster's own error for a run that is ended from outside is no Exception
        _keep(context, office, stage, [_ended(context)])
        raise
    _keep(context, office, stage, [])


def _failed(context: Context, office: "Office", stage: str, error: StampliAssetsError) -> None:
    if isinstance(error, FileRefused | Unsettled):
        return  # each document, or the file, is on the list already
    _keep(
        context,
        office,
        stage,
        [
            Finding(
                end=End.WAITING if isinstance(error, Transient) else End.HELD,
                document=_file_name(context),
                code=error.code or type(error).__name__.upper(),
                sentence=error.sentence,
                remedy=error.remedy or "Rerun from failure.",
            )
        ],
    )


def _ended(context: Context) -> Finding:
    run = context.instance.get_run_by_id(context.run.run_id)
    by_a_person = run is not None and run.status == dg.DagsterRunStatus.CANCELING
    if by_a_person:
        sentence, remedy = "The run was terminated by a person.", "Rerun it from failure when it may go on."
    else:
        sentence, remedy = "The run was ended from outside (a shutdown?).", "Nothing to do: it is run again."
    return Finding(
        end=End.HELD if by_a_person else End.WAITING,
        document=_file_name(context),
        code="TERMINATED" if by_a_person else "INTERRUPTED",
        sentence=sentence,
        remedy=remedy,
    )


def _keep(context: Context, office: "Office", stage: str, findings: list[Finding]) -> None:
    """A list that cannot be written now must not hide why the step failed; Dagster's own history has it too."""
    source = office.source(partition=context.partition_key, file_name=_file_name(context), run=context.run.run_id)
    with suppress(StampliAssetsError):
        office.ledger.findings.replace(source, f"{stage} step", findings, office.clock.now())


def _file_name(context: Context) -> str:
    return str(context.run.tags.get("stampli/file", context.partition_key))
