"""What ``stampli preview`` says of a credit, of tax, of a foreign currency and of an entity before anything is sent."""

from __future__ import annotations

import json
import os
from datetime import date

import pytest
import yaml
from builders.house import make_settings, running_sandbox, settings_content
from click.testing import CliRunner

from stampli_assets.cli.main import main
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import credit_memos, invoices, with_lines

TODAY = date(2026, 11, 21)
ERP = {"entity_id": "", "tax": "on_top", "foreign_currencies": "send", "base_currency": "USD"}


@pytest.fixture
def stampli(tmp_path):
    """The command over a file of a credit and of an invoice in euro with tax."""
    with running_sandbox(tmp_path) as sandbox:
        make_settings(tmp_path, sandbox)
        (tmp_path / "stampli.yaml").write_text(yaml.safe_dump(settings_content(sandbox, **ERP)))
        (_, euro), (credit,) = invoices(sandbox.firm, 2, today=TODAY), credit_memos(sandbox.firm, 1, today=TODAY)
        net = with_lines(euro, euro.lines[:1])
        cells = {"Tax Code": "V20", "Tax Amount": "1.00", "Exchange Rate": "1.25", "Currency": "EUR"}
        cents = net.cents + 100
        taxed = type(net)(**{**vars(net), "overrides": cells, "total": f"{cents // 100}.{cents % 100:02d}"})
        (tmp_path / "export.csv").write_bytes(export_csv([credit, taxed]))

        def ask(*words: str) -> str:
            environment = {"COLUMNS": "400", **os.environ}
            told = ["--settings", str(tmp_path / "stampli.yaml"), "preview", str(tmp_path / "export.csv"), *words]
            done = CliRunner().invoke(main, told, env=environment)
            assert done.exit_code == 0, done.output
            return done.output if not words else done.stdout

        yield ask


def test_the_table_names_kind_entity_rate_and_tax(stampli):
    text = stampli()
    for words in ("credit", "bill", "V20 1.00 EUR", "1.25", "100", "1 bill(s) and 1 credit(s) would be posted"):
        assert words in text


def test_programs_are_told_the_same(stampli):
    credit, bill = json.loads(stampli("--json"))["bills"]
    assert (credit["kind"], credit["total"][0], credit["number"]) == ("credit", "-", f"CM-{credit['original_number']}")
    assert (bill["kind"], bill["currency"], bill["exchange"], bill["entity_id"]) == ("bill", "EUR", "1.25", "100")
    assert (bill["lines"][0]["tax"], bill["lines"][0]["tax_code"]) == ("1.00", "V20")


def test_the_exact_requests_are_those_of_each_kind(stampli):
    text = stampli("--xml")
    assert "<create_apadjustment>" in text
    assert "<EXCHANGE_RATE>1.25</EXCHANGE_RATE>" in text
