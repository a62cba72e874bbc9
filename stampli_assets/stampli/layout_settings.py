"""The part of the settings file that declares a connection's layout (``stampli.layout``), typed; it makes a Layout."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stampli_assets.stampli.columns import BY_NAME, CUSTOM_PREFIX, squeezed
from stampli_assets.stampli.layout import ColumnRule, Layout, RecordTypes, Shape, XmlShape

Encoding = Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1", "iso-8859-15"]
_SAMPLE = datetime(2026, 11, 22, tzinfo=UTC)
_PATH = r"^@?[A-Za-z_][\w.-]*(/@?[A-Za-z_][\w.-]*)*$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_date_format(told: str) -> str:
    """A format is one that gives the same day back."""
    if told:
        try:
            again = datetime.strptime(_SAMPLE.strftime(told), told)  # noqa: DTZ007 - a date has no time zone
        except ValueError:
            raise ValueError(f"{told!r} is no date format such as %Y-%m-%d or %d/%m/%Y") from None
        if again.date() != _SAMPLE.date():
            raise ValueError(f"{told!r} does not tell year, month and day")
    return told


class ColumnLayout(_Part):
    """What is declared of one column: further headers, and how its cells are written."""

    header: Annotated[tuple[str, ...], Field(description="Further accepted headers.")] = ()
    date_format: Annotated[str, Field(description="Of this column alone, where it differs from the layout's.")] = ""
    width: Annotated[int, Field(ge=0, le=64, description="Characters of every value; 0: any.")] = 0
    pad: Annotated[str, Field(max_length=1, description="Fill up to width from the left with this.")] = ""
    map: Annotated[dict[str, str], Field(description="What the export says → what is read.")] = {}
    on_missing: Annotated[
        Literal["reject", "keep"], Field(description="What becomes of a value that the map does not know.")
    ] = "reject"

    @field_validator("date_format")
    @classmethod
    def _is_format(cls, told: str) -> str:
        return _is_date_format(told)

    @model_validator(mode="after")
    def _pad_needs_width(self) -> ColumnLayout:
        if self.pad and not self.width:
            raise ValueError("pad needs width")
        return self


class RecordLayout(_Part):
    """Of ``kind: header_lines``."""

    column: Annotated[str, Field(description="Header of the record type column; empty: the first column.")] = ""
    header: Annotated[str, Field(min_length=1, description="The type of header records.")] = "H"
    line: Annotated[str, Field(min_length=1, description="The type of line records.")] = "L"
    ignored: Annotated[tuple[str, ...], Field(description="Types that are left out, such as a trailer.")] = ()
    header_fields: Annotated[
        tuple[str, ...],
        Field(
            description="Without a header row: canonical columns of a header record after its type; '-' is not read."
        ),
    ] = ()
    line_fields: Annotated[tuple[str, ...], Field(description="The same for line records.")] = ()

    @model_validator(mode="after")
    def _types_differ(self) -> RecordLayout:
        if self.header == self.line or {self.header, self.line} & set(self.ignored):
            raise ValueError("header, line and ignored must be different record types")
        return self


class XmlLayout(_Part):
    """Of ``kind: xml``. Paths are names joined by /, the last of which may be an @attribute."""

    invoice: Annotated[str, Field(pattern=_PATH, description="From the root to an invoice.")] = "Invoice"
    line: Annotated[str, Field(pattern=_PATH, description="From an invoice to a coding line.")] = "Lines/Line"
    paths: Annotated[
        dict[str, Annotated[str, Field(pattern=_PATH)]],
        Field(description="Canonical column → path, from the invoice or the line."),
    ] = {}
    version: Annotated[str, Field(description="What the root's version must be; empty: any.")] = "1.0"
    max_depth: Annotated[int, Field(ge=3, le=200)] = 32


class InvoiceLayout(_Part):
    """How the invoice files of this connection are written."""

    kind: Annotated[Shape, Field(description="flat: a row per coding line; header_lines: marked records; xml.")] = (
        Shape.FLAT
    )
    version: Annotated[str, Field(description="Your own name for this version of the layout, such as 2026-11.")] = ""
    encoding: Encoding = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    quote: Annotated[Literal['"', "'", ""], Field(description="The quotation mark; empty: nothing is quoted.")] = '"'
    skip_lines: Annotated[int, Field(ge=0, le=100, description="Lines above the header.")] = 0
    final_newline: Annotated[
        Literal["optional", "required"], Field(description="required: a last line without its end was cut off.")
    ] = "optional"
    number_style: Annotated[
        Literal["plain", "us", "eu"], Field(description="plain: 1234.50, us: 1,234.50, eu: 1.234,50")
    ] = "plain"
    date_format: Annotated[str, Field(description="As in strftime; one format per connection.")] = "%Y-%m-%d"
    credit_sign: Annotated[
        Literal["signed", "unsigned"],
        Field(description="unsigned: credit memos carry positive amounts, which are turned."),
    ] = "signed"
    compression: Annotated[
        Literal["refuse", "accept"], Field(description="accept: gzip, and zip with exactly one member.")
    ] = "refuse"
    unknown_columns: Literal["warn", "refuse"] = "warn"
    columns: Annotated[
        dict[str, tuple[str, ...] | ColumnLayout],
        Field(
            description="Further accepted headers, or all that is declared, by canonical column name (docs/formats)."
        ),
    ] = {}
    constants: Annotated[
        dict[str, str], Field(description="Values for canonical columns that the export does not carry.")
    ] = {}
    custom: Annotated[
        dict[str, tuple[str, ...]], Field(description="Custom fields: the name passed on → the headers that carry it.")
    ] = {}
    custom_prefix: Annotated[str, Field(description="Headers that begin so are custom fields; empty: none.")] = (
        CUSTOM_PREFIX
    )
    records: RecordLayout = RecordLayout()
    xml: XmlLayout = XmlLayout()
    max_megabytes: Annotated[int, Field(ge=1, le=4096)] = 256
    max_rows: Annotated[int, Field(ge=1)] = 2_000_000
    max_field_characters: Annotated[int, Field(ge=100, le=1_000_000)] = 32_000
    max_ratio: Annotated[int, Field(ge=2, le=1000, description="How many times an archive may grow.")] = 100

    @field_validator("date_format")
    @classmethod
    def _is_format(cls, told: str) -> str:
        if not told:
            raise ValueError("a date format is needed, such as %Y-%m-%d")
        return _is_date_format(told)

    @field_validator("columns", "constants")
    @classmethod
    def _names_columns(cls, told: dict[str, object]) -> dict[str, object]:
        unknown = sorted(name for name in told if name not in BY_NAME)
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: no column of an invoice; known are {', '.join(BY_NAME)}")
        return told

    @model_validator(mode="after")
    def _headers_differ(self) -> InvoiceLayout:
        claimed: dict[str, str] = {}
        for name, titles in self._headers().items():
            for title in titles:
                other = claimed.setdefault(squeezed(title), name)
                if other != name:
                    raise ValueError(f"the header {title!r} is claimed by {other} and by {name}")
        return self

    def layout(self) -> Layout:
        """What the readers work with.

        Raises:
            Misconfigured: it names a column that invoices do not have, or contradicts itself.
        """
        told = {name: column for name, column in self.columns.items() if isinstance(column, ColumnLayout)}
        return Layout(
            shape=self.kind,
            version=self.version,
            encoding=self.encoding,
            delimiter=self.delimiter,
            quote=self.quote,
            skip_lines=self.skip_lines,
            final_newline=self.final_newline,
            number_style=self.number_style,
            date_format=self.date_format,
            credit_sign=self.credit_sign,
            compression=self.compression,
            unknown_columns=self.unknown_columns,
            rules={
                name: ColumnRule(column.date_format, column.width, column.pad, dict(column.map), column.on_missing)
                for name, column in told.items()
            },
            constants=dict(self.constants),
            custom=dict(self.custom),
            custom_prefix=self.custom_prefix,
            records=RecordTypes(**self.records.model_dump()),
            xml=XmlShape(**self.xml.model_dump()),
            max_bytes=self.max_megabytes * 1_000_000,
            max_rows=self.max_rows,
            max_field=self.max_field_characters,
            max_ratio=self.max_ratio,
        ).with_headers(self._headers())

    def _headers(self) -> dict[str, tuple[str, ...]]:
        return {
            name: column.header if isinstance(column, ColumnLayout) else column for name, column in self.columns.items()
        }
