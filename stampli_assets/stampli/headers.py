"""Which column of a file is which canonical column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stampli_assets.model.errors import FileRefused
from stampli_assets.stampli.columns import holds_bank_details, squeezed
from stampli_assets.stampli.contracts import recognized
from stampli_assets.stampli.layout import Layout


@dataclass(frozen=True, slots=True)
class Headers:
    """Where each canonical column stands, and what it is called in the file."""

    places: dict[str, int]
    titles: dict[str, str]
    custom: dict[str, int]
    """``Custom: NAME`` columns, by NAME."""
    notes: tuple[str, ...]


def match_headers(headers: Sequence[str], name: str, layout: Layout, names: Sequence[str] = ()) -> Headers:
    """Match by name, never by position; ``names`` are the canonical ones where the layout declares them.

    Raises:
        FileRefused: a required column is missing, two columns claim one meaning, or an unknown column is not allowed.
    """
    contract = layout.contract
    accepted = contract.accepted(layout.headers)
    declared = {squeezed(title): called for called, titles in layout.custom.items() for title in (called, *titles)}
    places: dict[str, int] = {}
    custom: dict[str, int] = {}
    unknown: list[str] = []
    notes: list[str] = []
    for place, title in enumerate(headers):
        if contract.shuns_bank and holds_bank_details(title):
            notes.append(_not_read(title))
            continue
        canonical = (names[place] or None) if names else accepted.get(squeezed(title))
        if canonical in places:
            raise FileRefused(
                f"{name} has two columns for {contract.by_name[canonical].header}: {headers[places[canonical]]!r} and {title!r}.",
                remedy="Remove one of them from the export.",
                code="HEADER_TWICE",
            )
        if canonical is not None:
            places[canonical] = place
        elif (called := _custom(title, declared, layout)) is not None:
            if called in custom:
                raise FileRefused(
                    f"{name} has two columns for the custom field {called!r}.",
                    remedy="Remove one of them from the export.",
                    code="HEADER_TWICE",
                )
            custom[called] = place
        elif holds_bank_details(title):
            notes.append(_not_read(title))
        else:
            unknown.append(title)
    _refuse_missing(headers, places, name, layout)
    if unknown and layout.unknown_columns == "refuse":
        raise FileRefused(
            f"{name} has columns that are not known: {', '.join(map(repr, unknown))}.",
            remedy=f"Add them to {contract.settings}.columns in the settings, or set unknown_columns to warn.",
            code="HEADER_UNKNOWN",
        )
    notes += [f"The column {title!r} is not known; it was not used." for title in unknown]
    titles = {canonical: headers[place].strip() for canonical, place in places.items()}
    return Headers(places, titles, custom, tuple(notes))


def _not_read(title: str) -> str:
    return f"The column {title!r} looks like bank details; it was not read."


def _custom(title: str, declared: dict[str, str], layout: Layout) -> str | None:
    """The custom field of a header, if it is one."""
    if not layout.contract.has_custom:
        return None
    prefix, bare = layout.custom_prefix.strip().casefold(), title.strip()
    if squeezed(title) in declared:
        return declared[squeezed(title)]
    if prefix and bare.casefold().startswith(prefix) and bare[len(prefix) :].strip():
        return bare[len(prefix) :].strip()
    return None


def _refuse_missing(headers: Sequence[str], places: dict[str, int], name: str, layout: Layout) -> None:
    contract = layout.contract
    missing = contract.missing({*places, *layout.constants})
    if not missing:
        return
    other = recognized(headers)
    looks = f" It looks like a file of {other.documents}." if other and other is not contract else ""
    delimiter = " The whole header is one column: the delimiter may be another one." if len(headers) == 1 else ""
    raise FileRefused(
        f"{name} is no {contract.document} file: it has no column {', '.join(missing)}.{looks}{delimiter}",
        remedy=f"Check the export template in Stampli, or name this file's headers in {contract.settings}.columns of the "
        "settings.",
        code="COLUMN_MISSING",
    )
