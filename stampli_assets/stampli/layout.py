"""How one connection's invoice files are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.identity import digest
from stampli_assets.stampli.columns import BY_NAME


@dataclass(frozen=True, slots=True)
class Layout:
    """A flat CSV layout. ``number_style`` is ``plain`` (1234.50), ``us`` (1,234.50) or ``eu`` (1.234,50)."""

    encoding: str = "utf-8"
    delimiter: str = ","
    number_style: str = "plain"
    date_format: str = "%Y-%m-%d"
    unknown_columns: str = "warn"
    headers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further accepted headers, by canonical column name."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Values of canonical columns that the export does not carry."""
    max_bytes: int = 256_000_000
    max_rows: int = 2_000_000
    max_field: int = 32_000

    def with_headers(self, headers: Mapping[str, Iterable[str]]) -> Layout:
        """The same layout with further headers.

        Raises:
            Misconfigured: a name is no canonical column.
        """
        for name in (*headers, *self.constants):
            if name not in BY_NAME:
                raise Misconfigured(
                    f"The layout names the column {name!r}, which invoices do not have.",
                    remedy=f"Known columns: {', '.join(BY_NAME)}.",
                    code="LAYOUT",
                )
        return replace(self, headers={name: tuple(texts) for name, texts in headers.items()})

    @property
    def digest(self) -> str:
        """Changes when the layout does."""
        return digest(asdict(self))
