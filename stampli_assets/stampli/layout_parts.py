"""What the layout sections of the settings file are made of: columns, record types, elements of XML."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from stampli_assets.stampli.contracts import INVOICES, PAYMENTS
from stampli_assets.stampli.layout import XmlShape

_SAMPLE = datetime(2026, 11, 22, tzinfo=UTC)
_PATH = r"^@?[A-Za-z_][\w.-]*(/@?[A-Za-z_][\w.-]*)*$"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def is_date_format(told: str) -> str:
    """A format is one that gives the same day back."""
    if told:
        try:
            again = datetime.strptime(_SAMPLE.strftime(told), told)  # noqa: DTZ007 - a date has no time zone
        except ValueError:
            raise ValueError(f"{told!r} is no date format such as %Y-%m-%d or %d/%m/%Y") from None
        if again.date() != _SAMPLE.date():
            raise ValueError(f"{told!r} does not tell year, month and day")
    return told


class ColumnLayout(Part):
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
        return is_date_format(told)

    @model_validator(mode="after")
    def _pad_needs_width(self) -> ColumnLayout:
        if self.pad and not self.width:
            raise ValueError("pad needs width")
        return self


class RecordLayout(Part):
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


class XmlPart(Part):
    """Of ``kind: xml``. Paths are names joined by /, the last of which may be an @attribute."""

    paths: Annotated[
        dict[str, Annotated[str, Field(pattern=_PATH)]],
        Field(description="Canonical column → path, from the document or the line."),
    ] = {}
    version: Annotated[str, Field(description="What the root's version must be; empty: any.")] = "1.0"
    max_depth: Annotated[int, Field(ge=3, le=200)] = 32

    def shape(self) -> XmlShape:
        """What the reader works with."""
        return self._shape("", "")

    def _shape(self, document: str, line: str) -> XmlShape:
        return XmlShape(document, line, dict(self.paths), self.version, self.max_depth)


class XmlLayout(XmlPart):
    """Of invoices in XML."""

    invoice: Annotated[str, Field(pattern=_PATH, description="From the root to an invoice.")] = INVOICES.xml_document
    line: Annotated[str, Field(pattern=_PATH, description="From an invoice to a coding line.")] = INVOICES.xml_line

    def shape(self) -> XmlShape:
        return self._shape(self.invoice, self.line)


class PaymentXml(XmlPart):
    """Of payments in XML."""

    payment: Annotated[str, Field(pattern=_PATH, description="From the root to a payment.")] = PAYMENTS.xml_document
    line: Annotated[str, Field(pattern=_PATH, description="From a payment to a paid invoice.")] = PAYMENTS.xml_line

    def shape(self) -> XmlShape:
        return self._shape(self.payment, self.line)


class RecordXml(XmlPart):
    """Of lists in XML."""

    record: Annotated[
        str, Field(pattern=f"{_PATH}|^$", description="From the root to a record; empty: Vendor, Account, CostCentre.")
    ] = ""

    def shape(self) -> XmlShape:
        return self._shape(self.record, "")
