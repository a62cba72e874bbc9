"""The firm's branches that keep their books in Sage X3: one in the cloud (GraphQL), one on premise (REST).

They buy from the same vendors. X3 holds most of them under Stampli's number, some under a number of its own (they are found
by their tax id), and a few not at all (they are created).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stampli_assets.sandbox.firm import Firm
from stampli_assets.sandbox.x3.firm import FOLDER, x3_masters
from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.rest_server import X3RestSimulator
from stampli_assets.sandbox.x3.server import X3Simulator

OTHER_NUMBER = slice(3, 30, 4)
"""Which suppliers X3 keeps under a number of its own: ``S00004`` in place of ``V-10004``."""
UNKNOWN = slice(4, 30, 9)
"""Which vendors X3 does not hold."""


@dataclass(frozen=True)
class Branch:
    """A branch: the connection's name, the folder that its account sees as its own, and where its invoices start."""

    name: str
    endpoint: str
    first_invoice: int

    @property
    def outbound(self) -> str:
        return f"/{self.name}/outbound"

    def masters(self, firm: Firm) -> dict[str, Any]:
        """What its X3 holds."""
        masters = x3_masters(firm)
        suppliers = masters["suppliers"]
        for supplier in suppliers[OTHER_NUMBER]:
            supplier["BPSNUM"] = supplier["BPRPAY"] = f"S{supplier['BPSNUM'].removeprefix('V-')}"
        unknown = {supplier["BPSNUM"] for supplier in suppliers[UNKNOWN]}
        return {
            **masters,
            "endpoint": self.endpoint,
            "suppliers": [supplier for supplier in suppliers if supplier["BPSNUM"] not in unknown],
        }


CLOUD = Branch("acme_cloud", FOLDER, 5001)
PLANT = Branch("acme_plant", "ACMEPLANT", 9001)


class Branches:
    """Both branches' X3, on loopback; a port of 0 takes a free one."""

    def __init__(self, firm: Firm, folder: Path, *, host: str, cloud_port: int, plant_port: int, now: Any) -> None:
        self.cloud = X3GraphQLSimulator(
            CLOUD.masters(firm), host=host, port=cloud_port, state=folder / "x3_cloud", now=now
        )
        self.plant = X3RestSimulator(
            PLANT.masters(firm), host=host, port=plant_port, state=folder / "x3_plant", now=now
        )
        self._running = ExitStack()

    def __iter__(self) -> Iterator[tuple[Branch, X3Simulator]]:
        return iter(((CLOUD, self.cloud), (PLANT, self.plant)))

    def start(self) -> None:
        """Serve both; raises ``OSError`` when a port is taken."""
        with ExitStack() as starting:
            for _, simulator in self:
                starting.enter_context(simulator)
            self._running = starting.pop_all()

    def stop(self) -> None:
        self._running.close()

    def describe(self) -> dict[str, Any]:
        """Where they listen."""
        return {
            branch.name: {"address": simulator.base_url, "endpoint": branch.endpoint, "outbound": branch.outbound}
            for branch, simulator in self
        }
