"""The parts of the settings file that declare how each kind of a connection's files is written; they make a Layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stampli_assets.stampli.columns import CUSTOM_PREFIX, squeezed
from stampli_assets.stampli.contracts import COST_CENTRES, GL_ACCOUNTS, INVOICES, PAYMENTS, VENDORS, Contract
from stampli_assets.stampli.layout import ColumnRule, Layout, RecordTypes, Shape
from stampli_assets.stampli.layout_parts import (
    ColumnLayout,
    PaymentXml,
    RecordLayout,
    RecordXml,
    XmlLayout,
    XmlPart,
    is_date_format,
)

Encoding = Literal["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "iso-8859-1", "iso-8859-15"]


class FileLayout(BaseModel):
    """How one kind of this connection's files is written; what is the same for every kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contract: ClassVar[Contract]

    kind: Annotated[
        Shape, Field(description="flat: a row per coding line, paid invoice or record; header_lines: of invoices; xml.")
    ] = Shape.FLAT
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
    xml: XmlPart = XmlPart()
    max_megabytes: Annotated[int, Field(ge=1, le=4096)] = 256
    max_rows: Annotated[int, Field(ge=1)] = 2_000_000
    max_field_characters: Annotated[int, Field(ge=100, le=1_000_000)] = 32_000
    max_ratio: Annotated[int, Field(ge=2, le=1000, description="How many times an archive may grow.")] = 100

    @field_validator("kind")
    @classmethod
    def _is_read_in_this_shape(cls, told: Shape) -> Shape:
        if told is Shape.HEADER_LINES and not cls.contract.has_records:
            raise ValueError(
                f"{cls.contract.documents} are not read from header and line records; only invoices are. Give flat or xml"
            )
        return told

    @field_validator("date_format")
    @classmethod
    def _is_format(cls, told: str) -> str:
        if not told:
            raise ValueError("a date format is needed, such as %Y-%m-%d")
        return is_date_format(told)

    @field_validator("columns", "constants")
    @classmethod
    def _names_columns(cls, told: dict[str, object]) -> dict[str, object]:
        known = cls.contract.by_name
        unknown = sorted(name for name in told if name not in known)
        if unknown:
            raise ValueError(
                f"{', '.join(unknown)}: no column of {cls.contract.documents}; known are {', '.join(known)}"
            )
        return told

    @model_validator(mode="after")
    def _headers_differ(self) -> Self:
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
            Misconfigured: it names a column that this kind of file does not have, or contradicts itself.
        """
        return self._plain().with_headers(self._headers())

    def _plain(self) -> Layout:
        """The layout but for its headers."""
        told = {name: column for name, column in self.columns.items() if isinstance(column, ColumnLayout)}
        return Layout(
            contract=self.contract,
            shape=self.kind,
            version=self.version,
            encoding=self.encoding,
            delimiter=self.delimiter,
            quote=self.quote,
            skip_lines=self.skip_lines,
            final_newline=self.final_newline,
            number_style=self.number_style,
            date_format=self.date_format,
            compression=self.compression,
            unknown_columns=self.unknown_columns,
            rules={
                name: ColumnRule(column.date_format, column.width, column.pad, dict(column.map), column.on_missing)
                for name, column in told.items()
            },
            constants=dict(self.constants),
            xml=self.xml.shape(),
            max_bytes=self.max_megabytes * 1_000_000,
            max_rows=self.max_rows,
            max_field=self.max_field_characters,
            max_ratio=self.max_ratio,
        )

    def _headers(self) -> dict[str, tuple[str, ...]]:
        return {
            name: column.header if isinstance(column, ColumnLayout) else column for name, column in self.columns.items()
        }


class InvoiceLayout(FileLayout):
    """How the invoice files of this connection are written."""

    contract: ClassVar[Contract] = INVOICES

    credit_sign: Annotated[
        Literal["signed", "unsigned"],
        Field(description="unsigned: credit memos carry positive amounts, which are turned."),
    ] = "signed"
    custom: Annotated[
        dict[str, tuple[str, ...]], Field(description="Custom fields: the name passed on → the headers that carry it.")
    ] = {}
    custom_prefix: Annotated[str, Field(description="Headers that begin so are custom fields; empty: none.")] = (
        CUSTOM_PREFIX
    )
    records: RecordLayout = RecordLayout()
    xml: XmlLayout = XmlLayout()

    def _plain(self) -> Layout:
        return replace(
            super()._plain(),
            credit_sign=self.credit_sign,
            custom=dict(self.custom),
            custom_prefix=self.custom_prefix,
            records=RecordTypes(**self.records.model_dump()),
        )


class PaymentLayout(FileLayout):
    """How the payment files of this connection are written: a row per paid invoice."""

    contract: ClassVar[Contract] = PAYMENTS

    xml: PaymentXml = PaymentXml()


class VendorLayout(FileLayout):
    """How the vendor files of this connection are written. Bank details in them are never read."""

    contract: ClassVar[Contract] = VENDORS

    xml: RecordXml = RecordXml()


class AccountLayout(FileLayout):
    """How the GL account files of this connection are written."""

    contract: ClassVar[Contract] = GL_ACCOUNTS

    xml: RecordXml = RecordXml()


class CostCentreLayout(FileLayout):
    """How the cost-centre files of this connection are written."""

    contract: ClassVar[Contract] = COST_CENTRES

    xml: RecordXml = RecordXml()


LAYOUTS: Mapping[str, type[FileLayout]] = {
    layout.contract.kind: layout
    for layout in (InvoiceLayout, PaymentLayout, VendorLayout, AccountLayout, CostCentreLayout)
}
"""What declares the layout of each kind of file."""
