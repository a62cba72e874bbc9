"""Against the vendor's own schema, requests and captured answers, where they lie beside the project."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from builders.bills import make_bill, make_credit
from builders.intacct import make_company, make_simulator
from lxml import etree

from stampli_assets.intacct.adjustments import create_adjustment
from stampli_assets.intacct.bill_fields import create_bill
from stampli_assets.intacct.envelope import Function, request
from stampli_assets.intacct.look_up import BILLS, query
from stampli_assets.intacct.replies import read_reply
from stampli_assets.intacct.sending import outcome
from stampli_assets.model.documents import BillLine, Dimension, Exchange
from stampli_assets.model.errors import OutcomeUnknown
from stampli_assets.model.money import Money
from stampli_assets.model.outcome import Posted, Refused, Unknown

HERE = Path(__file__).resolve().parents[2].parent / "shared" / "conformance" / "intacct"
NOWHERE = "http://127.0.0.1:1/x"
pytestmark = pytest.mark.skipif(not HERE.exists(), reason="the vendor's conformance files are not beside this project")


def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(HERE / "schema" / "api.xsd"))


def calls() -> dict[str, etree._Element]:
    lines = tuple(
        BillLine(
            number, "64500", money, "Fees", tuple((one, "X") for one in Dimension if one is not Dimension.TASK),
            form_1099=True, form_1099_box="NEC 1", billable=True,
        )
        for number, money in enumerate([Money(-100, "EUR"), Money(-200, "EUR")], start=1)
    )  # fmt: skip
    credit = make_credit(total="-3.00", currency="EUR", lines=lines, original_number="INV-1", description="Returned")
    return {
        "sign-in": etree.Element("getAPISession"),
        "create": create_bill(make_bill(), make_company(NOWHERE)),
        "credit": create_adjustment(make_credit(), make_company(NOWHERE)),
        "credit of a day": create_adjustment(
            replace(credit, exchange=Exchange(day=date(2026, 11, 2), type="Daily")),
            make_company(NOWHERE, base_currency="USD"),
        ),
        "credit at a rate": create_adjustment(
            replace(credit, exchange=Exchange(rate=Decimal("1.1"), day=date(2026, 11, 2))), make_company(NOWHERE)
        ),
    }


@pytest.mark.parametrize("session_id", [None, "session.."])
@pytest.mark.parametrize("name", sorted(calls()))
def test_every_request_that_we_build_obeys_the_published_schema(name, session_id):
    company = make_company("http://127.0.0.1:1/x")
    body = request(company, [Function("sa-1", calls()[name])], session_id=session_id, unique=name != "sign-in")
    schema().assertValid(etree.fromstring(body))


def test_our_query_has_the_shape_that_the_vendors_sdk_builds():
    ours = query(BILLS, [make_bill("A"), make_bill("B")], 0)
    theirs = {
        child.tag for path in (HERE / "requests").glob("query-0*.xml") for child in etree.parse(path).getroot()[0]
    }
    assert {child.tag for child in ours} <= theirs | {"filter", "pagesize", "offset"}
    sdk_in = etree.parse(HERE / "requests" / "query-filter-in.xml").getroot()
    assert [child.tag for child in sdk_in.iter("in").__next__()][:2] == ["field", "value"]
    assert [child.tag for child in ours.iter("in").__next__()][:2] == ["field", "value"]


def responses() -> list[str]:
    return sorted(path.name for path in (HERE / "responses").glob("*.xml")) if HERE.exists() else []


@pytest.mark.parametrize("name", responses())
def test_every_captured_answer_gives_the_outcome_that_its_name_says(name):
    content = (HERE / "responses" / name).read_bytes()
    try:
        reply = read_reply(content)
    except OutcomeUnknown:
        assert etree.fromstring(content).tag != "response", "a captured answer is a whole answer"
        return
    outcomes = [outcome([result]) for result in reply.results]
    if name.startswith(("control-failure", "http-401", "errormessage")):
        assert reply.control != "success"
        assert reply.errors
        assert reply.results == ()
    elif name.startswith("auth-failure"):
        assert reply.sign_in == "failure"
        assert reply.results == ()
    elif name.startswith("aborted"):
        assert all(isinstance(outcome, Refused) for outcome in outcomes)
    elif name == "function-failure-duplicate-partial-create.xml":
        assert not any(isinstance(outcome, Posted) and not outcome.record.record_no for outcome in outcomes)
    elif name.startswith("function-failure"):
        assert not any(isinstance(outcome, Posted) for outcome in outcomes)
    elif name.startswith("legacy-create-key"):
        assert [type(outcome) for outcome in outcomes] == [Posted]
    elif name.startswith("mixed-failure"):
        assert {result.status for result in reply.results} > {"failure"}
    elif name.startswith("success"):
        assert all(result.succeeded for result in reply.results)
    else:
        assert not any(isinstance(outcome, Posted) and not outcome.record.record_no for outcome in outcomes)
        assert all(isinstance(outcome, (Posted, Refused, Unknown)) for outcome in outcomes)


def fragments() -> list[str]:
    if not HERE.exists():
        return []
    known = (
        "create_bill-minimal",
        "create_bill-all-fields",
        "create_apadjustment",
        "query-0",
        "read-",
        "readByQuery",
        "readMore",
        "lookup",
        "getAPISession",
    )
    return [
        entry["file"]
        for entry in json.loads((HERE / "index.json").read_text())
        if entry["kind"] == "request" and Path(entry["file"]).name.startswith(known)
    ]


@pytest.mark.parametrize("file", fragments())
def test_the_simulator_takes_what_the_vendors_own_library_sends(file):
    fragment = etree.parse(HERE / file).getroot()
    call = fragment if fragment.tag != "function" else fragment[0]
    company = make_company("http://127.0.0.1:1/x")
    with make_simulator() as simulator:
        body = request(company, [Function("sa-1", call)], session_id=None, unique=False)
        answer = requests.post(simulator.url, data=body, timeout=10)
    reply = read_reply(answer.content)
    assert (reply.control, reply.sign_in) == ("success", "success")
    assert len(reply.results) == 1


def test_a_legacy_bill_out_of_order_fails_the_whole_request():
    call = etree.parse(HERE / "requests" / "create_bill-minimal.xml").getroot()
    call = call if call.tag != "function" else call[0]
    call.append(call[0])
    with make_simulator() as simulator:
        body = request(make_company(simulator.url), [Function("sa-1", call)], session_id=None, unique=False)
        reply = read_reply(requests.post(simulator.url, data=body, timeout=10).content)
    assert (reply.control, reply.errors[0].number) == ("failure", "XL03000003")
