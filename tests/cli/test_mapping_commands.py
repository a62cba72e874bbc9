"""``stampli mapping`` over a firm whose invoices are partly posted and partly held."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from builders.house import make_settings, running_sandbox, settings_content
from click.testing import CliRunner, Result

from stampli_assets.cli.main import main
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import invoices, with_lines
from stampli_assets.sandbox.mistakes import plant

TODAY = date(2026, 11, 21)
ROOT = Path(__file__).resolve().parents[2]


class Firm:
    """A project folder with a running sandbox, and the command in it."""

    def __init__(self, folder: Path, sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        self.rules = folder / "mapping"
        make_settings(folder, sandbox)
        (folder / "stampli.yaml").write_text(yaml.safe_dump(settings_content(sandbox)))
        (folder / "dagster.yaml").write_text((ROOT / "dagster.yaml").read_text())

    def stampli(self, *words: str) -> Result:
        told = ["--settings", str(self.folder / "stampli.yaml"), *words]
        return CliRunner().invoke(main, told, env={**os.environ, "COLUMNS": "400"})

    def told(self, *words: str):
        done = self.stampli("mapping", *words, "--json")
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return json.loads(done.stdout)

    def deliver(self, name: str, count: int, *mistakes: str, start: int = 1) -> list:
        """Puts a file of invoices into outbound and runs it."""
        put = plant(invoices(self.sandbox.firm, count, today=TODAY, start=start), mistakes)
        self.sandbox.put(name, export_csv(put))
        self.stampli("run", "--settle-seconds", "0.2")
        return put

    def edited(self, file: str, *lines: str) -> Path:
        """A copy of the rules with lines added to a file."""
        folder = self.folder / "edited"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.rules, folder)
        with (folder / file).open("a") as rules:
            rules.write("".join(f"{line}\n" for line in lines))
        return folder


def recoded(one, account: str):
    """The invoice with its first line alone, coded to an account."""
    return with_lines(one, [replace(one.lines[0], account=account)])


@pytest.fixture
def firm(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with running_sandbox(tmp_path) as sandbox:
        yield Firm(tmp_path, sandbox)


def test_diff_lists_exactly_the_unposted_documents_that_an_edit_touches_and_never_a_posted_one(firm):
    put = firm.deliver("invoices_1.csv", 6, "unknown GL account", "unknown project")
    waiting, other = put[-2], put[-1]
    shared = min({line.account for one in put[:-2] for line in one.lines} - {"6220", "6450", "6610"})
    edited = firm.edited("gl_accounts.csv", "6999,66100,,,", f"{shared},66100,,,")
    touched = firm.told("diff", "--rules", str(edited))
    expected = {waiting.number} | ({other.number} if shared in {line.account for line in other.lines} else set())
    assert {one["document"] for one in touched} == expected
    (mended,) = (one for one in touched if one["document"] == waiting.number)
    assert mended["turn"] == "held, then goes"
    change = next(one for one in mended["changes"] if one["stampli"] == "6999")
    assert (change["field"], change["old"], change["new"]) == ("GL account", "", "66100")
    assert firm.told("diff", "--rules", str(firm.rules)) == []
    shown = firm.stampli("mapping", "diff", "--rules", str(edited))
    assert (shown.exit_code, "6999" in shown.stdout, "66100" in shown.stdout) == (0, True, True)


def test_check_finds_nothing_to_mend_in_the_rules_of_the_sandbox_and_names_what_is_wrong_with_others(firm):
    firm.deliver("invoices_1.csv", 12)
    assert firm.stampli("mapping", "check").exit_code == 0
    shutil.copytree(firm.edited("gl_accounts.csv", "7777,99999,,,"), firm.rules, dirs_exist_ok=True)
    done = firm.stampli("mapping", "check", "--json")
    assert done.exit_code == 1
    (wrong,) = (one for one in json.loads(done.stdout) if one["must_be_mended"])
    assert (wrong["file"], wrong["rows"]) == ("gl_accounts.csv", [4])
    assert "'99999' does not exist" in wrong["sentence"]
    assert [4] in [one["rows"] for one in json.loads(done.stdout) if "was used by no invoice" in one["sentence"]]


def test_cells_that_cannot_be_read_are_told_beside_everything_else(firm):
    (firm.rules / "terms.csv").write_text("stampli_terms,erp_term,match,priority\nNet,Net 30,begins,\nN9,Net 99,,\n")
    problems = firm.told("check")
    assert {(one["column"], *one["rows"]) for one in problems if one["file"] == "terms.csv"} == {("match", 1), ("", 2)}


def test_suggest_offers_candidates_with_their_evidence_and_the_line_to_paste_and_applies_nothing(firm):
    before = {path.name: path.read_bytes() for path in firm.rules.iterdir()}
    put = firm.deliver("invoices_1.csv", 5, "unknown vendor")
    done = firm.stampli("mapping", "suggest", "--json")
    assert done.exit_code == 1
    (one,) = json.loads(done.stdout)
    assert (one["called"], one["value"], one["documents"]) == ("vendor", "V-99999", [put[-1].number])
    best = one["candidates"][0]
    assert best["name"] == put[-1].vendor_name
    assert best["evidence"]
    assert best["rule"].startswith(f"V-99999,{best['code']},,,")
    assert f"    {best['rule']}\n" in firm.stampli("mapping", "suggest").stdout
    assert {path.name: path.read_bytes() for path in firm.rules.iterdir()} == before
    with (firm.rules / "vendors.csv").open("a") as rules:
        rules.write(best["rule"] + "\n")
    assert firm.stampli("run", "--settle-seconds", "0.2").exit_code == 0
    assert firm.told("suggest") == []


def test_what_was_posted_for_the_same_value_earlier_is_evidence(firm):
    rules = firm.rules / "gl_accounts.csv"
    before = rules.read_text()
    rules.write_text(f"{before}OLD-1,66100,,,\n")
    first, second = (recoded(one, "OLD-1") for one in invoices(firm.sandbox.firm, 2, today=TODAY))
    second = replace(second, vendor_id=first.vendor_id, vendor_name=first.vendor_name, terms=first.terms)
    firm.sandbox.put("invoices_1.csv", export_csv([first]))
    assert firm.stampli("run", "--settle-seconds", "0.2").exit_code == 0
    rules.write_text(before)
    firm.sandbox.put("invoices_2.csv", export_csv([second]))
    assert firm.stampli("run", "--settle-seconds", "0.2").exit_code == 1
    (one,) = firm.told("suggest")
    (candidate,) = one["candidates"]
    said = f"posted once for 'OLD-1' of the same vendor, last with {first.number}"
    assert (candidate["code"], candidate["evidence"]) == ("66100", [said])
    assert one["documents"] == [second.number]
