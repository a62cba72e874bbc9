"""The gateway simulator over raw XML: what it takes, what it refuses, and at which level."""

from __future__ import annotations

import pytest
import requests
from builders.clock import FakeClock
from builders.intacct import make_masters, make_simulator
from lxml import etree

LOGIN = (
    "<login><userid>ws_user</userid><companyid>ACME</companyid><password>user-secret</password>"
    "<locationid>100</locationid></login>"
)


def envelope(*functions: str, authentication: str = LOGIN, unique: str = "false", control: str | None = None) -> str:
    control = control or (
        "<senderid>acme_ws</senderid><password>sender-secret</password><controlid>c</controlid>"
        f"<uniqueid>{unique}</uniqueid><dtdversion>3.0</dtdversion>"
    )
    calls = "".join(f'<function controlid="f{n}">{call}</function>' for n, call in enumerate(functions))
    return (
        f"<request><control>{control}</control><operation><authentication>{authentication}</authentication>"
        f"<content>{calls}</content></operation></request>"
    )


def bill(
    number: str = "N-1", *, line: str = "<ACCOUNTNO>64500</ACCOUNTNO><TRX_AMOUNT>10.00</TRX_AMOUNT>", **fields: str
) -> str:
    given = {"VENDORID": "V-1", "WHENCREATED": "11/02/2026", "WHENDUE": "12/02/2026", "RECORDID": number, **fields}
    head = "".join(f"<{name}>{text}</{name}>" for name, text in given.items() if text)
    return f"<create><APBILL>{head}<APBILLITEMS><APBILLITEM>{line}</APBILLITEM></APBILLITEMS></APBILL></create>"


def ask(simulator, body: str) -> etree._Element:
    answer = requests.post(simulator.url, data=body.encode(), timeout=5)
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


@pytest.fixture
def simulator():
    with make_simulator(
        masters=make_masters(checking_accounts=[{"BANKACCOUNTID": "CHK", "STATUS": "active"}])
    ) as running:
        yield running


def texts(answer: etree._Element) -> str:
    return " | ".join(element.text or "" for element in answer.iter("description2"))


@pytest.mark.parametrize(
    "control",
    [
        "<password>sender-secret</password><senderid>acme_ws</senderid><controlid>c</controlid><dtdversion>3.0</dtdversion>",
        "<senderid>acme_ws</senderid><password>sender-secret</password><controlid>c</controlid>",
        "<senderid>acme_ws</senderid><controlid>c</controlid><dtdversion>3.0</dtdversion><includewhitespace>yes</includewhitespace>",
        "<senderid>acme_ws</senderid><controlid></controlid><dtdversion>3.0</dtdversion>",
    ],
    ids=["order", "missing", "boolean", "empty control id"],
)
def test_a_request_that_breaks_the_schema_fails_at_control_level(simulator, control):
    answer = ask(simulator, envelope(bill(), control=control))
    assert answer.findtext("control/status") == "failure"
    assert answer.findtext("errormessage/error/errorno") == "XL03000003"
    assert answer.find("operation") is None
    assert simulator.books.bills == {}


def test_a_function_with_two_calls_is_refused(simulator):
    answer = ask(simulator, envelope(bill() + bill("N-2")))
    assert answer.findtext("control/status") == "failure"


def test_sign_in_failures_stand_at_their_own_level(simulator):
    answer = ask(simulator, envelope(bill(), authentication=LOGIN.replace("user-secret", "no")))
    assert (answer.findtext("control/status"), answer.findtext("operation/authentication/status")) == (
        "success",
        "failure",
    )
    assert answer.find("operation/result") is None


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (bill(VENDORID="V-9"), "Invalid Vendor 'V-9' specified."),
        (bill(VENDORID="V-2"), "Activate the vendor V-2, then try again."),
        (bill(RECORDID=""), "Enter a Bill number."),
        (bill(WHENPOSTED="09/15/2026"), "Date must be on or after 10/01/2026"),
        (bill(WHENCREATED="2026/11/02"), "Illegal format"),
        (bill(WHENDUE=""), "Missing required field WHENDUE"),
        (bill(TERMNAME="Net 99"), "Invalid term"),
        (bill(line="<ACCOUNTNO>1</ACCOUNTNO><TRX_AMOUNT>1</TRX_AMOUNT>"), "GL account '1' specified is not valid."),
        (bill(line="<ACCOUNTNO>62200</ACCOUNTNO><TRX_AMOUNT>1</TRX_AMOUNT>"), "missing the Department dimension"),
        (bill(line="<ACCOUNTNO>64500</ACCOUNTNO>"), "Remove the extra line item"),
        (bill(line="<ACCOUNTNO>64500</ACCOUNTNO><TRX_AMOUNT>1.005</TRX_AMOUNT>"), "Illegal format for TRX_AMOUNT"),
        (bill(line="<ACCOUNTNO>64500</ACCOUNTNO><TRX_AMOUNT>1</TRX_AMOUNT><CLASSID>X</CLASSID>"), "Invalid Class 'X'"),
    ],
)
def test_the_books_rules_refuse_at_function_level_with_the_useful_error_first(simulator, call, words):
    answer = ask(simulator, envelope(call))
    assert answer.findtext("operation/result/status") == "failure"
    assert words in (answer.findtext("operation/result/errormessage/error/description2") or "")
    assert simulator.books.bills == {}


def test_a_line_needs_a_location_at_the_top_level_of_a_multi_entity_company(simulator):
    top = LOGIN.replace("<locationid>100</locationid>", "")
    assert "Missing the Location dimension" in texts(ask(simulator, envelope(bill(), authentication=top)))


def test_a_repeated_control_id_creates_nothing_and_says_so_in_its_own_words(simulator):
    ask(simulator, envelope(bill(), unique="true"))
    answer = ask(simulator, envelope(bill(), unique="true"))
    assert "controlid was already processed" in texts(answer)
    simulator.change_rules({"duplicate_controlid": "replay"})
    replay = ask(simulator, envelope(bill(), unique="true"))
    assert replay.findtext("operation/result/data/apbill/RECORDNO") == "4001"
    assert len(simulator.books.bills) == 1


def test_a_refused_function_may_come_again_under_its_control_id(simulator):
    ask(simulator, envelope(bill(VENDORID="V-2"), unique="true"))
    simulator.change_master("vendors", "V-2", {"STATUS": "active"})
    assert (
        ask(simulator, envelope(bill(VENDORID="V-2"), unique="true")).findtext("operation/result/status") == "success"
    )


def test_one_create_of_several_objects_may_succeed_in_part(simulator):
    two = bill("N-1").replace("</create>", "") + bill("N-2", VENDORID="V-9").replace("<create>", "")
    answer = ask(simulator, envelope(two))
    assert answer.findtext("operation/result/status") == "failure"
    assert answer.find("operation/result/data").get("count") == "1"


def test_the_same_bill_number_is_refused_only_where_the_company_says_so(simulator):
    assert ask(simulator, envelope(bill(), bill())).findall("operation/result[status='success']")[1] is not None
    simulator.change_rules({"unique_bill_numbers": True})
    assert "already exists" in texts(ask(simulator, envelope(bill())))


def payment(record: str, amount: str, **fields: str) -> str:
    given = {"PAYMENTMETHOD": "EFT", "FINANCIALENTITY": "CHK", "VENDORID": "V-1", "PAYMENTDATE": "11/05/2026", **fields}
    head = "".join(f"<{name}>{text}</{name}>" for name, text in given.items())
    detail = (
        f"<APPYMTDETAIL><RECORDKEY>{record}</RECORDKEY><TRX_PAYMENTAMOUNT>{amount}</TRX_PAYMENTAMOUNT></APPYMTDETAIL>"
    )
    return f"<create><APPYMT>{head}<APPYMTDETAILS>{detail}</APPYMTDETAILS></APPYMT></create>"


def test_a_payment_lowers_what_is_due_and_never_below_nothing(simulator):
    ask(simulator, envelope(bill()))
    assert ask(simulator, envelope(payment("4001", "4.00"))).findtext("operation/result/status") == "success"
    assert simulator.books.bills["4001"]["TRX_TOTALDUE"] == "6"
    assert "no due on the bill" in texts(ask(simulator, envelope(payment("4001", "6.01"))))
    ask(simulator, envelope(payment("4001", "6.00")))
    assert (simulator.books.bills["4001"]["TRX_TOTALDUE"], simulator.books.bills["4001"]["STATE"]) == ("0", "Paid")


@pytest.mark.parametrize(
    ("record", "fields", "words"),
    [
        ("9999", {}, "No record exists"),
        ("4001", {"VENDORID": "V-2"}, "another vendor"),
        ("4001", {"FINANCIALENTITY": "NONE"}, "does not exist"),
        ("4001", {"PAYMENTMETHOD": "Barter"}, "not valid"),
        ("4002", {}, "is Draft and cannot be paid"),
    ],
)
def test_a_payment_that_settles_nothing_real_is_refused(simulator, record, fields, words):
    ask(simulator, envelope(bill(), bill("N-2", ACTION="Draft")))
    assert words in texts(ask(simulator, envelope(payment(record, "1.00", **fields))))
    assert simulator.books.payments == {}


def test_a_session_lives_as_long_as_it_is_used():
    clock = FakeClock()
    with make_simulator(now=clock.now, session_minutes=50) as simulator:
        session = ask(simulator, envelope("<getAPISession/>")).findtext("operation/result/data/api/sessionid")
        with_session = f"<sessionid>{session}</sessionid>"
        for minutes, status in ((40, "success"), (40, "success"), (51, "failure")):
            clock.pass_time(minutes=minutes)
            answer = ask(simulator, envelope("<lookup><object>APBILL</object></lookup>", authentication=with_session))
            assert answer.findtext("operation/authentication/status") == status


def query(filter_: str, *, extra: str = "") -> str:
    select = "<select><field>RECORDID</field></select>"
    order = "<orderby><order><field>RECORDNO</field><descending/></order></orderby>"
    return f"<query><object>APBILL</object>{select}<filter>{filter_}</filter>{order}{extra}</query>"


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("<equalto><field>RECORDID</field><value>N-1</value></equalto>", ["N-1"]),
        ("<in><field>RECORDID</field><value>N-1</value><value>N-3</value></in>", ["N-3", "N-1"]),
        ("<like><field>RECORDID</field><value>N-_</value></like>", ["N-3", "N-2", "N-1"]),
        ("<between><field>RECORDNO</field><value>4002</value><value>4003</value></between>", ["N-3", "N-2"]),
        ("<notequalto><field>RECORDID</field><value>N-1</value></notequalto>", ["N-3", "N-2"]),
        ("<isnull><field>DOCNUMBER</field></isnull>", ["N-3", "N-2", "N-1"]),
        (
            "<or><equalto><field>RECORDID</field><value>N-1</value></equalto>"
            "<greaterthan><field>RECORDNO</field><value>4002</value></greaterthan></or>",
            ["N-3", "N-1"],
        ),
    ],
)
def test_queries_filter_and_order(simulator, filter_, found):
    ask(simulator, envelope(bill("N-1"), bill("N-2"), bill("N-3")))
    answer = ask(simulator, envelope(query(filter_)))
    assert [element.text for element in answer.iter("RECORDID")] == found


@pytest.mark.parametrize(
    "filter_",
    [
        "<and><equalto><field>RECORDID</field><value>N</value></equalto></and>",
        "<equalto><field>COLOUR</field><value>N</value></equalto>",
        "<in><field>RECORDID</field>" + "<value>x</value>" * 1001 + "</in>",
    ],
    ids=["and of one", "unknown field", "too many values"],
)
def test_queries_that_the_gateway_would_refuse_are_refused(simulator, filter_):
    assert ask(simulator, envelope(query(filter_))).findtext("operation/result/status") == "failure"


def test_pages_and_result_sets_go_on_to_the_end(simulator):
    ask(simulator, envelope(*(bill(f"N-{n}") for n in range(5))))
    everything = "<isnotnull><field>RECORDNO</field></isnotnull>"
    page = ask(simulator, envelope(query(everything, extra="<pagesize>2</pagesize><offset>4</offset>")))
    assert page.find("operation/result/data").get("numremaining") == "0"
    by_query = "<object>APBILL</object><fields>RECORDID</fields><query></query><pagesize>3</pagesize>"
    first = ask(simulator, envelope(f"<readByQuery>{by_query}</readByQuery>"))
    data = first.find("operation/result/data")
    assert (data.get("count"), data.get("totalcount"), data.get("numremaining")) == ("3", "5", "2")
    more = ask(simulator, envelope(f"<readMore><resultId>{data.get('resultId')}</resultId></readMore>"))
    assert [element.text for element in more.iter("RECORDID")] == ["N-3", "N-4"]
