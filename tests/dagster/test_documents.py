"""One file with an invoice, a credit memo, an invoice with tax and one in euro, through Dagster and into the right books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import dagster as dg
import pytest
from builders.house import make_settings, running_sandbox

from stampli_assets.defs.build import build_definitions, invoices_job_name
from stampli_assets.defs.partitions import invoice_files_name
from stampli_assets.pipeline.look_back import look_back
from stampli_assets.sandbox.exports import export_csv
from stampli_assets.sandbox.invoices import SampleInvoice, credit_memos, invoices, with_lines
from stampli_assets.wiring import Offices

TODAY = date(2026, 11, 21)
TERMS = {
    "tax": "on_top",
    "foreign_currencies": "send",
    "base_currency": "USD",
    "exchange_rate_type": "Intacct Daily Rate",
}


def documents(firm) -> list[SampleInvoice]:
    """Of one vendor and number: an invoice and its credit memo; beside them one with tax, one in euro at its own rate."""
    plain, taxed, euro, daily = invoices(firm, 4, today=TODAY)
    (credit,) = credit_memos(firm, 1, today=TODAY)
    credit = replace(credit, number=plain.number)
    net = with_lines(taxed, taxed.lines[:1])
    cents = net.cents + 1_234
    taxed = replace(
        net,
        total=f"{cents // 100}.{cents % 100:02d}",
        overrides={"Tax Code": "V20", "Tax Amount": "12.34", "Form 1099": "N"},
    )
    euro = replace(euro, currency="EUR", overrides={"Exchange Rate": "1.25", "Exchange Rate Date": "2026-11-20"})
    return [plain, credit, taxed, euro, replace(daily, currency="EUR")]


@pytest.fixture
def sandbox(tmp_path):
    with running_sandbox(tmp_path) as running:
        for event in (
            {"list": "tax_details", "id": "UK Standard", "fields": {"DETAILID": "UK Standard", "VALUE": "20"}},
            {"list": "exchange_rates", "id": "Intacct Daily Rate/EUR", "fields": {"RATE": "1.0850"}},
        ):
            running.intacct.books.write({"kind": "master", **event})
        yield running


def run(folder, sandbox, **erp) -> tuple[Offices, dg.ExecuteInProcessResult]:
    """The first file that waits, in a new process with the mapping's tax codes."""
    settings = make_settings(folder, sandbox, **erp)
    (folder / "mapping" / "tax_codes.csv").write_text("stampli_tax_code,erp_tax_code\nV20,UK Standard\n")
    offices = Offices(settings)
    (file,) = offices.open("acme_us").inbox.listing()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(invoice_files_name("acme_us"), [file.partition])
        job = build_definitions(settings, offices=offices).resolve_job_def(invoices_job_name("acme_us"))
        return offices, job.execute_in_process(
            instance=instance,
            partition_key=file.partition,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def held(sandbox) -> dict[tuple[str, str], dict]:
    books = sandbox.intacct.books.as_json()
    return {(what, one["RECORDID"]): one for what in ("bills", "adjustments") for one in books[what]}


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


@pytest.mark.parametrize("sign", ["negative", "positive"])
def test_every_kind_of_document_ends_posted_in_the_right_books_to_the_cent(tmp_path, sandbox, sign):
    plain, credit, taxed, euro, daily = documents(sandbox.firm)
    sandbox.put("invoices_1.csv", export_csv([plain, credit, taxed, euro, daily]))
    offices, result = run(tmp_path, sandbox, adjustment_sign=sign, **TERMS)
    assert result.success
    books = held(sandbox)
    assert len(books) == 5
    assert cents(books["bills", plain.number]["TRX_TOTALENTERED"]) == plain.cents
    turned = 1 if sign == "negative" else -1
    adjustment = books["adjustments", plain.number]
    assert cents(adjustment["TRX_TOTALENTERED"]) == turned * credit.cents == -turned * plain.cents
    assert (adjustment["DOCNUMBER"], adjustment["VENDORID"]) == (plain.number, books["bills", plain.number]["VENDORID"])
    assert cents(books["bills", taxed.number]["TRX_TOTALENTERED"]) == taxed.cents + 1_234
    assert books["bills", taxed.number]["lines"][0]["taxes"] == [{"DETAILID": "UK Standard", "TRX_TAX": "12.34"}]
    for one, rate in ((euro, "1.25"), (daily, "1.0850")):
        bill = books["bills", one.number]
        assert (bill["CURRENCY"], bill["EXCHANGE_RATE"], cents(bill["TRX_TOTALENTERED"])) == ("EUR", rate, one.cents)
    sums_agree(result, plain, credit, taxed, euro, daily)
    office = offices.open("acme_us")
    (postings,) = office.ledger.postings.posted_since("acme_us", office.clock.now().replace(year=2000)).values()
    assert look_back({"p": postings}, office.bills) == {"p": []}


def sums_agree(result: dg.ExecuteInProcessResult, plain, credit, taxed, euro, daily) -> None:
    """What a person reads on the run: a credit counts against the invoices, each currency for itself."""
    (event,) = [one for one in result.get_asset_materialization_events() if one.asset_key.path[-1] == "bills"]
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    dollars, euros = plain.cents + credit.cents + taxed.cents + 1_234, euro.cents + daily.cents
    assert told["Sum"].replace(",", "") == f"{Decimal(euros) / 100:.2f} EUR + {Decimal(dollars) / 100:.2f} USD"
    assert (told["Bills"], told["Credits"], told["Posted"]) == (4, 1, 5)
    assert "| credit |" in told["Bills in the ERP"]
    assert {one.check_name: one.passed for one in result.get_asset_check_evaluations()}["every_document_is_in_the_erp"]


def test_a_company_that_is_not_set_up_holds_what_it_cannot_take_and_posts_the_rest(tmp_path, sandbox):
    plain, credit, taxed, euro, daily = documents(sandbox.firm)
    sandbox.put("invoices_1.csv", export_csv([plain, credit, taxed, euro, daily]))
    offices, result = run(tmp_path, sandbox)
    assert not result.success
    assert set(held(sandbox)) == {("bills", plain.number), ("adjustments", plain.number)}
    standing = offices.open("acme_us").ledger.findings.standing("acme_us")
    assert {(one.finding.document, one.finding.code) for one in standing} == {
        (taxed.number, "TAX_AMOUNT"),
        (euro.number, "CURRENCY_DIFFERS"),
        (daily.number, "CURRENCY_DIFFERS"),
    }


def test_a_credit_that_comes_again_is_not_created_again(tmp_path, sandbox):
    plain, credit, *_ = documents(sandbox.firm)
    sandbox.put("invoices_1.csv", export_csv([plain, credit]))
    _, result = run(tmp_path, sandbox)
    assert result.success
    before = sandbox.intacct.told()["creates"]
    sandbox.put("invoices_2.csv", export_csv([credit, plain]))
    _, again = run(tmp_path, sandbox)
    assert again.success
    assert sandbox.intacct.told()["creates"] == before
    assert len(held(sandbox)) == 2
