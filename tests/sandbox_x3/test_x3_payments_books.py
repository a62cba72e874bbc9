"""The folder's rules for payments: what the books take, and what stays open."""

from __future__ import annotations

import pytest
from sandbox_x3.folder import make_masters, rest, rest_post

from stampli_assets.sandbox.x3.rest_server import X3RestSimulator

CREATE = "PAYMENT?representation=PAYMENT.$create"


@pytest.fixture
def simulator():
    with X3RestSimulator(make_masters()) as running:
        rest_post(running)
        rest_post(running, BPRVCR="CM-1", INVTYP=2)
        rest_post(running, BPRVCR="EURO", CUR="EUR")
        yield running


def pay(simulator, *lines, **given):
    settled = [{"VCRNUM": number, "AMTLIN": amount} for number, amount in lines]
    whole = {
        "PAYTYP": "EFT", "FCY": "F01", "BPR": "S001", "ACCDAT": "2026-11-10", "CUR": "USD", "BAN": "CHKOP", "REF": "1",
        "AMTCUR": sum(amount for _, amount in lines), "PAYMENTD": settled,
    }  # fmt: skip
    body = {name: value for name, value in {**whole, **given}.items() if value is not None}
    return rest(simulator, "POST", CREATE, json=body)


def told(answer) -> list[str]:
    body = answer.json()
    children = [line for line in body.get("PAYMENTD", []) if isinstance(line, dict)]
    return [one["$message"] for at in (body, *children) for one in at.get("$diagnoses", [])]


@pytest.mark.parametrize(
    ("lines", "given", "message"),
    [
        ([("BIS00000001", 100)], {"BAN": None}, "BAN: Mandatory field."),
        ([("BIS00000001", 100)], {"REF": None}, "REF: Mandatory field."),
        ([("BIS00000001", 100)], {"BAN": "XX"}, "BAN: Bank XX does not exist."),
        ([("BIS00000001", 100)], {"BPR": "S003"}, "VCRNUM: Invoice BIS00000001 is of the supplier S001, not S003."),
        ([("BIS00000001", 100)], {"CUR": "EUR"}, "VCRNUM: Invoice BIS00000001 is in USD."),
        ([("BIS00000009", 100)], {}, "VCRNUM: Invoice BIS00000009 does not exist or is not final."),
        ([("BIS00000001", 101)], {}, "AMTLIN: 101.00 is more than the 100.00 that BIS00000001 has open."),
        ([("BIS00000001", 100)], {"AMTCUR": 99}, "AMTCUR: 99.00 is paid, the lines settle 100.00."),
        ([("BIS00000001", 100), ("BIS00000002", 5)], {}, "AMTLIN: A credit is settled below zero, not by 5.00."),
        ([("BIS00000001", 50), ("BIS00000002", -50)], {}, "AMTCUR: A payment is more than zero, not 0.00."),
        ([("BIS00000001", 100)], {"ACCDAT": "2026-09-10"}, "ACCDAT: The period of 2026-09-10 is not open."),
        ([("BIS00000001", 10.005)], {}, "AMTCUR: 10.005 has more than the 2 decimals of USD."),
        ([], {"AMTCUR": 5}, "PAYMENTD: at least one line is needed."),
    ],
)
def test_a_payment_that_breaks_a_rule_is_refused(simulator, lines, given, message):
    assert message in told(pay(simulator, *lines, **given))
    assert simulator.books.as_json()["payments"] == []


def test_what_was_paid_is_not_open_any_more(simulator):
    assert pay(simulator, ("BIS00000001", 60), ("BIS00000002", -10)).status_code == 201
    assert pay(simulator, ("BIS00000001", 41), REF="2").status_code == 400
    rows = rest(simulator, "GET", "GACCDUDATE?representation=GACCDUDATE.$query").json()["$resources"]
    assert [(row["NUM"], float(row["AMTCUR"]), float(row["PAYCUR"])) for row in rows] == [
        ("BIS00000001", 100, 60),
        ("BIS00000002", 100, 10),
        ("BIS00000003", 100, 0),
    ]


def test_payments_survive_a_restart(tmp_path):
    for _ in range(2):
        with X3RestSimulator(make_masters(), state=tmp_path) as simulator:
            if not simulator.books.payments:
                rest_post(simulator)
                pay(simulator, ("BIS00000001", 60))
            (kept,) = simulator.books.payments.values()
            assert (kept["NUM"], kept["AMTCUR"]) == ("PAY00000001", "60.00")
