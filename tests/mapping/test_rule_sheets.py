"""Rules that are kept in a workbook."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from stampli_assets.mapping.rules import GL_ACCOUNTS, Rules
from stampli_assets.model.errors import Misconfigured

HEAD = ("stampli_account", "erp_account", "match", "priority", "valid_from", "note")


def workbook(folder: Path, *rows: tuple[object, ...], formats: dict[str, str] | None = None) -> Path:
    book = Workbook()
    for row in (HEAD, *rows):
        book.active.append(row)
    for cell, shown in (formats or {}).items():
        book.active[cell].number_format = shown
    book.save(folder / "gl_accounts.xlsx")
    return folder


def test_a_workbook_is_read_as_the_same_rules_in_a_csv_file_are(tmp_path):
    rows = [("6450", "04010", None, None, datetime(2026, 1, 1), 7), (), ("64*", 64500, "pattern", 10, None, None)]  # noqa: DTZ001
    (tmp_path / "book").mkdir()
    (tmp_path / "gl_accounts.csv").write_text(f"{','.join(HEAD)}\n6450,04010,,,2026-01-01,7\n64*,64500,pattern,10,,\n")
    book, text = Rules.load(workbook(tmp_path / "book", *rows)), Rules.load(tmp_path)
    assert book.version == text.version
    assert book.find(GL_ACCOUNTS, ("6450",), "2026-02-01") == "04010"
    assert book.find(GL_ACCOUNTS, ("6499",), "2026-02-01") == "64500"


def test_a_number_whose_zeros_are_only_shown_is_told_with_every_other_problem(tmp_path):
    rows = [
        (6450, 4010, None, None, None, None),
        (64.5, "1", None, None, None, None),
        ("1", "2", "begins", None, None, None),
    ]
    with pytest.raises(Misconfigured) as refused:
        Rules.load(workbook(tmp_path, *rows, formats={"B2": "00000"}))
    for problem in (
        "gl_accounts.xlsx, row 1, column erp_account: '4010' is no text",
        "gl_accounts.xlsx, row 2, column stampli_account: '64.5' is no text",
        "gl_accounts.xlsx, row 3, column match: 'begins'",
    ):
        assert problem in refused.value.sentence


def test_of_a_file_and_a_workbook_none_is_chosen(tmp_path):
    (tmp_path / "gl_accounts.csv").write_text("stampli_account,erp_account\n1,2\n")
    with pytest.raises(Misconfigured, match=r"gl_accounts.csv: gl_accounts.xlsx is there too"):
        Rules.load(workbook(tmp_path, ("1", "3", None, None, None, None)))


@pytest.mark.parametrize("content", [b"", b"stampli_account,erp_account\n1,2\n", b"PK\x03\x04" + bytes(200)])
def test_what_is_no_workbook_is_said_to_be_none(tmp_path, content):
    (tmp_path / "gl_accounts.xlsx").write_bytes(content)
    with pytest.raises(Misconfigured, match="cannot be read as a workbook"):
        Rules.load(tmp_path)


def test_a_workbook_without_a_row_lacks_its_columns(tmp_path):
    Workbook().save(tmp_path / "gl_accounts.xlsx")
    with pytest.raises(Misconfigured, match="stampli_account, erp_account is missing"):
        Rules.load(tmp_path)
