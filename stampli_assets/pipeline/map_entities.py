"""Entities: where in the company a document is posted, and whether its lines belong there."""

from __future__ import annotations

import pandas as pd

from stampli_assets.mapping.coding import Codes
from stampli_assets.mapping.rules import DIMENSION_CODES, Clash
from stampli_assets.mapping.verdicts import Found, Hold, Verdict
from stampli_assets.model.documents import Dimension
from stampli_assets.pipeline.worksheet import CORRECT_IN_STAMPLI, Worksheet

ENTITY = "entity"
"""Beside the dimensions in the rules and in the reference data."""
SHOWN = "Entity ID"


def entities(work: Worksheet, codes: Codes) -> None:
    """The entity of each document in ``erp_entity``: empty where it is the connection's own, or none."""
    at_entity = work.target.entity_id

    def match(entity: str, day: str) -> Verdict:
        if at_entity:
            return _at_the_connections(work, entity, day)
        verdict = _known(work, codes, entity, day)
        return _allowed(work, verdict) if isinstance(verdict, Found) else verdict

    given = work.look_up(("entity_id", "posting_date"), match, heads_only=True, shown=SHOWN)
    work.frame["erp_entity"] = given.where(given != at_entity, "")
    if not at_entity and work.target.entities:
        _without(work)
    if work.target.inter_entity == "refuse":
        _between_entities(work, codes)


def entity_of(work: Worksheet) -> pd.Series:
    """The entity that each row's document is posted at; empty: the top level."""
    given: pd.Series = work.frame["erp_entity"]
    return given.where(given != "", work.target.entity_id)


def _at_the_connections(work: Worksheet, entity: str, day: str) -> Verdict:
    ours = work.target.entity_id
    given = work.rules.find(DIMENSION_CODES, (ENTITY, entity), day) or entity
    if isinstance(given, Clash):
        return given.hold(ENTITY, entity)
    if given == ours:
        return Found(given)
    because = f"the document belongs to entity {given!r}; this connection posts into entity {ours!r}"
    remedy = (
        "Send it to the connection of that entity, add an entity rule to dimensions.csv, or post from the top level "
        "(leave erp.entity_id empty)."
    )
    return Hold("ENTITY_OTHER", because, remedy)


def _known(work: Worksheet, codes: Codes, entity: str, day: str) -> Verdict:
    """Verified where the ERP says which entities it has."""
    if codes.has(ENTITY):
        return codes.match(ENTITY, entity, day, work.rules)
    given = work.rules.find(DIMENSION_CODES, (ENTITY, entity), day) or entity
    return given.hold(ENTITY, entity) if isinstance(given, Clash) else Found(given)


def _allowed(work: Worksheet, found: Found) -> Verdict:
    allowed = work.target.entities
    if not allowed or found.code in allowed:
        return found
    because = f"the document belongs to entity {found.code!r}; this connection posts into {', '.join(allowed)} only"
    return Hold("ENTITY_NOT_ALLOWED", because, "Add the entity to erp.entities, or correct it in Stampli.")


def _without(work: Worksheet) -> None:
    heads = work.heads()
    for at in heads.index[heads["entity_id"] == ""]:
        allowed = ", ".join(work.target.entities)
        because = f"the document names no entity, and this connection posts into {allowed} only"
        work.hold(at, SHOWN, "", Hold("ENTITY_MISSING", because, CORRECT_IN_STAMPLI))


def _between_entities(work: Worksheet, codes: Codes) -> None:
    def why(_: str, location: str, entity: str) -> list[Hold]:
        belongs, ours = codes.entities_of(location), entity or work.target.entity_id
        if not belongs or not ours or ours in belongs:
            return []
        because = (
            f"the line is coded to location {location}, which belongs to entity {', '.join(sorted(belongs))}, and its "
            f"document is posted at entity {ours}"
        )
        remedy = (
            "Correct the location or the entity in Stampli and export again; where the company posts between entities, set "
            "erp.inter_entity to send."
        )
        return [Hold("INTER_ENTITY", because, remedy)]

    columns = ("location_id", "erp_location", "erp_entity")
    work.hold_each(columns, why, shown=f"{Dimension.LOCATION.title()} ID")
