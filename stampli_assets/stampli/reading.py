"""One door for every shape: the bytes of a file become text cells by column, as the layout declares."""

from __future__ import annotations

from typing import BinaryIO

from stampli_assets.stampli.csv_reader import read_csv
from stampli_assets.stampli.envelope import refuse_markup, unwrapped
from stampli_assets.stampli.homecoming import came_home
from stampli_assets.stampli.layout import Layout, Shape
from stampli_assets.stampli.raw import RawTable
from stampli_assets.stampli.record_types import read_header_lines
from stampli_assets.stampli.xml_reader import read_xml


def read_records(source: BinaryIO, name: str, layout: Layout) -> RawTable:
    """Every record of a file; of a mended reject file that is dropped back, the original's cells alone.

    Raises:
        FileRefused: the file as a whole cannot be believed; the sentence says why.
    """
    stream = unwrapped(source, name, layout)
    refuse_markup(stream, name, layout)
    match layout.shape:
        case Shape.FLAT:
            return came_home(read_csv(stream, name, layout))
        case Shape.HEADER_LINES:
            return came_home(read_header_lines(stream, name, layout))
        case Shape.XML:
            return read_xml(stream, name, layout)
