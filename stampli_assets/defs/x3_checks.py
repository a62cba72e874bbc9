"""Does this X3 publish what the settings name? Asked after every reading of the suppliers, and by ``stampli x3 check``."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from stampli_assets.defs.failures import told_to_dagster

if TYPE_CHECKING:
    from stampli_assets.wiring import Offices
    from stampli_assets.wiring_x3 import X3Office
    from stampli_assets.x3.schema_check import Problem

CHECK = "x3_publishes_what_we_use"


def x3_names_check(name: str) -> dg.AssetChecksDefinition:
    """The check of one X3 connection's names; for connections whose ``erp.kind`` is ``x3``."""

    @dg.asset_check(
        asset=[name, "erp_vendors"],
        name=CHECK,
        required_resource_keys={"offices"},
        description="Signs in to X3 and compares the operations and fields that it publishes with those that the settings "
        "name. What X3 calls otherwise is told with the lines to put into the settings. Nothing is written.",
    )
    def x3_publishes_what_we_use(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        offices: Offices = context.resources.offices
        with told_to_dagster(context.op_execution_context):
            x3 = offices.open(name).x3
            assert x3 is not None, f"{name} is no connection to Sage X3"
            return _result(x3, missing(x3))

    return x3_publishes_what_we_use


def missing(x3: "X3Office") -> "Sequence[Problem]":
    """What of the settings' names X3 does not publish.

    REST answers class by class, and an address or a password that is wrong altogether is no matter of names: that is told
    as it is, and not once for every class.

    Raises:
        Transient: X3 did not answer.
        Misconfigured: X3 does not let us look, or the folder is not there.
    """
    from stampli_assets.model.errors import Misconfigured
    from stampli_assets.x3.rest import RestApi

    if x3.erp.api == "graphql":
        return x3.check_names()
    try:
        RestApi(x3.door, x3.folder, x3.names).first_row("payment_terms")
    except Misconfigured as refused:
        if refused.code not in {"ERP_LOOK_UP", "ERP_PERMISSION"}:
            raise
    problems = x3.check_names()
    asked = {f"names.{place}" for place, of in x3.names.places().items() if not of.missing and place not in x3.unused}
    if asked <= {problem.setting for problem in problems}:
        raise Misconfigured(
            f"X3 publishes nothing of what the settings name at {x3.folder.rest_url}. It says: {problems[0].sentence}",
            remedy="Check base_url and endpoint in the settings, and that the X3 user may use web services.",
            code="NAMES",
        )
    return problems


def mended(given: Mapping[str, Any], problems: "Sequence[Problem]") -> dict[str, Any]:
    """The whole section ``names`` of the settings: what it holds now, with each problem's line in it."""
    import yaml

    names = _joined({}, given)
    for problem in problems:
        if problem.line:  # the base loader leaves every name a text: X3 has properties called NO and ON
            names = _joined(names, yaml.load(problem.line, Loader=yaml.BaseLoader)["names"])  # noqa: S506
    return names


def to_paste(names: Mapping[str, Any]) -> str:
    """The section as YAML, for below ``erp:``."""
    import yaml

    return yaml.safe_dump({"names": dict(names)}, allow_unicode=True, sort_keys=False, width=110)


def _result(x3: "X3Office", problems: "Sequence[Problem]") -> dg.AssetCheckResult:
    metadata: dict[str, Any] = {"API": x3.erp.api, "Folder": x3.folder.endpoint, "Problems": len(problems)}
    if problems:
        told = "\n".join(f"* **{one.setting}**: {_plain(one.sentence)}" for one in problems)
        metadata["What is missing"] = dg.MetadataValue.md(told)
    if any(one.line for one in problems):
        section = to_paste(mended(x3.erp.names, problems))
        metadata["Put below erp: in the settings"] = dg.MetadataValue.md(f"```yaml\n{section}```")
    elif problems:
        metadata["What to do"] = "No line of the settings mends this: ask the X3 administrator."
    return dg.AssetCheckResult(passed=not problems, severity=dg.AssetCheckSeverity.ERROR, metadata=metadata)


def _plain(text: str) -> str:
    """X3's names as they are: nothing in them is markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_<>[]|#" else sign for sign in text)


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(one)
    for name, value in other.items():
        known = joined.get(name)
        if isinstance(value, Mapping):
            joined[name] = _joined(known if isinstance(known, Mapping) else {}, value)
        else:
            joined[name] = value
    return joined
