"""The batches of a vendor file's corridor; conventions as in :mod:`.frames`."""

from __future__ import annotations

from typing import Final

import pandera.pandas as pa

from stampli_assets.model.frames import TEXT

REMEMBERED_TEXTS: Final = (
    "vendor_id", "vendor_name", "status", "tax_id", "address_line_1", "address_line_2", "address_line_3", "city", "state",
    "postal_code", "country", "currency", "payment_terms",
)  # fmt: skip
"""What is kept of a vendor from file to file: what the ERP has too, and where money would be sent."""

STANDINGS: Final = ("agrees", "differs", "created", "not in the ERP", "inactive", "held", "not created yet")


def _text(*checks: pa.Check) -> pa.Column:
    return pa.Column(TEXT, list(checks), nullable=False)


REMEMBERED: Final = pa.DataFrameSchema(
    {**{name: _text() for name in REMEMBERED_TEXTS}, "changes": _text()},
    strict=True,
    name="vendors as Stampli told them",
)
"""One row per vendor that any file so far named, as the last one told it. ``changes`` is a JSON list of what a file changed:
``field``, ``before``, ``file`` and ``day`` (ISO)."""

VENDOR_STANDINGS: Final = pa.DataFrameSchema(
    {
        "row": pa.Column("int64", pa.Check.ge(1), nullable=False),
        **{name: _text() for name in ("vendor_id", "vendor_name", "erp_vendor_id", "differences", "archived_as")},
        "standing": _text(pa.Check.isin(STANDINGS)),
    },
    strict=True,
    name="standings of vendors",
)
"""One row per accepted vendor of a file: how it stands to the ERP. ``differences`` says field by field what Stampli and the
ERP hold; ``erp_vendor_id`` is empty where the ERP has none."""
