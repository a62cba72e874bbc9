from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripted import Say, Scripted
from x3_house import APIS, make_door, make_masters, make_simulator

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.x3.names import GRAPHQL, REST
from stampli_assets.x3.reference import X3GraphQLReference, X3RestReference

GOLDEN = Path(__file__).parent / "golden"


def make_reference(api, base_url, **given):
    names = given.pop("names", {})
    door = make_door(base_url, **given)
    if api == "graphql":
        return X3GraphQLReference(door, door.folder, GRAPHQL.overridden(names))
    return X3RestReference(door, door.folder, REST.overridden(names))


@pytest.fixture(params=APIS)
def api(request):
    return request.param


def rows(frame):
    return [tuple(row) for row in frame.itertuples(index=False)]


def test_suppliers_come_with_status_tax_id_currency_and_term(api):
    with make_simulator(api) as simulator:
        assert rows(make_reference(api, simulator.base_url).vendors()) == [
            ("S001", "Old Mill Printing", "active", "12-3456789", "USD", "NET30"),
            ("S002", "Harbor Steel", "inactive", "12-3456780", "USD", "NET30"),
            ("S003", "Imprimerie d'Or", "active", "FR 123.456.789", "USD", "NET30"),
        ]


def test_accounts_come_with_the_dimensions_that_they_require(api):
    with make_simulator(api) as simulator:
        assert rows(make_reference(api, simulator.base_url, chart="USA").gl_accounts()) == [
            ("62200", "Office", "active", "department", "", "", ""),
            ("64500", "Fees", "active", "", "", "", ""),
            ("68900", "Old travel", "inactive", "", "", "", ""),
            ("69100", "Plant only", "active", "", "", "", "F02"),
        ]
        assert "70000" in set(make_reference(api, simulator.base_url).gl_accounts()["account"])


def test_a_required_type_that_the_settings_do_not_name_is_left_to_x3(api):
    accounts = [{"ACC": "62200", "COA": "USA", "DES": "Office", "DIE": ["ZZZ", "CCT"]}]
    with make_simulator(api, masters=make_masters(accounts=accounts)) as simulator:
        assert rows(make_reference(api, simulator.base_url).gl_accounts()) == [
            ("62200", "Office", "active", "department", "", "", "")
        ]


def test_the_codes_of_our_dimension_types_come_and_no_others(api):
    with make_simulator(api) as simulator:
        assert rows(make_reference(api, simulator.base_url).dimensions()) == [
            ("department", "200", "Operations", "active", "", "", "", ""),
            ("department", "300", "Sales", "inactive", "", "", "", ""),
            ("department", "400", "Engineering", "active", "", "2026-09-30", "", ""),
            ("location", "110", "Plant", "active", "", "", "", ""),
            ("term", "NET30", "Net 30", "active", "", "", "", ""),
            ("term", "NET60", "Net 60", "inactive", "", "", "", ""),
        ]
        only_terms = make_reference(api, simulator.base_url, dimension_types={}).dimensions()
        assert set(only_terms["dimension"]) == {"term"}


def test_long_lists_are_read_page_by_page_to_their_end(api):
    suppliers = [{"BPSNUM": f"S{n:05d}", "BPSNAM": f"Supplier {n}", "CUR": "USD"} for n in range(1203)]
    with make_simulator(api, masters=make_masters(suppliers=suppliers)) as simulator:
        frame = make_reference(api, simulator.base_url).vendors()
        assert frame["vendor_id"].nunique() == len(frame) == 1203
        assert len(simulator.requests) == 3


def test_an_empty_list_is_an_empty_frame(api):
    with make_simulator(api, masters=make_masters(suppliers=[])) as simulator:
        assert len(make_reference(api, simulator.base_url).vendors()) == 0


def test_a_page_that_fails_is_asked_again(api):
    with make_simulator(api) as simulator:
        simulator.faults.queue("drop_before_commit", when="read", skip=1)
        simulator.faults.queue("truncate", when="read", skip=1)
        frame = make_reference(api, simulator.base_url, rows_per_page=1).vendors()
        assert list(frame["vendor_id"]) == ["S001", "S002", "S003"]


def test_a_list_that_we_may_not_read_is_told_as_such(api):
    names = {"paymentTerm": "payTerm"} if api == "graphql" else {"TABPAYTERM": "YPAYTERM"}
    with make_simulator(api, names=names) as simulator, pytest.raises(Misconfigured, match="read"):
        make_reference(api, simulator.base_url).dimensions()


def test_x3_that_stays_away_is_transient(api):
    with make_simulator(api) as simulator:
        simulator.faults.queue("internal_error", when="read", times=100)
        with pytest.raises(Transient, match="HTTP 500"):
            make_reference(api, simulator.base_url, backoff_deadline_seconds=2).vendors()


def test_graphql_asks_for_the_needed_fields_of_the_needed_rows_only():
    page = {"edges": [], "pageInfo": {"hasNextPage": False}}
    answers = [
        Say(200, json.dumps({"data": {package: {node: {"query": page}}}}).encode())
        for package, node in (
            ("x3MasterData", "supplier"),
            ("x3FinanceData", "account"),
            ("x3FinanceData", "dimension"),
            ("x3FinanceData", "paymentTerm"),
        )
    ]
    with Scripted(*answers) as server:
        reference = make_reference("graphql", server.base_url, chart="USA")
        reference.vendors(), reference.gl_accounts(), reference.dimensions()
        asked = [json.loads(one.body) for one in server.asked]
        text = "\n".join(f"{one['query']}\n{json.dumps(one['variables'], indent=2)}\n" for one in asked)
        assert text == (GOLDEN / "graphql_reference.txt").read_text()
