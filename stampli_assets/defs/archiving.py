"""The last step of a file whose documents are all settled: it moves to archive."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.anchors import HEAD
from stampli_assets.defs.files import landed_file
from stampli_assets.defs.steps import step

if TYPE_CHECKING:
    from stampli_assets.wiring import Office, Offices


def archive_op(name: str, documents: str, described: Callable[[Any], dict[str, Any]]) -> dg.OpDefinition:
    """The step of one connection; ``documents`` (``payments``, ``vendors``) is what it says of the settled frame."""

    @dg.op(
        name=f"{name}__archive_{documents}",
        out=dg.Out(io_manager_key="frames"),
        ins={"settled": dg.In(input_manager_key="frames")},
        required_resource_keys={"offices"},
        description=f"The file moves to archive once every one of its {documents} is settled.",
    )
    def archive_step(context: dg.OpExecutionContext, settled: Any) -> Any:
        offices: Offices = context.resources.offices
        office = offices.open(name)
        with step(context, office, "archive"):
            done = archived(office, context.partition_key, context.run.run_id)
        context.add_output_metadata({"Archived as": done.name, **({"Note": done.note} if done.note else {})})
        context.add_output_metadata({**described(settled), HEAD: head_of(office)})
        return settled.assign(archived_as=done.name)

    return archive_step


def archived(office: "Office", partition: str, run: str) -> Any:
    """The file of a partition in archive."""
    from stampli_assets.pipeline.archive import archive

    return archive(
        landed_file(office, partition),
        inbox=office.inbox,
        deliveries=office.ledger.deliveries,
        clock=office.clock,
        run=run,
        faults=office.faults,
    )


def head_of(office: "Office") -> str:
    """Where the ledger's journal stands."""
    sequence, digest = office.ledger.journal.head()
    return f"{sequence} {digest}"
