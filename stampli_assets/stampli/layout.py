"""How one connection's invoice files are written: the layout that its settings declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.identity import digest
from stampli_assets.stampli.columns import BY_NAME, CUSTOM_PREFIX


class Shape(StrEnum):
    """``flat``: one row per coding line. ``header_lines``: rows marked as header or line. ``xml``: elements by path."""

    FLAT = "flat"
    HEADER_LINES = "header_lines"
    XML = "xml"


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What a connection says of one column beside its headers; everything is optional."""

    date_format: str = ""
    """Another format than the layout's, for this column alone."""
    width: int = 0
    """Every value has this many characters; fewer digits prove that leading zeros were lost."""
    pad: str = ""
    """Fill up to ``width`` from the left with this character instead of rejecting."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What the export says → what is read."""
    on_missing: str = "reject"
    """A value that ``words`` does not know is rejected (``reject``) or kept as it is (``keep``)."""


@dataclass(frozen=True, slots=True)
class RecordTypes:
    """Of the shape ``header_lines``: how the records of an invoice and of its lines are told apart."""

    column: str = ""
    """Header of the record type column; the first column where the file has no header row."""
    header: str = "H"
    line: str = "L"
    ignored: tuple[str, ...] = ()
    """Further types that are left out, such as a trailer."""
    header_fields: tuple[str, ...] = ()
    """Without a header row: canonical columns of a header record, in order, after the type; ``-`` is not read."""
    line_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class XmlShape:
    """Of the shape ``xml``: where invoices, lines and fields are. Names are compared without namespace.

    A path is names joined by ``/``, the last of which may be an attribute (``Header/Vendor/@id``). Document columns
    start at the invoice, line columns at the line. Without a path, an element's name is its header without spaces.
    """

    invoice: str = "Invoice"
    line: str = "Lines/Line"
    paths: Mapping[str, str] = field(default_factory=dict)
    version: str = "1.0"
    """The root's ``version`` must be this where it has one; empty: any."""
    max_depth: int = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """A file layout. ``number_style`` is ``plain`` (1234.50), ``us`` (1,234.50) or ``eu`` (1.234,50 or 1 234,50)."""

    shape: Shape = Shape.FLAT
    version: str = ""
    """What a person calls this version of the layout; ``digest`` is what the machine calls it."""
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    """The quotation mark; empty: the export quotes nothing."""
    skip_lines: int = 0
    """Lines above the header, such as a report's title."""
    final_newline: str = "optional"
    """``required``: the export always ends its last line, so a file without that end was cut off."""
    number_style: str = "plain"
    date_format: str = "%Y-%m-%d"
    credit_sign: str = "signed"
    """``signed``: credit memos carry negative amounts; ``unsigned``: positive ones, which are turned."""
    compression: str = "refuse"
    """``accept``: gzip, and zip with exactly one member."""
    unknown_columns: str = "warn"
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further accepted headers, by canonical column name."""
    rules: Mapping[str, ColumnRule] = field(default_factory=dict)
    """What else is declared, by canonical column name."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Values of canonical columns that the export does not carry."""
    custom: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Headers that are custom fields, by the name under which they are passed on."""
    custom_prefix: str = CUSTOM_PREFIX
    """Headers that begin so are custom fields too."""
    records: RecordTypes = RecordTypes()
    xml: XmlShape = XmlShape()
    max_bytes: int = 256_000_000
    max_rows: int = 2_000_000
    max_field: int = 32_000
    max_ratio: int = 100
    """How many times larger than its archive a file may be."""

    def with_headers(self, headers: Mapping[str, Iterable[str]]) -> Layout:
        """The same layout with further headers.

        Raises:
            Misconfigured: a name is no canonical column.
        """
        return replace(self, headers={name: tuple(texts) for name, texts in headers.items()}).checked()

    def checked(self) -> Layout:
        """This layout.

        Raises:
            Misconfigured: it names a column that invoices do not have, or contradicts itself.
        """
        fields = (*self.records.header_fields, *self.records.line_fields)
        declared = (
            *self.headers,
            *self.rules,
            *self.constants,
            *self.xml.paths,
            *(one for one in fields if one != "-"),
        )
        for name in declared:
            if name not in BY_NAME:
                raise Misconfigured(
                    f"The layout names the column {name!r}, which invoices do not have.",
                    remedy=f"Known columns: {', '.join(BY_NAME)}.",
                    code="LAYOUT",
                )
        if bool(self.records.header_fields) != bool(self.records.line_fields):
            raise Misconfigured(
                "The layout names the fields of header records or of line records, and not of both.",
                remedy="Give header_fields and line_fields, or neither where the file has a header row.",
                code="LAYOUT",
            )
        return self

    def date_format_of(self, column: str) -> str:
        """How the dates of a column are written."""
        rule = self.rules.get(column)
        return (rule.date_format if rule else "") or self.date_format

    @property
    def max_line(self) -> int:
        """Characters of one physical line at the most; what is longer has lost a line end or a quotation mark."""
        return 64 * self.max_field

    @property
    def digest(self) -> str:
        """Changes when the layout does."""
        return digest(asdict(self))
