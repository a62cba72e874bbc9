"""What the gateway simulator takes of adjustments, tax, exchange and form 1099, over raw XML."""

from __future__ import annotations

import contextlib

import pytest
import requests
from builders.clock import FakeClock
from builders.intacct import make_masters, make_simulator
from lxml import etree

LOGIN = (
    "<login><userid>ws_user</userid><companyid>ACME</companyid><password>user-secret</password>"
    "<locationid>100</locationid></login>"
)
CONTROL = (
    "<control><senderid>acme_ws</senderid><password>sender-secret</password><controlid>c</controlid>"
    "<uniqueid>{unique}</uniqueid><dtdversion>3.0</dtdversion></control>"
)
DAY = "<datecreated><year>2026</year><month>11</month><day>02</day></datecreated>"
TAXED = {
    "tax_details": [{"DETAILID": "Std", "VALUE": "20"}],
    "tax_solutions": [{"SOLUTIONID": "UK"}, {"SOLUTIONID": "AU"}],
    "exchange_rates": [{"PAIR": "Intacct Daily Rate/EUR", "RATE": "1.5"}],
}


def ask(
    simulator, *calls: str, unique: str = "false", transaction: str = "false", login: str = LOGIN
) -> etree._Element:
    functions = "".join(f'<function controlid="f{n}">{call}</function>' for n, call in enumerate(calls))
    body = (
        f'<request>{CONTROL.format(unique=unique)}<operation transaction="{transaction}">'
        f"<authentication>{login}</authentication><content>{functions}</content></operation></request>"
    )
    answer = requests.post(simulator.url, data=body.encode(), timeout=5)
    return etree.fromstring(answer.content)


def adjustment(*amounts: str, number: str = "CM-1", head: str = "", line: str = "") -> str:
    lines = "".join(
        f"<lineitem><glaccountno>64500</glaccountno><amount>{amount}</amount>{line}</lineitem>" for amount in amounts
    )
    return (
        f"<create_apadjustment><vendorid>V-1</vendorid>{DAY}<adjustmentno>{number}</adjustmentno>{head}"
        f"<apadjustmentitems>{lines}</apadjustmentitems></create_apadjustment>"
    )


def bill(line: str, number: str = "N-1", **fields: str) -> str:
    given = {"VENDORID": "V-1", "WHENCREATED": "11/02/2026", "WHENDUE": "12/02/2026", "RECORDID": number, **fields}
    head = "".join(f"<{name}>{text}</{name}>" for name, text in given.items())
    return (
        f"<create><APBILL>{head}<APBILLITEMS><APBILLITEM><ACCOUNTNO>64500</ACCOUNTNO>{line}</APBILLITEM></APBILLITEMS>"
        "</APBILL></create>"
    )


def said(answer: etree._Element) -> str:
    return " | ".join(element.text or "" for element in answer.iter("description2"))


def statuses(answer: etree._Element) -> list[str]:
    return [element.findtext("status") for element in answer.iter("result")]


@pytest.fixture
def simulator():
    with make_simulator(masters=make_masters(**TAXED)) as running:
        yield running


def test_an_adjustment_answers_its_key_and_is_read_back_with_its_sign(simulator):
    answer = ask(simulator, adjustment("-10.00", "-0.50"))
    key = answer.findtext(".//result/key")
    found = ask(
        simulator,
        "<query><object>APADJUSTMENT</object><select><field>RECORDTYPE</field><field>TRX_TOTALENTERED</field>"
        f"</select><filter><equalto><field>RECORDNO</field><value>{key}</value></equalto></filter></query>",
    )
    assert [one.text for one in found.find(".//APADJUSTMENT")] == ["pa", "-10.5"]


def test_one_adjustment_has_lines_of_one_sign(simulator):
    assert "all positive or all negative" in said(ask(simulator, adjustment("-10.00", "4.00")))
    assert statuses(ask(simulator, adjustment("-10.00", "0.00"))) == ["success"]
    assert statuses(ask(simulator, adjustment("10.00", "4.00"))) == ["success"]


@pytest.mark.parametrize(
    "head",
    [
        "<currency>EUR</currency>",
        "<exchrate>1.1</exchrate>",
        "<currency>EUR</currency><exchratetype>Daily</exchratetype><exchrate>1.1</exchrate>",
        "<exchratetype>Daily</exchratetype><currency>EUR</currency>",
        "<billno>1</billno><action>Draft</action>",
    ],
)
def test_an_adjustment_that_the_schema_does_not_know_fails_the_whole_request(simulator, head):
    answer = ask(simulator, adjustment("-1.00", number="GOOD"), adjustment("-1.00", head=head))
    assert answer.findtext("control/status") == "failure"
    assert answer.findtext(".//errorno") == "XL03000003"
    assert simulator.books.as_json()["adjustments"] == []


def test_a_line_of_an_adjustment_is_a_strict_sequence(simulator):
    assert "not in the expected order" in said(
        ask(simulator, adjustment("-1.00", line="<departmentid>200</departmentid><memo>late</memo>"))
    )


def test_adjustments_are_kept_over_a_restart_and_gone_after_a_rolled_back_transaction(tmp_path):
    with make_simulator(state=tmp_path) as simulator:
        ask(simulator, adjustment("-1.00", number="KEPT"))
        both = ask(simulator, adjustment("-1.00", number="LOST"), adjustment("1.00", "-1.00"), transaction="true")
        assert statuses(both) == ["aborted", "failure"]
    with make_simulator(state=tmp_path) as simulator:
        assert [one["RECORDID"] for one in simulator.books.as_json()["adjustments"]] == ["KEPT"]


def test_a_repeated_adjustment_is_replayed_as_it_was_answered():
    with make_simulator(masters=make_masters(rules={"duplicate_controlid": "replay"})) as simulator:
        first, again = (ask(simulator, adjustment("-1.00"), unique="true").findtext(".//key") for _ in range(2))
    assert first == again == "4001"


def test_an_adjustment_that_is_committed_late_is_not_seen_before():
    clock = FakeClock()
    with make_simulator(now=clock.now) as simulator:
        simulator.faults.queue("late_commit", seconds=60)
        with contextlib.suppress(requests.ConnectionError):
            ask(simulator, adjustment("-1.00"))
        query = "<query><object>APADJUSTMENT</object><select><field>RECORDNO</field></select></query>"
        assert ask(simulator, query).find(".//APADJUSTMENT") is None
        clock.pass_time(minutes=2)
        assert ask(simulator, query).find(".//APADJUSTMENT") is not None


def entry(tax: str = "", detail: str = "Std") -> str:
    return f"<TAXENTRIES><TAXENTRY><DETAILID>{detail}</DETAILID><TRX_TAX>{tax}</TRX_TAX></TAXENTRY></TAXENTRIES>"


@pytest.mark.parametrize(
    ("line", "fields", "total", "tax"),
    [
        (f"<TRX_AMOUNT>10.00</TRX_AMOUNT>{entry()}", {}, "12", "2"),
        (f"<TRX_AMOUNT>10.00</TRX_AMOUNT>{entry('2.01')}", {}, "12.01", "2.01"),
        (f"<TOTALTRXAMOUNT>10.01</TOTALTRXAMOUNT>{entry()}", {"INCLUSIVETAX": "true"}, "10.01", "1.67"),
    ],
)
def test_tax_is_computed_given_or_found_in_the_whole_amount(simulator, line, fields, total, tax):
    assert statuses(ask(simulator, bill(line, **fields))) == ["success"]
    (kept,) = simulator.books.as_json()["bills"]
    assert (kept["TRX_TOTALENTERED"], kept["lines"][0]["taxes"][0]["TRX_TAX"]) == (total, tax)


@pytest.mark.parametrize(
    ("line", "fields", "words"),
    [
        (f"<TRX_AMOUNT>1.00</TRX_AMOUNT>{entry(detail='None')}", {}, "Invalid Tax detail 'None'"),
        (f"<TRX_AMOUNT>1.00</TRX_AMOUNT>{entry()}", {"INCLUSIVETAX": "true"}, "enter an amount"),
        ("<TRX_AMOUNT>1.00</TRX_AMOUNT>", {"INCLUSIVETAX": "Y"}, "Illegal format for INCLUSIVETAX"),
        ("<TRX_AMOUNT>1.00</TRX_AMOUNT>", {"TAXSOLUTIONID": "NZ"}, "Invalid Tax solution 'NZ'"),
        ("<TRX_AMOUNT>1.00</TRX_AMOUNT>", {"CURRENCY": "GBP"}, "no exchange rate for GBP"),
        (
            "<TRX_AMOUNT>1.00</TRX_AMOUNT>",
            {"CURRENCY": "EUR", "EXCHANGE_RATE": "-1"},
            "Illegal format for EXCHANGE_RATE",
        ),
        (
            "<TRX_AMOUNT>1.00</TRX_AMOUNT>",
            {"CURRENCY": "EUR", "EXCHANGE_RATE": "1.1", "EXCH_RATE_TYPE_ID": "Intacct Daily Rate"},
            "not both",
        ),
        ("<TRX_AMOUNT>1.00</TRX_AMOUNT><FORM1099>true</FORM1099>", {}, "not set up for 1099s"),
        ("<TRX_AMOUNT>1.00</TRX_AMOUNT><BILLABLE>Y</BILLABLE>", {}, "Illegal format for BILLABLE"),
    ],
)
def test_what_the_company_does_not_take_is_refused_with_its_reason(simulator, line, fields, words):
    assert words in said(ask(simulator, bill(line, **fields)))
    assert simulator.books.as_json()["bills"] == []


def test_the_top_level_of_several_jurisdictions_wants_a_tax_solution(simulator):
    line = f"<TRX_AMOUNT>1.00</TRX_AMOUNT><LOCATIONID>110</LOCATIONID>{entry()}"
    top = LOGIN.replace("<locationid>100</locationid>", "")
    assert "Tax solution is required" in said(ask(simulator, bill(line), login=top))
    assert statuses(ask(simulator, bill(line, TAXSOLUTIONID="UK"), login=top)) == ["success"]


def test_the_page_shows_adjustments_with_tax_rate_and_entity(simulator):
    ask(simulator, adjustment("-1.00", number="CM-&lt;9&gt;", head="<currency>EUR</currency><exchratetype/>"))
    page = requests.get(simulator.url.rsplit("/", 3)[0] + "/", timeout=5).text
    assert "Adjustments (1)" in page
    assert "CM-&lt;9&gt;" in page
    assert "<td>EUR<td>1.5<td>" in page
