"""What edited rules would change: the lines of documents that are not posted, the old word beside the new one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stampli_assets.model.documents import Dimension
from stampli_assets.model.identity import PostingKey
from stampli_assets.model.money import Money
from stampli_assets.model.ports import Reference
from stampli_assets.pipeline.map import worksheet
from stampli_assets.pipeline.map_documents import keys_of
from stampli_assets.pipeline.target import Target
from stampli_assets.pipeline.worksheet import Worksheet

if TYPE_CHECKING:
    import pandas as pd

    from stampli_assets.mapping.rules import Rules

_OF_DOCUMENTS = {"vendor": ("vendor_id", "erp_vendor_id"), "term": ("payment_terms", "erp_term"),
                 "entity": ("entity_id", "erp_entity")}  # fmt: skip
_OF_LINES = {
    "GL account": ("gl_account", "erp_account"),
    **{str(dimension): (f"{dimension}_id", f"erp_{dimension}") for dimension in Dimension},
    "tax code": ("tax_code", "erp_tax_code"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one line: Stampli's word, and the ERP's by the old rules and by the new. Empty: none was found, or none
    is needed.
    """

    row: int
    line: int
    field: str
    stampli: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Touched:
    """A document that the edited rules map otherwise, or that they hold or let go. Holds are sentences for a person."""

    key: PostingKey
    document: str
    vendor: str
    amount: str
    row: int
    changes: tuple[Change, ...]
    old_holds: tuple[str, ...]
    new_holds: tuple[str, ...]

    @property
    def turn(self) -> str:
        """What becomes of it as a whole, in words."""
        now = "held" if self.old_holds else "goes"
        then = "held" if self.new_holds else "goes"
        return f"{now}, then {then}" if now != then else f"still {now}"


def heads_by_key(lines: pd.DataFrame, target: Target) -> dict[PostingKey, int]:
    """The documents of a file by their posting keys."""
    heads = lines.drop_duplicates("document")
    return dict(zip(keys_of(heads, target), heads["document"].tolist(), strict=True))


def compare(
    lines: pd.DataFrame,
    *,
    old: Rules,
    new: Rules,
    reference: Reference,
    target: Target,
    unposted: Collection[PostingKey],
) -> list[Touched]:
    """The documents of a file's approved lines that are ``unposted`` and that the two sets of rules do not map alike.

    The file is mapped as a whole, as it is when it is posted.
    """
    was = worksheet(lines, rules=old, reference=reference, target=target)
    would = worksheet(lines, rules=new, reference=reference, target=target)
    changes = _by_document(_changes(lines.reset_index(drop=True), was, would))
    old_holds, new_holds = _holds(was), _holds(would)
    found = []
    heads = lines.drop_duplicates("document").set_index("document")
    for key, document in heads_by_key(lines, target).items():
        before, after = old_holds.get(document, ()), new_holds.get(document, ())
        if key in unposted and (document in changes or before != after):
            head = heads.loc[document]
            found.append(
                Touched(
                    key=key,
                    document=str(head["invoice_number"]),
                    vendor=" ".join(part for part in (str(head["vendor_id"]), str(head["vendor_name"])) if part),
                    amount=Money(int(head["invoice_total"]), str(head["currency"])).labelled,
                    row=int(head["row"]),
                    changes=tuple(changes.get(document, ())),
                    old_holds=before,
                    new_holds=after,
                )
            )
    return found


def _changes(lines: pd.DataFrame, was: Worksheet, would: Worksheet) -> Iterator[tuple[int, Change]]:
    """Every difference with its document, in order of the rows; what belongs to the document once, at its first row."""
    heads = ~lines.duplicated("document")
    found = []
    for fields, of_document in ((_OF_DOCUMENTS, True), (_OF_LINES, False)):
        for place, (field, (given, column)) in enumerate(fields.items()):
            differs = was.frame[column] != would.frame[column]
            for at in lines.index[differs & heads if of_document else differs]:
                row, line = int(lines.at[at, "row"]), int(lines.at[at, "line_number"])
                stampli = str(lines.at[at, given])
                change = Change(
                    row, line, field, stampli, str(was.frame.at[at, column]), str(would.frame.at[at, column])
                )
                found.append(((at, not of_document, place), int(lines.at[at, "document"]), change))
    return ((document, change) for _, document, change in sorted(found, key=lambda one: one[0]))


def _by_document(changes: Iterable[tuple[int, Change]]) -> dict[int, list[Change]]:
    grouped: dict[int, list[Change]] = {}
    for document, change in changes:
        grouped.setdefault(document, []).append(change)
    return grouped


def _holds(work: Worksheet) -> dict[int, tuple[str, ...]]:
    """The sentences of every held document, in the order of its rows."""
    grouped: dict[int, list[tuple[int, str]]] = {}
    for hold in work.holds:
        grouped.setdefault(int(str(hold["document"])), []).append((int(str(hold["row"])), str(hold["sentence"])))
    return {document: tuple(sentence for _, sentence in sorted(told)) for document, told in grouped.items()}
