"""Supplier BP invoices (object BIS): the rules under which the books take one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from stampli_assets.sandbox.x3.books import OPEN, X3Books
from stampli_assets.sandbox.x3.coding import check_coding
from stampli_assets.sandbox.x3.diagnoses import Diagnosis, Refusal, Step
from stampli_assets.sandbox.x3.exact import plain
from stampli_assets.sandbox.x3.exchange import rate_of, rounded, too_fine, unit
from stampli_assets.sandbox.x3.inputs import amount_of

_REFERENCES = (
    ("CUR", "currencies", "Currency"),
    ("PTE", "payment_terms", "Payment term"),
    ("VAC", "tax_rules", "Tax rule"),
    ("BPRPAY", "suppliers", "Pay-to"),
)


class InvoiceDesk:
    """Takes a supplier invoice, by X3 codes, or says everything that is wrong with it."""

    def __init__(self, books: X3Books, given: dict[str, Any]) -> None:
        self._books = books
        self._given = given
        self._lines: list[dict[str, Any]] = [dict(line) for line in given.get("BPSINVLIG") or []]
        self._found: list[Diagnosis] = []
        text = given.get("ACCDAT") or ""
        self._on = date.fromisoformat(text) if text else None
        self._unit = unit(books, str(given.get("CUR") or ""))

    def check(self) -> tuple[dict[str, Any], list[Diagnosis]]:
        """The invoice as the books would keep it, and warnings; raises :class:`Refusal` with every reason."""
        self._required()
        self._header()
        self._period()
        self._source_document()
        for place, line in enumerate(self._lines):
            self._line(line, ("BPSINVLIG", place))
        record = self._record()
        self._totals(record)
        self._amounts()
        refused = [diagnosis for diagnosis in self._found if diagnosis.severity == "error"]
        if refused:
            raise Refusal(*refused)
        return record, self._found

    def _wrong(self, message: str, *path: Step, severity: str = "error") -> None:
        self._found.append(Diagnosis(message, path, severity))

    def _required(self) -> None:
        for code in self._books.rules["required_invoice_fields"]:
            if self._given.get(code) in {None, ""}:
                self._wrong(f"{code}: Mandatory field.", code)
        if not self._lines:
            self._wrong("BPSINVLIG: at least one line is needed.", "BPSINVLIG")

    def _header(self) -> None:
        site, supplier = str(self._given.get("FCY") or ""), str(self._given.get("BPR") or "")
        if site and (why := self._books.why_unusable("sites", site, on=self._on)):
            self._wrong(f"FCY: Site {site} {why}.", "FCY")
        if supplier and (why := self._books.why_unusable("suppliers", supplier, on=self._on, site=site)):
            self._wrong(f"BPR: Supplier {supplier} {why}.", "BPR")
        for code, rows, called in _REFERENCES:
            key = str(self._given.get(code) or "")
            if key and (why := self._books.why_unusable(rows, key, on=self._on)):
                self._wrong(f"{code}: {called} {key} {why}.", code)
        company = self._given.get("CPY")
        known = self._books.row("sites", site)
        if company and known and company != known.get("CPY"):
            self._wrong(f"CPY: Site {site} is not of the company {company}.", "CPY")

    def _period(self) -> None:
        if self._on is None:
            return
        day = self._on.isoformat()
        periods = [row for row in self._books.rows("periods") if row["STRDAT"] <= day <= row["ENDDAT"]]
        if not periods:
            self._wrong(f"ACCDAT: No period holds {day}.", "ACCDAT")
        elif any(int(row.get("STA", OPEN)) != OPEN for row in periods):
            self._wrong(f"ACCDAT: The period {periods[0]['PER']} is not open.", "ACCDAT")

    def _source_document(self) -> None:
        """A company may refuse or warn on a repeated source document per supplier and kind (reference 4); off by default."""
        rule = self._books.rules["unique_source_documents"]
        mine = (self._given.get("BPR"), self._given.get("BPRVCR"), int(self._given.get("INVTYP") or 1))
        if not rule or not all(mine):
            return
        for other in self._books.supplier_invoices.values():
            if (other["BPR"], other["BPRVCR"], other["INVTYP"]) == mine:
                severity = "warning" if rule == "warn" else "error"
                words = f"BPRVCR: Source document {mine[1]} already entered for {mine[0]}: {other['NUM']}."
                self._wrong(words, "BPRVCR", severity=severity)
                return

    def _line(self, line: dict[str, Any], path: tuple[Step, ...]) -> None:
        for code in self._books.rules["required_line_fields"]:
            if line.get(code) in {None, ""}:
                self._wrong(f"{code}: Mandatory field.", *path, code)
        site = str(line.get("FCYLIN") or self._given.get("FCY") or "")
        line["FCYLIN"] = site
        if site and site != self._given.get("FCY") and (why := self._books.why_unusable("sites", site, on=self._on)):
            self._wrong(f"FCYLIN: Site {site} {why}.", *path, "FCYLIN")
        self._found += check_coding(self._books, line, path, site=site, on=self._on)
        self._tax(line, path)

    def _tax(self, line: dict[str, Any], path: tuple[Step, ...]) -> None:
        """The code must be known; the amount follows from it (reference 5.4), unless the company lets it be entered."""
        code = str(line.get("VAT") or "")
        net = amount_of(line.get("AMTNOTLIN"))
        rate = Decimal()
        if not code and self._books.rules["tax_code_required"]:
            self._wrong("VAT: Mandatory field.", *path, "VAT")
        if code:
            if why := self._books.why_unusable("tax_codes", code, on=self._on):
                self._wrong(f"VAT: Tax code {code} {why}.", *path, "VAT")
            rate = amount_of(str((self._books.row("tax_codes", code) or {}).get("RATE", "0")))
        tax = rounded(net * rate / 100, self._unit)
        if not self._books.rules["recalculate_tax"] and line.get("AMTVAT") not in {None, ""}:
            tax = amount_of(line["AMTVAT"])
        given = line.get("AMTATILIN")
        line["AMTVAT"] = plain(tax)
        line["AMTATILIN"] = plain(net + tax)
        if given not in {None, ""}:
            self._difference("AMTATILIN", amount_of(given), net + tax, (*path, "AMTATILIN"))

    def _amounts(self) -> None:
        currency = str(self._given.get("CUR") or "")
        self._found += too_fine(self._given, self._unit, currency)
        for place, line in enumerate(self._given.get("BPSINVLIG") or []):
            path: tuple[Step, ...] = ("BPSINVLIG", place)
            self._found += too_fine(line, self._unit, currency, path)
            for number, row in enumerate(line.get("BPSINVLIGA") or []):
                self._found += too_fine(row, self._unit, currency, (*path, "BPSINVLIGA", number))

    def _totals(self, record: dict[str, Any]) -> None:
        """What was entered is what is computed, and never below zero: a credit says by its kind that it is one [P]."""
        if Decimal(record["AMTATI"]) < 0:
            self._wrong(f"AMTATI: A total is never negative: {record['AMTATI']}.", "AMTATI")
        for code in ("AMTNOT", "AMTATI"):
            if self._given.get(code) not in {None, ""}:
                self._difference(code, amount_of(self._given[code]), Decimal(record[code]), (code,))

    def _difference(self, code: str, given: Decimal, computed: Decimal, path: tuple[Step, ...]) -> None:
        rule = self._books.rules["total_difference"]
        if rule == "off" or abs(given - computed) <= Decimal(self._books.rules["total_tolerance"]):
            return
        words = f"{code}: {plain(given)} was entered, lines and tax give {plain(computed)}."
        self._wrong(words, *path, severity="warning" if rule == "warn" else "error")

    def _record(self) -> dict[str, Any]:
        books, given = self._books, self._given
        supplier = books.row("suppliers", str(given.get("BPR") or "")) or {}
        number = books.next_number()
        net = sum((amount_of(line.get("AMTNOTLIN")) for line in self._lines), Decimal())
        tax = sum((amount_of(line["AMTVAT"]) for line in self._lines), Decimal())
        category, kind = int(given.get("INVTYP") or 1), int(given.get("CURTYP") or 1)
        day = str(given.get("RATDAT") or given.get("ACCDAT") or "")
        worth, wrong = rate_of(books, given, kind, day)
        self._found += wrong
        defaults = {
            "PIVTYP": "PIV",
            "BPRSAC": supplier.get("ACCCOD", ""),
            "CPY": (books.row("sites", str(given.get("FCY") or "")) or {}).get("CPY", ""),
            "CURTYP": kind,
            "RATDAT": day,
            "PTE": supplier.get("PTE", ""),
            "VAC": supplier.get("VACBPR", ""),
            "BPRPAY": supplier.get("BPRPAY") or given.get("BPR", ""),
            "STRDUDDAT": given.get("BPRDAT", ""),
            "DES": "",
            "REFINT": "",
        }
        entered = {code: value for code, value in given.items() if value or code not in defaults}
        return {
            **defaults,
            **entered,
            "NUM": f"BIS{number:08d}",
            "NUMINT": number,
            "INVTYP": category,
            "SNS": -1 if category in {2, 4} else 1,
            "STA": int(books.rules["status_after_create"]),
            "PAZ": 1,
            "AMTNOT": plain(net),
            "AMTATI": plain(net + tax),
            "RATMLT": plain(worth),
            "AMTATIL": plain(rounded((net + tax) * worth, unit(books, books.base_currency))),
            "CREDATTIM": books.now().isoformat(timespec="seconds"),
            "BPSINVLIG": [_numbered(line, place) for place, line in enumerate(self._lines, start=1)],
        }


def _numbered(line: dict[str, Any], place: int) -> dict[str, Any]:
    analytical = [{"ANALIG": number, **row} for number, row in enumerate(line.get("BPSINVLIGA") or [], start=1)]
    return {"LIG": place * 1000, **line, "BPSINVLIGA": analytical}
