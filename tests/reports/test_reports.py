from __future__ import annotations

import csv
import io

import pytest
from builders.bills import make_bill

from stampli_assets.model.findings import End, Finding
from stampli_assets.reports.error_list import HEADERS, error_list, harmless
from stampli_assets.reports.tables import MOST_ROWS, findings_table, totals, totals_text


def make_finding(**given: str) -> Finding:
    values = {"document": "INV-1", "code": "X", "sentence": "It is wrong.", "remedy": "Mend it."}
    return Finding(End.HELD, **{**values, **given})


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_cell_of_an_error_list_is_a_formula(text):
    rows = list(csv.reader(io.StringIO(error_list([make_finding(value=text)]).decode("utf-8-sig"), newline="")))
    assert rows[0] == list(HEADERS)
    assert rows[1][HEADERS.index("Value")] == f"'{text}"


def test_an_ordinary_cell_is_left_as_it_is():
    assert harmless("Müller & Söhne") == "Müller & Söhne"


def test_text_from_outside_cannot_break_out_of_a_table():
    table = findings_table([make_finding(sentence="a | b\n| c", document="<b>[x](http://e)</b>")])
    lines = table.splitlines()
    assert len(lines) == 3
    assert "\\|" in lines[2]
    assert "<b>" not in lines[2].replace("\\<", "")


def test_a_long_table_is_cut_and_says_so():
    table = findings_table([make_finding(document=f"N-{n}") for n in range(MOST_ROWS + 7)])
    assert table.count("N-") == MOST_ROWS
    assert f"The first {MOST_ROWS} of {MOST_ROWS + 7}" in table


def test_sums_are_exact_and_by_currency():
    amounts = [make_bill(total="0.10").total, make_bill(total="0.20").total, make_bill(total="5", currency="JPY").total]
    assert totals_text(totals(amounts).values()) == "5 JPY + 0.30 USD"
    assert totals_text([]) == "none"
