"""Parse: the bytes of a vendor file become vendors, or rejects. Bank details are passed by unread."""

from __future__ import annotations

from typing import BinaryIO

from stampli_assets.model.export_frames import VENDOR_ROWS
from stampli_assets.pipeline.parse_lists import ParsedList, parse_list
from stampli_assets.stampli.layout import Layout


def parse_vendors(source: BinaryIO, *, name: str, layout: Layout) -> ParsedList:
    """Stampli's vendors as ``VENDOR_ROWS``; an id that stands twice is refused each time.

    Columns and elements whose names look like bank details are dropped, whatever the layout says of them, and named in
    the notes: that they were in the file is all that is kept. Not even a digest is, since an account number can be
    guessed from one.

    Args:
        layout: ``VendorLayout().layout()`` of the settings.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    return parse_list(source, name, layout, VENDOR_ROWS, ("vendor_id",))
