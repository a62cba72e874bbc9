"""Do the systems of a connection answer? Asked every morning, by hand in the UI, and by ``stampli ping``."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.model.probing import End, Probe, Step
from stampli_assets.reports.tables import markdown

if TYPE_CHECKING:
    from stampli_assets.wiring import Office, Offices

CHECK = "the_systems_answer"
MARKS = {End.OK: "✓", End.WARNED: "!", End.FAILED: "✗", End.SKIPPED: "–"}
HEADERS = ("", "System", "Step", "Seconds", "What was seen", "What to do")


def ping_check(name: str) -> dg.AssetChecksDefinition:
    """The check of one connection's systems."""

    @dg.asset_check(
        asset=[name, "erp_vendors"],
        name=CHECK,
        required_resource_keys={"offices"},
        description="Asks Stampli's server and the ERP step by step, from the host's name to each right that can be tried, and "
        "says what to do about what fails. Nothing is written but a probe file in archive, which is removed again.",
    )
    def the_systems_answer(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        offices: Offices = context.resources.offices
        return _result(list(pinged(offices.open(name))))

    return the_systems_answer


def ping_schedule(name: str) -> dg.ScheduleDefinition:
    """Once a day, before the other checks of the morning (UTC)."""
    job = dg.define_asset_job(
        f"{name}_ping",
        selection=dg.AssetSelection.checks(dg.AssetCheckKey(dg.AssetKey([name, "erp_vendors"]), CHECK)),
        description=f"Asks every system of {name} step by step.",
    )
    return dg.ScheduleDefinition(
        job=job, cron_schedule="30 4 * * *", default_status=dg.DefaultScheduleStatus.RUNNING, name=f"{name}_ping"
    )


def pinged(office: "Office") -> Iterator[Step]:
    """The steps of every system of a connection, as they are made."""
    from stampli_assets.pipeline.ping import ping

    for system, made in systems(office):
        yield from ping(system, made, office.clock)


def systems(office: "Office") -> Sequence[tuple[str, Callable[[], Probe]]]:
    """What a connection joins, each with how its probe is made; secrets are resolved then."""
    stampli, erp = office.connection.stampli, office.connection.erp

    def of_stampli() -> Probe:
        from stampli_assets.sftp.probe import SftpProbe

        return SftpProbe(office.inbox.server)

    def of_intacct() -> Probe:
        from stampli_assets.intacct.probe import IntacctProbe

        return IntacctProbe(office.gateway)

    def of_x3() -> Probe:
        assert office.x3 is not None
        return office.x3.probe()

    called = f"X3 folder {erp.company_id}" if erp.kind == "x3" else f"Intacct company {erp.company_id}"
    return (
        (f"SFTP server {stampli.host}:{stampli.port}", of_stampli),
        (called, of_x3 if erp.kind == "x3" else of_intacct),
    )


def row(step: Step) -> tuple[object, ...]:
    """A step as a line of a table, under :data:`HEADERS`."""
    return MARKS[step.end], step.system, step.name, f"{step.seconds:.2f}", step.sentence, step.remedy


def _result(steps: Sequence[Step]) -> dg.AssetCheckResult:
    ends = Counter(step.end for step in steps)
    metadata: dict[str, Any] = {
        "Steps": dg.MetadataValue.md(markdown(HEADERS, map(row, steps), total=len(steps))),
        "Failed": ends[End.FAILED],
        "Seconds": round(sum(step.seconds for step in steps), 2),
    }
    first = next((step for step in steps if step.end is End.FAILED), None)
    if first is not None:
        metadata["What to do"] = f"{first.system}, {first.name}: {first.sentence} {first.remedy}"
    severity = dg.AssetCheckSeverity.ERROR if first is not None else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(passed=not ends[End.FAILED] + ends[End.WARNED], severity=severity, metadata=metadata)
