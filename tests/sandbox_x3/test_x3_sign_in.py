"""Sign-in to GraphQL: pairing and its rotating tokens, connected applications, HTTP Basic."""

from __future__ import annotations

import base64
import json
import re

import pytest
import requests
from builders.clock import FakeClock
from sandbox_x3.folder import (
    CUSTOMER,
    REDIRECT,
    authorise,
    bearer,
    exchange,
    make_masters,
    pair,
    renew,
    send,
    token,
    told_back,
)

from stampli_assets.sandbox.x3.graphql_server import X3GraphQLSimulator
from stampli_assets.sandbox.x3.pairings import TokenOptions

HELLO = "{ __typename }"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def simulator(clock):
    with X3GraphQLSimulator(make_masters(), now=clock.now) as running:
        yield running


def claims(jwt: str) -> dict:
    part = jwt.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def status(simulator, access: str) -> int:
    return send(simulator, HELLO, **bearer(access)).status_code


def test_pairing_comes_back_with_a_code_and_the_state_and_the_code_buys_a_pair(simulator):
    answer = authorise(simulator)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(REDIRECT)
    assert told_back(answer)["state"] == "s-1"
    tokens = pair(simulator)
    assert (tokens["expires_in"], tokens["token_type"]) == (300, "Bearer")
    told = claims(tokens["access_token"])
    assert {"iss", "aud", "iat", "exp", "region", "sub", "azp", "scopes"} <= set(told)
    assert told["exp"] - told["iat"] == 300
    life = claims(tokens["refresh_token"])
    assert life["exp"] - life["iat"] == 30 * 24 * 3600
    assert status(simulator, tokens["access_token"]) == 200


def test_the_client_may_say_its_secret_by_http_basic(simulator):
    code = told_back(authorise(simulator))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    answer = requests.post(simulator.token_url, data=form, auth=("client-1", "client-secret"), timeout=5)
    assert answer.status_code == 200
    bad = {**form, "grant_type": "refresh_token"}
    odd = requests.post(simulator.token_url, data=bad, headers={"Authorization": "Basic ?"}, timeout=5)
    assert odd.status_code == 401


def test_another_region_is_named_in_the_call_back(clock):
    options = TokenOptions(pairing_endpoint="https://eu.example")
    with X3GraphQLSimulator(make_masters(), tokens=options) as simulator:
        assert told_back(authorise(simulator))["endpoint"] == "https://eu.example"


def test_a_person_accepts_or_denies_on_a_page_when_pairing_is_not_automatic():
    with X3GraphQLSimulator(make_masters(), tokens=TokenOptions(auto_accept=False)) as simulator:
        question = authorise(simulator)
        assert question.status_code == 200
        form = dict(re.findall(r"name='(\w+)' value='([^']*)'", question.text))
        assert form["customer"] == CUSTOMER
        accepted, denied = (
            requests.post(simulator.authorise_url, data={**form, "decision": one}, allow_redirects=False, timeout=5)
            for one in ("accept", "deny")
        )
        assert set(told_back(accepted)) == {"code", "state"}
        assert told_back(denied)["error"] == "access_denied"


@pytest.mark.parametrize("wrong", [{"client_id": "other"}, {"redirect_uri": "http://elsewhere.example/"}])
def test_an_unknown_client_or_redirect_is_not_sent_anywhere(simulator, wrong):
    answer = authorise(simulator, **wrong)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


@pytest.mark.parametrize(
    ("wrong", "error"), [({"scope": "everything"}, "invalid_scope"), ({"customer": ""}, "invalid_request")]
)
def test_a_wrong_scope_or_customer_is_said_in_the_call_back(simulator, wrong, error):
    assert told_back(authorise(simulator, **wrong))["error"] == error


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"client_secret": "no"}, "invalid_client"), ({"client_id": "no"}, "invalid_client"),
     ({"grant_type": "password"}, "unsupported_grant_type"), ({"code": "no"}, "invalid_grant"),
     ({"redirect_uri": "http://127.0.0.1:1/other"}, "invalid_grant")],
)  # fmt: skip
def test_an_exchange_that_is_wrong_gives_no_tokens(simulator, wrong, error):
    code = told_back(authorise(simulator))["code"]
    answer = exchange(simulator, **{"grant_type": "authorization_code", "code": code, **wrong})
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert answer.json()["error"] == error


def test_a_code_is_good_for_a_minute_and_for_one_use(simulator, clock):
    code = told_back(authorise(simulator))["code"]
    late = told_back(authorise(simulator))["code"]
    first = exchange(simulator, grant_type="authorization_code", code=code)
    again = exchange(simulator, grant_type="authorization_code", code=code)
    assert (first.status_code, again.json()["error"]) == (200, "invalid_grant")
    assert status(simulator, first.json()["access_token"]) == 401
    assert simulator.books.security[-1]["event"] == "authorisation code replayed"
    clock.pass_time(seconds=61)
    assert exchange(simulator, grant_type="authorization_code", code=late).json()["error"] == "invalid_grant"


def test_an_access_token_ends_after_five_minutes_and_a_renewal_gives_a_new_pair(simulator, clock):
    old = pair(simulator)
    clock.pass_time(seconds=299)
    assert status(simulator, old["access_token"]) == 200
    clock.pass_time(seconds=1)
    refused = send(simulator, HELLO, **bearer(old["access_token"]))
    assert (refused.status_code, refused.text) == (401, "Error 50: Invalid token")
    new = renew(simulator, old["refresh_token"]).json()
    assert new["refresh_token"] != old["refresh_token"]
    assert status(simulator, new["access_token"]) == 200
    assert simulator.told()["tokens"] == 3


def test_a_replayed_refresh_token_is_refused_the_chain_revoked_and_the_event_recorded(simulator):
    old = pair(simulator)
    new = renew(simulator, old["refresh_token"]).json()
    replayed = renew(simulator, old["refresh_token"])
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_grant")
    assert renew(simulator, new["refresh_token"]).json()["error"] == "invalid_grant"
    assert status(simulator, new["access_token"]) == 401
    books = requests.get(f"{simulator.base_url}/books", timeout=5).json()
    (event,) = books["security"]
    assert (event["event"], event["client"], event["customer"]) == ("refresh token replayed", "client-1", CUSTOMER)
    assert [pairing["revoked"] for pairing in books["pairings"]] == ["refresh token replayed"]
    assert status(simulator, pair(simulator)["access_token"]) == 200


@pytest.mark.parametrize(("policy", "expected"), [("refuse", (400, 200)), ("accept", (200, 200))])
def test_what_an_old_refresh_token_does_is_an_option(policy, expected):
    with X3GraphQLSimulator(make_masters(), tokens=TokenOptions(old_refresh_token=policy)) as simulator:
        old = pair(simulator)
        new = renew(simulator, old["refresh_token"]).json()
        replayed = renew(simulator, old["refresh_token"])
        assert (replayed.status_code, status(simulator, new["access_token"])) == expected
        assert simulator.books.security == []


def test_a_refresh_token_ends_after_thirty_days(simulator, clock):
    old = pair(simulator)
    clock.pass_time(days=30)
    assert "pair again" in renew(simulator, old["refresh_token"]).json()["error_description"]


@pytest.mark.parametrize("wrong", ["", "a.b.c", token(), "access"])
def test_what_is_no_refresh_token_renews_nothing(simulator, wrong):
    tokens = pair(simulator)
    given = tokens["access_token"] if wrong == "access" else wrong
    assert renew(simulator, given).json()["error"] == "invalid_grant"
    assert renew(simulator, tokens["refresh_token"]).status_code == 200


def test_pairing_again_for_a_customer_ends_the_pair_before(simulator):
    old, new = pair(simulator), pair(simulator)
    assert (status(simulator, old["access_token"]), status(simulator, new["access_token"])) == (401, 200)


def test_a_pairing_outlives_a_restart(tmp_path):
    with X3GraphQLSimulator(make_masters(), state=tmp_path) as simulator:
        old = pair(simulator)
        new = renew(simulator, old["refresh_token"]).json()
    with X3GraphQLSimulator(make_masters(), state=tmp_path) as simulator:
        assert renew(simulator, new["refresh_token"]).status_code == 200
        assert renew(simulator, old["refresh_token"]).json()["error"] == "invalid_grant"
        assert simulator.books.security[0]["event"] == "refresh token replayed"


def test_a_token_without_the_scope_for_graphql_is_forbidden(simulator):
    code = told_back(authorise(simulator, scope="api.dataIngestion"))["code"]
    tokens = exchange(simulator, grant_type="authorization_code", code=code).json()
    assert status(simulator, tokens["access_token"]) == 403


def test_a_connected_application_signs_its_own_tokens():
    with X3GraphQLSimulator(make_masters()) as simulator:
        assert status(simulator, token(aud=simulator.url)) == 200


@pytest.mark.parametrize(
    ("number", "change"),
    [(41, {"iss": "app-2"}), (42, {"sub": "nobody"}), (45, {"aud": "http://127.0.0.1/"}), (50, {"secret": "other"}),
     (50, {"exp": 1}), (50, {"exp": None}), (50, {"iat": 9_999_999_999, "exp": 9_999_999_999 + 60})],
)  # fmt: skip
def test_a_bad_token_is_answered_by_the_number_of_what_is_wrong(number, change):
    with X3GraphQLSimulator(make_masters()) as simulator:
        answer = send(simulator, HELLO, **bearer(token(**{"aud": simulator.url, **change})))
        assert (answer.status_code, answer.text) == (401, f"Error {number}: Invalid token")
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_the_audience_is_the_url_as_registered_compared_literally():
    with X3GraphQLSimulator(make_masters(), audience="https://x3.example/api") as simulator:
        assert status(simulator, token(aud="https://x3.example/api")) == 200
        assert status(simulator, token(aud="https://x3.example/api/")) == 401


def test_an_application_may_have_an_audience_of_its_own():
    app = {"secret": "app-secret", "users": ["api_user"], "audience": "urn:mine"}
    with X3GraphQLSimulator(make_masters(connected_apps={"app-1": app})) as simulator:
        assert status(simulator, token(aud="urn:mine")) == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Digest x", "Basic ?"])
def test_without_a_readable_sign_in_nothing_is_answered(simulator, header):
    answer = send(simulator, HELLO, auth=None, headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_deployment_takes_only_its_own_ways_to_sign_in():
    with X3GraphQLSimulator(make_masters(), ways={"oauth2"}) as simulator:
        assert send(simulator, HELLO).status_code == 401
        assert status(simulator, token(aud=simulator.url)) == 401
        assert status(simulator, pair(simulator)["access_token"]) == 200
    with X3GraphQLSimulator(make_masters(), ways={"jwt", "basic"}) as simulator:
        assert status(simulator, pair(simulator)["access_token"]) == 401
    with pytest.raises(ValueError, match="ways"):
        X3GraphQLSimulator(make_masters(), ways={"telepathy"})
