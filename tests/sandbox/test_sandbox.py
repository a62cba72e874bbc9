from __future__ import annotations

import csv
import io
from collections import defaultdict
from datetime import date
from pathlib import Path

import pytest
import requests
from builders.house import make_settings, running_sandbox
from builders.intacct import make_masters, make_simulator

from stampli_assets.pipeline.map import map_lines
from stampli_assets.pipeline.parse import parse
from stampli_assets.sandbox.exports import dollars, export_csv
from stampli_assets.sandbox.firm import INACTIVE_ACCOUNT, INACTIVE_VENDOR, Firm
from stampli_assets.sandbox.invoices import invoices
from stampli_assets.sandbox.mistakes import MISTAKES, acceptance_file, plant
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    def export(seed: int) -> bytes:
        return export_csv(invoices(Firm(seed), 50, today=TODAY))

    assert export(1) == export(1)
    assert export(1) != export(2)


def test_the_firm_is_of_a_believable_size():
    masters = Firm().masters()
    assert len(masters["vendors"]) == 40
    assert len({vendor["NAME"] for vendor in masters["vendors"]}) == 39
    assert [v["VENDORID"] for v in masters["vendors"] if v["STATUS"] == "inactive"] == [INACTIVE_VENDOR]
    assert any(vendor["VENDORID"].startswith("0") for vendor in masters["vendors"])
    assert 50 <= len(masters["accounts"]) <= 80
    assert [a["ACCOUNTNO"] for a in masters["accounts"] if a["STATUS"] == "inactive"] == [INACTIVE_ACCOUNT]


def test_every_invoice_adds_up_and_has_one_to_twelve_lines():
    by_invoice = defaultdict(list)
    for row in rows(export_csv(invoices(Firm(), 300, today=TODAY))):
        by_invoice[row["Stampli Invoice ID"]].append(row)
    assert len(by_invoice) == 300
    sizes = {len(lines) for lines in by_invoice.values()}
    assert min(sizes) == 1
    assert max(sizes) <= 12
    for lines in by_invoice.values():
        cents = sum(int(line["Line Amount"].replace(".", "")) for line in lines)
        assert dollars(cents) == lines[0]["Invoice Total"]
    heads = [lines[0] for lines in by_invoice.values()]
    assert len({(head["Vendor ID"], head["Invoice Number"]) for head in heads}) == 300


def mapped(folder: Path, sandbox, content: bytes):
    office = Offices(make_settings(folder, sandbox)).open("acme_us")
    parsed = parse(io.BytesIO(content), name="invoices.csv", layout=office.layout)
    result = map_lines(parsed.lines, rules=office.rules, reference=office.masters.ask(), target=office.target)
    return parsed, result


def test_the_committed_rules_and_the_firm_fit_together(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        parsed, result = mapped(tmp_path, sandbox, export_csv(invoices(sandbox.firm, 300, today=TODAY)))
    assert parsed.rejected_documents == 0
    assert result.holds["sentence"].tolist() == []


@pytest.mark.parametrize("kind", MISTAKES)
def test_each_mistake_ends_as_it_says(tmp_path, kind):
    with running_sandbox(tmp_path) as sandbox:
        content = export_csv(plant(invoices(sandbox.firm, 3, today=TODAY), [kind]))
        parsed, result = mapped(tmp_path, sandbox, content)
    mistake = MISTAKES[kind]
    codes = set(parsed.rejects["rule"]) if mistake.ends_as == "reject" else set(result.holds["code"])
    assert mistake.code in codes
    assert result.lines["document"].nunique() == 2


def test_the_acceptance_file_has_three_problems_in_two_hundred(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        parsed, result = mapped(tmp_path, sandbox, acceptance_file(sandbox.firm, TODAY))
    assert parsed.documents == 200
    assert sorted(result.holds["code"]) == ["ACCOUNT_UNKNOWN", "DIMENSION_REQUIRED", "VENDOR_INACTIVE"]


def test_the_sandbox_starts_with_files_and_goes_on_after_a_restart(tmp_path):
    with running_sandbox(tmp_path, first_files=True) as sandbox:
        outbound = sandbox.sftp.root / "outbound"
        assert len(list(outbound.glob("invoices_*.csv"))) == 3
        first = sandbox.drop_export()
    with running_sandbox(tmp_path, first_files=True) as sandbox:
        second = sandbox.drop_export()
        names = {path.name for path in outbound.glob("invoices_*.csv")}
    assert {first, second} < names
    assert len(names) == 5
    ids = [row["Stampli Invoice ID"] for name in names for row in rows((outbound / name).read_bytes())]
    by_file = [{row["Stampli Invoice ID"] for row in rows((outbound / name).read_bytes())} for name in names]
    assert sum(len(found) for found in by_file) == len(set(ids))


def test_the_gateways_books_survive_a_restart_and_a_rolled_back_transaction_never_was(tmp_path):
    def envelope(*creates: str, transaction: str = "false") -> str:
        functions = "".join(
            f'<function controlid="f{n}"><create><APBILL><VENDORID>{vendor}</VENDORID><WHENCREATED>11/02/2026</WHENCREATED>'
            f"<WHENDUE>12/02/2026</WHENDUE><RECORDID>N-{vendor}-{n}</RECORDID><APBILLITEMS><APBILLITEM>"
            f"<ACCOUNTNO>64500</ACCOUNTNO><TRX_AMOUNT>10.00</TRX_AMOUNT></APBILLITEM></APBILLITEMS></APBILL></create></function>"
            for n, vendor in enumerate(creates)
        )
        return (
            "<request><control><senderid>acme_ws</senderid><password>sender-secret</password><controlid>c</controlid>"
            "<uniqueid>false</uniqueid><dtdversion>3.0</dtdversion></control>"
            f'<operation transaction="{transaction}"><authentication><login><userid>ws_user</userid><companyid>ACME</companyid>'
            f"<password>user-secret</password><locationid>100</locationid></login></authentication><content>{functions}</content>"
            "</operation></request>"
        )

    with make_simulator(state=tmp_path) as simulator:
        assert b"<RECORDNO>4001" in requests.post(simulator.url, envelope("V-1"), timeout=5).content
        rolled = requests.post(simulator.url, envelope("V-1", "V-2", transaction="true"), timeout=5).content
        assert rolled.count(b"<status>aborted") == 1
        assert b"XL03000009" in rolled
    with make_simulator(state=tmp_path) as simulator:
        books = requests.get(f"{simulator.base_url}/books", timeout=5).json()
        assert [bill["RECORDNO"] for bill in books["bills"]] == ["4001"]


def test_a_person_can_activate_a_vendor_on_the_simulators_page():
    with make_simulator(masters=make_masters()) as simulator:
        assert "V-2" in requests.get(simulator.base_url, timeout=5).text
        form = {"STATUS": "active"}
        page = requests.post(f"{simulator.base_url}/masters/vendors/V-2", data=form, timeout=5)
        assert page.history[0].status_code == 303
        assert simulator.books.active("vendors", "V-2")


def test_on_the_page_the_ap_team_releases_a_draft_and_voids_a_payment(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        books = sandbox.intacct.books
        number = books.next_record()
        bill = {
            "RECORDNO": number, "RECORDID": "INV-1", "VENDORID": "V-10001", "VENDORNAME": "Old Mill", "STATE": "Draft",
            "WHENCREATED": "11/02/2026", "CURRENCY": "USD", "TRX_TOTALENTERED": "10", "TRX_TOTALPAID": "0",
            "TRX_TOTALDUE": "10", "AUWHENCREATED": "11/02/2026 08:00:00", "MEGAENTITYID": "100", "lines": [],
        }  # fmt: skip
        books.write({"kind": "bill", "record": bill})
        assert f"action='/release/{number}'" in requests.get(sandbox.intacct.base_url, timeout=5).text
        requests.post(f"{sandbox.intacct.base_url}/release/{number}", timeout=5)
        assert books.bills[number]["STATE"] == "Posted"
        paid = {
            "RECORDNO": "9", "VENDORID": "V-10001", "DOCNUMBER": "1", "WHENCREATED": "11/03/2026", "TRX_TOTALENTERED": "4",
            "CURRENCY": "USD", "PAYMENTMETHOD": "EFT", "FINANCIALENTITY": "CHK-OPER", "STATE": "Posted",
            "details": [{"RECORDKEY": number, "SETTLED": "4"}],
        }  # fmt: skip
        books.write({"kind": "payment", "record": paid})
        books.write({"kind": "bill", "record": {**books.bills[number], "TRX_TOTALPAID": "4", "TRX_TOTALDUE": "6"}})
        shown = requests.post(f"{sandbox.intacct.base_url}/void/9", timeout=5).text
        assert "Voided" in shown
        assert books.bills[number]["TRX_TOTALDUE"] == "10"
