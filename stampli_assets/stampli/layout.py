"""How one kind of a connection's files is written: the layout that its settings declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.identity import digest
from stampli_assets.stampli.columns import CUSTOM_PREFIX, holds_bank_details
from stampli_assets.stampli.contracts import INVOICES, Contract


class Shape(StrEnum):
    """``flat``: one row per coding line, paid invoice or record. ``header_lines``: rows marked as header or line.
    ``xml``: elements by path.
    """

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
    """Of the shape ``xml``: where documents, lines and fields are. Names are compared without namespace.

    A path is names joined by ``/``, the last of which may be an attribute (``Header/Vendor/@id``). Document columns
    start at the document, line columns at the line. Without a path, an element's name is its header without spaces.
    """

    document: str = ""
    line: str = ""
    """Empty: as the contract of this kind of file says."""
    paths: Mapping[str, str] = field(default_factory=dict)
    version: str = "1.0"
    """The root's ``version`` must be this where it has one; empty: any."""
    max_depth: int = 32


@dataclass(frozen=True, slots=True)
class Layout:
    """A file layout. ``number_style`` is ``plain`` (1234.50), ``us`` (1,234.50) or ``eu`` (1.234,50 or 1 234,50)."""

    contract: Contract = INVOICES
    """The kind of file."""
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
            Misconfigured: it names a column that this kind of file does not have, or contradicts itself.
        """
        contract = self.contract
        fields = (*self.records.header_fields, *self.records.line_fields)
        declared = (
            *self.headers,
            *self.rules,
            *self.constants,
            *self.xml.paths,
            *(one for one in fields if one != "-"),
        )
        for name in declared:
            if name not in contract.by_name:
                raise Misconfigured(
                    f"The layout names the column {name!r}, which {contract.documents} do not have.",
                    remedy=f"Known columns: {', '.join(contract.by_name)}.",
                    code="LAYOUT",
                )
        if bool(self.records.header_fields) != bool(self.records.line_fields):
            raise Misconfigured(
                "The layout names the fields of header records or of line records, and not of both.",
                remedy="Give header_fields and line_fields, or neither where the file has a header row.",
                code="LAYOUT",
            )
        if self.shape is Shape.HEADER_LINES and not contract.has_records:
            raise Misconfigured(
                f"The layout says header_lines, and {contract.documents} are not read from header and line records.",
                remedy="Set kind to flat or xml. Only invoice files come as header and line records.",
                code="LAYOUT",
            )
        if contract.shuns_bank:
            self._refuse_bank()
        return self

    def _refuse_bank(self) -> None:
        told = [title for titles in self.headers.values() for title in titles]
        told += self.xml.paths.values()
        for title in told:
            if holds_bank_details(title):
                raise Misconfigured(
                    f"The layout names {title!r}, which looks like bank details; they are never read from a file of "
                    f"{self.contract.documents}.",
                    remedy="Take it out of the layout. Bank details are kept in the ERP, where their change is approved.",
                    code="LAYOUT",
                )

    @property
    def xml_document(self) -> tuple[str, ...]:
        """The steps from the root to a document."""
        return tuple((self.xml.document or self.contract.xml_document).split("/"))

    @property
    def xml_line(self) -> tuple[str, ...]:
        """The steps from a document to a line; none where every document is a row."""
        told = self.xml.line or self.contract.xml_line
        return tuple(told.split("/")) if told else ()

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
        told = asdict(replace(self, contract=INVOICES)) | {"contract": self.contract.kind}
        told["xml"] |= {"document": "/".join(self.xml_document), "line": "/".join(self.xml_line)}
        return digest(told)
