"""What is proposed of a file, and how its numbers and dates are proposed or asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from stampli_assets.stampli.amounts import plain_number, read_both_ways, styles_of
from stampli_assets.stampli.columns import squeezed
from stampli_assets.stampli.contracts import CONTRACTS, INVOICES, Contract
from stampli_assets.stampli.dates import formats_of, question, said
from stampli_assets.stampli.faults import Fault, damage_of, day_of_serial
from stampli_assets.stampli.invoice_columns import DOCUMENT_TYPES

_ISO = "%Y-%m-%d"


@dataclass
class ColumnEvidence:
    """What a column of the file is, and why."""

    header: str
    meaning: str
    """The canonical column, ``custom``, ``bank details`` or empty."""
    kind: str
    filled: int
    distinct: int
    examples: list[str]
    evidence: list[str] = field(default_factory=list)


@dataclass
class Proposal:
    """``layout`` holds the settings that differ from the defaults; ``questions`` must be answered before it is used."""

    file: str
    kind: str = INVOICES.kind
    """Which kind of file it seems to be."""
    layout: dict[str, object] = field(default_factory=dict)
    evidence: dict[str, list[str]] = field(default_factory=dict)
    columns: list[ColumnEvidence] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: int = 0

    @property
    def contract(self) -> Contract:
        """What this kind of file has."""
        return next(contract for contract in CONTRACTS if contract.kind == self.kind)


def propose_numbers(found: Proposal, columns: list[tuple[str, list[str]]]) -> None:
    """The number style that reads every amount, or the question about those that it does not."""
    values = sorted({text for _, told in columns for text in told if text and not damage_of(text)})
    if not values:
        return
    fits = styles_of(values)
    telling = next((text for text in values if len(styles_of([text])) == 1), values[-1])
    found.evidence["number_style"] = [f"{len(values)} different amounts fit: {', '.join(fits) or 'no single style'}."]
    if fits:
        found.evidence["number_style"].append(f"For example {telling!r}.")
    if "plain" in fits:
        return
    if len(fits) == 1:
        found.layout["number_style"] = fits[0]
    elif fits:
        asked = next(text for text in values if _differs(text))
        found.questions.append(f"Is the amount {asked!r} {read_both_ways(asked)}? Set number_style to us or eu.")
    else:
        odd = [next((text for text in values if styles_of([text]) == (style,)), "") for style in ("us", "eu")]
        told = ", ".join(repr(text) for text in odd if text) or repr(values[0])
        found.questions.append(f"No one number style reads every amount ({told}): how does this export write amounts?")


def _differs(text: str) -> bool:
    try:
        return plain_number(text, "us") != plain_number(text, "eu")
    except Fault:
        return False


def propose_dates(found: Proposal, columns: list[tuple[str, list[str]]]) -> None:
    """The date format that reads every date in one way, or the question which day is meant."""
    told = {name: sorted({text for text in values if text and not damage_of(text)}) for name, values in columns}
    numbers = sorted({text for values in told.values() for text in values if day_of_serial(text)})
    if numbers:
        found.questions.append(
            f"Some dates are a spreadsheet's day numbers, such as {numbers[0]!r} ({day_of_serial(numbers[0])}). Can the "
            f"export be had without a spreadsheet opening it? Such {found.contract.documents} are rejected."
        )
    by_column = {name: [text for text in values if not day_of_serial(text)] for name, values in told.items()}
    every = sorted({text for values in by_column.values() for text in values})
    if not every:
        return
    fits = formats_of(every)
    found.evidence["date_format"] = [
        f"{len(every)} different dates fit: {', '.join(map(said, fits)) or 'no one format'}."
    ]
    if _ISO in fits:
        return
    if fits and not (asked := question(every)):
        found.layout["date_format"] = fits[0]
        telling = [text for text in every if len(formats_of([text])) == 1]
        found.evidence["date_format"] += [f"{len(telling)} of them can be read in one way only."] if telling else []
    elif fits:
        found.questions.append(f"{asked} Set date_format to {' or '.join(map(repr, fits[:4]))}.")
    else:
        _mixed_dates(found, by_column)


def _mixed_dates(found: Proposal, by_column: dict[str, list[str]]) -> None:
    for name, values in by_column.items():
        fits = formats_of(values)
        if len(fits) == 1:
            found.evidence["date_format"].append(f"{found.contract.by_name[name].header}: all are {said(fits[0])}.")
        elif values and not fits:
            found.questions.append(
                f"The dates of {found.contract.by_name[name].header} are written in several ways, such as {values[0]!r} and "
                f"{values[-1]!r}: which is meant?"
            )
        elif values and (asked := question(values)):
            found.questions.append(f"{asked} ({found.contract.by_name[name].header})")
    found.questions.append("No one date format reads every date: which columns differ? Give them a date_format each.")


def ask_about_credits(found: Proposal, columns: dict[str, list[str]]) -> None:
    """Credit memos with positive totals may be meant so, or be wrong."""
    kinds, totals = columns.get("document_type"), columns.get("invoice_total")
    if not kinds or not totals:
        return
    of_credits = [total for kind, total in zip(kinds, totals, strict=True) if _is_credit(kind) and total]
    positive = [total for total in of_credits if not total.startswith(("-", "(")) and not total.endswith("-")]
    if positive:
        found.questions.append(
            f"{len(positive)} of {len(of_credits)} credit memos carry positive totals, such as {positive[0]!r}. "
            "Does this export write credits without a sign? Then set credit_sign to unsigned."
        )


def _is_credit(kind: str) -> bool:
    return DOCUMENT_TYPES.get(squeezed(kind)) == "CREDIT_MEMO"
