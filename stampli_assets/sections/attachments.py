"""Invoice images: ``connections[].stampli.attachments``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stampli_assets.sections.section import Section


class InvoiceImages(Section):
    """Which images are attached to the bills. Sage Intacct only; addresses (URLs) are never fetched."""

    find_by: Annotated[
        Literal["none", "column", "name"],
        Field(
            description="column: the export's column Attachment File names a file in outbound or outbound/attachments; "
            "name: such a file is called by the Stampli id or the invoice number, and .pdf."
        ),
    ] = "none"
    megabytes: Annotated[int, Field(ge=1, le=40, description="A larger image is not attached.")] = 10
    folder: Annotated[
        str, Field(min_length=1, max_length=60, description="Intacct's attachment folders are this and the month.")
    ] = "Stampli"
