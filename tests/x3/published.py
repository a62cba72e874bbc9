"""A folder whose administrator publishes the restriction table, under names that the settings must then give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stampli_assets.sandbox.x3 import graphql_server, rest_server, schema
from stampli_assets.sandbox.x3.fields import ENTITIES, Entity, Field

RESTRICTIONS = Entity(
    "AnalyticalRestriction",
    "restrictions",
    ("ACC", "DIE", "CCE"),
    (Field("ACC", "account"), Field("DIE", "dimensionType"), Field("CCE", "dimension")),
    "x3FinanceData",
    "analyticalRestriction",
    "YRESTRICTION",
    "YRESTRICTION",
)
NAMES = {
    "graphql": {"restrictions": {"node": "analyticalRestriction"}},
    "rest": {"restrictions": {"name": "YRESTRICTION", "representation": "YRESTRICTION"}},
}
"""What a connection's settings say of it (``erp.names``)."""


@contextmanager
def publishing() -> Iterator[None]:
    """Simulators publish it meanwhile."""
    everything = (*ENTITIES, RESTRICTIONS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "ENTITIES", everything)
        patch.setattr(rest_server, "ENTITIES", everything)
        graphql_server._schema.cache_clear()
        yield
    graphql_server._schema.cache_clear()
