"""Target: where a connection's documents go, and what may be sent there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LONGEST_NUMBERS = {"intacct": 45, "x3": 20}
"""Characters of a document number in each ERP: Intacct's RECORDID, X3's source document number (BPRVCR)."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the bills go. ``post_as`` is ``draft`` or ``submit``; ``site`` is where accounts and dimensions must be allowed.

    The defaults send nothing that a company may not be set up for: such documents are held.
    """

    erp: str
    company: str
    entity_id: str = ""
    """The entity that the connection is signed in to; empty: the top level of the company."""
    post_as: str = "draft"
    site: str = ""
    tax: Literal["refuse", "on_top", "inclusive"] = "refuse"
    """What becomes of tax beside a line's amount: held; sent as tax on top of the amount; or sent as the part of the line's
    whole amount that is tax. A :class:`~stampli_assets.model.documents.BillLine` carries amount and tax apart either way.
    """
    foreign_currencies: Literal["hold", "send"] = "hold"
    """What becomes of an invoice whose currency is not the one that the ERP keeps its vendor in."""
    base_currency: str = ""
    """The company's own currency, where it is known: its documents carry no exchange rate."""
    exchange_rate_type: str = ""
    """The ERP's kind of rates for foreign currencies, where the file gives no rate of its own."""
    entities: tuple[str, ...] = ()
    """The only entities that documents may be posted to from the top level; empty: every one."""
    inter_entity: Literal["refuse", "send"] = "refuse"
    """What becomes of a line that is coded to a location of another entity than the document's."""

    @property
    def longest_number(self) -> int:
        """Characters of a document number that this ERP keeps."""
        return LONGEST_NUMBERS[self.erp]

    @property
    def matches_tax_ids(self) -> bool:
        """Whether a vendor may be found by its tax id."""
        return self.erp == "x3"

    @property
    def locates_by_entity(self) -> bool:
        """Whether a line without a location gets the one of the entity where its document is posted."""
        return self.erp == "intacct"

    @property
    def one_sign_in_credits(self) -> bool:
        """Whether every line of a credit must be of one sign."""
        return self.erp == "intacct"

    @property
    def most_decimals(self) -> int | None:
        """To how many decimals the ERP rounds every amount, whatever its currency; ``None``: to the currency's own."""
        return 2 if self.erp == "intacct" else None
