from __future__ import annotations

import base64
import json
import logging
import multiprocessing
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from builders.clock import FakeClock
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from scripted import Say, Scripted
from x3_house import (
    APIS,
    REDIRECT,
    invoices,
    make_application,
    make_door,
    make_folder,
    make_simulator,
    numbered,
    x3_bill,
)

from stampli_assets.model.errors import Misconfigured, StampliAssetsError, Transient
from stampli_assets.model.outcome import Posted
from stampli_assets.model.secret import Secret
from stampli_assets.x3.bills import X3GraphQLBills
from stampli_assets.x3.door import Door
from stampli_assets.x3.folder import Folder
from stampli_assets.x3.jwt import signed
from stampli_assets.x3.oauth import Application, CloudPair, TokenApi
from stampli_assets.x3.pairing import Pairing
from stampli_assets.x3.sign_in import Basic
from stampli_assets.x3.tokens import FileTokenStore, TokenPair
from stampli_assets.x3.wire import TurnedAway

CUSTOMER = "https://x3.customer.example"


def application_of(base_url, **given):
    values = {"client_id": "client-1", "client_secret": Secret("client-secret"), "body": "form", "plain_http": True}
    return Application(base_url, **{**values, **given})


def make_pairing(simulator, **given):
    return Pairing(application_of(simulator.base_url), CUSTOMER, REDIRECT, **given)


def accepted(pairing):
    """What the browser of the person who accepts is told to bring back."""
    answer = requests.get(pairing.address, allow_redirects=False, timeout=5)
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


def make_cloud(simulator, store, clock, **given):
    folder = make_folder(simulator.base_url, **given)
    return CloudPair(TokenApi(application_of(simulator.base_url), folder, clock), store, clock)


def paired(simulator, store, clock):
    folder = make_folder(simulator.base_url)
    pairing = make_pairing(simulator)
    return pairing.complete(accepted(pairing), TokenApi(pairing.application, folder, clock), store)


def make_cloud_book(simulator, store, clock, **given):
    folder = make_folder(simulator.base_url, **given)
    door = Door(folder, make_cloud(simulator, store, clock), clock, lambda: 0.5)
    return X3GraphQLBills(door, folder)


@pytest.fixture
def store(tmp_path):
    return FileTokenStore(tmp_path / "tokens" / "acme.json")


# Basic


@pytest.mark.parametrize("api", APIS)
def test_a_wrong_password_is_told_with_the_remedy_and_without_the_secret(api):
    with make_simulator(api) as simulator:
        folder = make_folder(simulator.base_url)
        door = make_door(simulator.base_url, sign_in=Basic(folder, "ws_user", Secret("wrong-password")))
        from x3_house import make_api

        with pytest.raises(Misconfigured) as refused:
            list(make_api(api, door).rows("payment_terms", ("code",), {}))
        assert "ws_user" in refused.value.sentence
        assert "wrong-password" not in str(refused.value)
        assert base64.b64encode(b"ws_user:wrong-password").decode() not in str(refused.value)
        assert refused.value.remedy


@pytest.mark.parametrize(
    ("url", "allowed", "fine"),
    [
        ("https://x3.acme.example:8124", False, True),
        ("http://127.0.0.1:8124", True, True),
        ("http://localhost:8124", True, True),
        ("http://127.0.0.1:8124", False, False),
        ("http://x3.acme.example:8124", True, False),
        ("http://127.0.0.1.evil.example", True, False),
        ("ftp://127.0.0.1", True, False),
        ("x3.acme.example", False, False),
        ("https://user:pass-word@x3.acme.example", False, False),
        ("https://x3.acme.example/xtrem", False, False),
    ],
)
def test_plain_http_is_refused_but_on_this_machine_with_the_settings_consent(url, allowed, fine):
    def make():
        return Folder(url, "SEED", "F01", plain_http=allowed)

    if fine:
        assert make().base_url == url
    else:
        with pytest.raises(Misconfigured) as refused:
            make()
        assert "pass-word" not in str(refused.value)


def test_a_session_that_syracuse_ended_is_begun_anew_and_the_bill_is_posted_once():
    with make_simulator("rest") as simulator:
        from x3_house import make_book

        simulator.faults.queue("token_expired")
        assert isinstance(make_book("rest", simulator.base_url).post(numbered(x3_bill()))[0], Posted)
        assert len(invoices(simulator)) == 1


# Connected application


def make_connected_book(simulator, clock, **given):
    folder = make_folder(simulator.base_url)
    return X3GraphQLBills(Door(folder, make_application(folder, clock, **given), clock, lambda: 0.5), folder)


def test_a_connected_application_signs_its_own_tokens():
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["jwt"]) as simulator:
        assert isinstance(make_connected_book(simulator, clock).post(numbered(x3_bill()))[0], Posted)


@pytest.mark.parametrize(
    ("given", "words", "setting"),
    [
        ({"client_id": "app-2"}, "does not know the application", "client_id"),
        ({"user": "somebody"}, "does not know the user", "user"),
        ({"audience": "https://other.example/xtrem/api"}, "differs from the registered one", "audience"),
        ({"secret": Secret("another-secret")}, "signature is wrong", "secret"),
    ],
)
def test_each_number_of_a_bad_token_is_told_in_words(given, words, setting):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["jwt"]) as simulator:
        with pytest.raises(Misconfigured, match=words) as refused:
            make_connected_book(simulator, clock, **given).post(numbered(x3_bill()))
        assert setting in refused.value.remedy
        assert "another-secret" not in str(refused.value)
        assert invoices(simulator) == []


def test_a_token_is_used_for_a_batch_of_requests_and_renewed_before_its_end():
    clock = FakeClock()
    application = make_application(make_folder("http://127.0.0.1:1"), clock, token_seconds=120)
    first = application.authorization()
    clock.pass_time(seconds=59)
    assert application.authorization() == first
    clock.pass_time(seconds=1)
    assert application.authorization() != first


def test_a_token_that_x3_refuses_is_replaced_once_even_within_the_same_second():
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["jwt"]) as simulator:
        simulator.faults.queue("token_expired")
        assert isinstance(make_connected_book(simulator, clock).post(numbered(x3_bill()))[0], Posted)
        simulator.faults.queue("token_expired", times=2)
        with pytest.raises(Misconfigured, match="expired"):
            make_connected_book(simulator, clock).post(numbered(x3_bill("B")))
        assert len(invoices(simulator)) == 1


def test_a_token_tells_who_for_whom_and_until_when():
    clock = FakeClock()
    folder = make_folder("http://127.0.0.1:1")
    scheme, _, token = make_application(folder, clock).authorization().partition(" ")
    header, claims, _ = token.split(".")
    now = int(clock.now().timestamp())
    assert scheme == "Bearer"
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {
        "iss": "app-1",
        "sub": "api_user",
        "aud": "http://127.0.0.1:1/xtrem/api",
        "iat": now - 30,
        "exp": now + 90,
    }


def test_a_token_by_private_key_is_verified_by_its_public_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    body, _, signature = signed({"iss": "a"}, Secret(pem), "RS256").rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    key.public_key().verify(raw, body.encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(Misconfigured, match="no private RSA key"):
        signed({"iss": "a"}, Secret("not a key"), "RS256")


def test_a_token_too_short_to_be_used_is_refused_by_the_settings():
    with pytest.raises(Misconfigured, match="too short"):
        make_application(make_folder("http://127.0.0.1:1"), FakeClock(), token_seconds=60)


# Pairing


def test_a_person_pairs_and_the_pair_is_kept_for_this_user_only(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        paired(simulator, store, clock)
        assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
        assert stat.S_IMODE(store.path.parent.stat().st_mode) == 0o700
        assert isinstance(make_cloud_book(simulator, store, clock).post(numbered(x3_bill()))[0], Posted)


def test_a_call_back_with_another_state_is_not_exchanged(store):
    with make_simulator("graphql") as simulator:
        pairing = make_pairing(simulator)
        told = {**accepted(pairing), "state": "somebody-else"}
        api = TokenApi(pairing.application, make_folder(simulator.base_url), FakeClock())
        with pytest.raises(Misconfigured, match="does not belong to this pairing"):
            pairing.complete(told, api, store)
        assert store.read() is None
        assert len([entry for entry in simulator.requests if "authorization_code" in entry["operations"]]) == 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"error": "access_denied"}, "access_denied"),
        ({}, "brings no code"),
        ({"code": "c", "endpoint": "http://api.evil.example/v1"}, "without TLS"),
        ({"code": "c", "endpoint": "https://api.evil.example/v1"}, "points to api.evil.example"),
    ],
)
def test_a_call_back_that_proves_nothing_is_refused(told, words):
    pairing = Pairing(application_of("http://127.0.0.1:1"), CUSTOMER, REDIRECT)
    with pytest.raises(Misconfigured, match=words):
        pairing.code_in({**told, "state": pairing.state})


@pytest.mark.parametrize("spelled", ["code", "authorizationCode"])
def test_the_code_is_read_as_sage_spells_it_and_as_the_standard_does(spelled):
    pairing = Pairing(application_of("https://api.eu.example", plain_http=False), CUSTOMER, REDIRECT)
    code, endpoint = pairing.code_in({spelled: "c-1", "state": pairing.state, "endpoint": "https://eu.example/v1"})
    assert (code.reveal(), endpoint) == ("c-1", "https://eu.example/v1")


def test_the_address_that_is_opened_holds_no_secret():
    pairing = Pairing(application_of("https://api.eu-sagex3.example", plain_http=False), CUSTOMER, REDIRECT)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(pairing.address).query).items()}
    assert asked == {
        "client_id": "client-1",
        "scope": "api.graphQL businessDomain.ALL",
        "customer": CUSTOMER,
        "redirect_uri": REDIRECT,
        "state": pairing.state,
    }
    assert "client-secret" not in pairing.address
    assert pairing.state not in repr(pairing)


@pytest.mark.parametrize("body", ["json", "form"])
def test_the_exchange_is_written_as_the_settings_say(body):
    pair = b'{"access_token":"a-1","refresh_token":"r-1","expires_in":300}'
    with Scripted(Say(200, pair)) as server:
        clock = FakeClock()
        api = TokenApi(application_of(server.base_url, body=body), make_folder(server.base_url), clock)
        kept = api.by_code(Secret("c-1"), REDIRECT)
        asked = server.asked[0]
        told = (
            json.loads(asked.body)
            if body == "json"
            else {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        )
        assert (asked.method, asked.path) == ("POST", "/v1/token")
        assert told == {
            "grant_type": "authorization_code",
            "code": "c-1",
            "redirect_uri": REDIRECT,
            "client_id": "client-1",
            "client_secret": "client-secret",
        }
        assert (kept.access.reveal(), kept.refresh.reveal()) == ("a-1", "r-1")
        assert kept.access_ends == clock.now() + timedelta(seconds=300)


def test_the_endpoint_of_the_pairing_is_used_from_then_on():
    pair = b'{"access_token":"a-1","refresh_token":"r-1"}'
    with Scripted(Say(200, pair)) as server:
        api = TokenApi(application_of("http://127.0.0.1:1"), make_folder(server.base_url), FakeClock())
        object.__setattr__(api.application, "plain_http", True)
        kept = api.by_code(Secret("c-1"), REDIRECT, endpoint=f"{server.base_url}/v1")
        assert kept.endpoint == f"{server.base_url}/v1"
        api.by_refresh(kept)
        assert [asked.path for asked in server.asked] == ["/v1/token", "/v1/token"]


# Renewal


def test_two_hours_of_work_with_tokens_of_five_minutes(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        paired(simulator, store, clock)
        book = make_cloud_book(simulator, store, clock)
        for minute in range(120):
            assert isinstance(book.post(numbered(x3_bill(f"N-{minute}")))[0], Posted)
            clock.pass_time(minutes=1)
        assert [entry for entry in simulator.requests if entry["http"] == 401] == []
        assert len(invoices(simulator)) == 120
        assert simulator.books.security == []


def test_a_token_that_ends_early_is_renewed_once_and_the_bill_is_posted_once(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        paired(simulator, store, clock)
        simulator.faults.queue("token_expired")
        book = make_cloud_book(simulator, store, clock)
        assert isinstance(book.post(numbered(x3_bill()))[0], Posted)
        assert len(invoices(simulator)) == 1
        simulator.faults.queue("token_expired", times=2)
        with pytest.raises(Misconfigured, match="stampli x3 pair CONNECTION"):
            book.post(numbered(x3_bill("B")))


def test_the_new_pair_is_on_disk_before_it_is_used(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        before = paired(simulator, store, clock)
        clock.pass_time(minutes=5)
        used = make_cloud(simulator, store, clock).authorization()
        kept = store.read()
        assert used == f"Bearer {kept.access.reveal()}"
        assert kept.refresh.reveal() != before.refresh.reveal()


def test_a_refresh_token_that_somebody_else_used_says_to_pair_again(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        stolen = paired(simulator, store, clock)
        thief = TokenApi(application_of(simulator.base_url), make_folder(simulator.base_url), clock)
        thief.by_refresh(stolen)
        clock.pass_time(minutes=6)
        with pytest.raises(Misconfigured) as refused:
            make_cloud_book(simulator, store, clock).post(numbered(x3_bill()))
        assert "stampli x3 pair CONNECTION" in refused.value.remedy
        assert stolen.refresh.reveal() not in str(refused.value)
        assert [event["event"] for event in simulator.books.security] == ["refresh token replayed"]
        assert invoices(simulator) == []


def test_a_connection_that_was_never_paired_says_so(store):
    with make_simulator("graphql", ways=["oauth2"]) as simulator:
        with pytest.raises(Misconfigured, match="never paired") as refused:
            make_cloud_book(simulator, store, FakeClock()).find([x3_bill()])
        assert "stampli x3 pair CONNECTION" in refused.value.remedy


@pytest.mark.parametrize("say", [Say(503, b"<h1>Maintenance</h1>"), Say(hang_up=True), Say(200, b'{"access_tok')])
def test_a_token_api_that_does_not_answer_is_transient_and_the_pair_stays(store, say):
    clock = FakeClock()
    pair = TokenPair(Secret("a"), clock.now(), Secret("r"))
    store.write(pair)
    with Scripted(say) as server:
        folder = make_folder(server.base_url, backoff_deadline_seconds=2)
        cloud = CloudPair(TokenApi(application_of(server.base_url), folder, clock), store, clock)
        with pytest.raises(TurnedAway):
            cloud.authorization()
        with pytest.raises(Transient, match="token API"):
            X3GraphQLBills(Door(folder, cloud, clock, lambda: 0.5), folder).post(numbered(x3_bill()))
        assert store.read().refresh.reveal() == "r"


def test_a_pair_that_cannot_be_written_is_not_used_and_not_lost(store, monkeypatch):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        paired(simulator, store, clock)
        clock.pass_time(minutes=6)
        cloud = make_cloud(simulator, store, clock)

        def full(_pair):
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(store, "write", full)
            with pytest.raises(Misconfigured, match="No space left on device"):
                cloud.authorization()
        told = cloud.authorization()
        assert told == f"Bearer {store.read().access.reveal()}"
        assert simulator.told()["tokens"] == 3
        assert simulator.books.security == []


def test_a_pairing_whose_tokens_cannot_be_kept_says_so(tmp_path):
    (tmp_path / "file").write_text("no folder")
    store = FileTokenStore(tmp_path / "file" / "acme.json")
    with make_simulator("graphql") as simulator, pytest.raises(Misconfigured, match="cannot be kept"):
        paired(simulator, store, FakeClock())


def test_a_token_store_that_cannot_be_locked_is_a_matter_of_settings(tmp_path):
    (tmp_path / "file").write_text("no folder")
    store = FileTokenStore(tmp_path / "file" / "acme.json")
    with make_simulator("graphql") as simulator, pytest.raises(Misconfigured, match="cannot be kept"):
        make_cloud_book(simulator, store, FakeClock()).find([x3_bill()])


def test_a_pair_that_lacks_its_half_is_not_kept(store):
    clock = FakeClock()
    store.write(TokenPair(Secret("a"), clock.now(), Secret("r")))
    with Scripted(Say(200, b'{"access_token":"only"}')) as server:
        cloud = CloudPair(TokenApi(application_of(server.base_url), make_folder(server.base_url), clock), store, clock)
        with pytest.raises(TurnedAway, match="without a pair"):
            cloud.authorization()
        assert store.read().refresh.reveal() == "r"


def test_a_region_without_tls_is_refused():
    with pytest.raises(Misconfigured, match="without TLS"):
        application_of("http://api.eu-sagex3.example")


def test_a_user_with_a_colon_is_refused():
    with pytest.raises(Misconfigured, match="colon"):
        Basic(make_folder("http://127.0.0.1:1"), "a:b", Secret("x"))


def test_many_threads_renew_once(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        paired(simulator, store, clock)
        clock.pass_time(minutes=6)
        cloud = make_cloud(simulator, store, clock)
        threads = [threading.Thread(target=cloud.authorization) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([entry for entry in simulator.requests if "refresh_token" in entry["operations"]]) == 1


def test_a_pair_that_another_process_renewed_is_read_and_not_renewed_again(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        paired(simulator, store, clock)
        ours, theirs = (make_cloud(simulator, store, clock) for _ in range(2))
        stale = ours.authorization()
        renewed = theirs.renewed(theirs.authorization())
        assert ours.renewed(stale) == renewed != stale
        assert len([entry for entry in simulator.requests if "refresh_token" in entry["operations"]]) == 1


def renew_in_a_process(base_url, path, results):
    """Another process, with a clock of its own that is six minutes ahead."""
    clock = FakeClock()
    clock.pass_time(minutes=6)
    folder = make_folder(base_url)
    store = FileTokenStore(Path(path))
    cloud = CloudPair(TokenApi(application_of(base_url), folder, clock), store, clock)
    results.put(cloud.authorization())


def test_several_processes_share_one_pair_without_invalidating_each_other(store):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["oauth2"], latency_seconds=0.1) as simulator:
        paired(simulator, store, clock)
        clock.pass_time(minutes=6)
        spawn = multiprocessing.get_context("spawn")
        results = spawn.Queue()
        workers = [
            spawn.Process(target=renew_in_a_process, args=(simulator.base_url, str(store.path), results))
            for _ in range(4)
        ]
        for worker in workers:
            worker.start()
        told = {results.get(timeout=60) for _ in workers}
        for worker in workers:
            worker.join()
        assert len(told) == 1
        assert len([entry for entry in simulator.requests if "refresh_token" in entry["operations"]]) == 1
        assert simulator.books.security == []


# The store


def test_a_pair_comes_back_as_it_was(store):
    pair = TokenPair(Secret("a"), datetime(2026, 11, 21, 9, 5, tzinfo=UTC), Secret("r"), "https://eu.example/v1")
    store.write(pair)
    kept = store.read()
    assert (kept.access.reveal(), kept.access_ends, kept.refresh.reveal(), kept.endpoint) == (
        "a",
        pair.access_ends,
        "r",
        "https://eu.example/v1",
    )
    assert sorted(path.name for path in store.path.parent.iterdir()) == ["acme.json"]


def test_a_pair_is_replaced_and_never_written_over(store):
    pair = TokenPair(Secret("a"), datetime(2026, 11, 21, 9, 5, tzinfo=UTC), Secret("r"))
    store.write(pair)
    reading = store.path.open("rb")
    store.write(TokenPair(Secret("b" * 200), pair.access_ends, Secret("s")))
    assert json.loads(reading.read())["access"] == "a"
    reading.close()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"access":"a"}', b"\xff", b'{"access_ends":5}'])
def test_a_damaged_store_says_to_pair_again_and_shows_nothing_of_it(store, content):
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(content)
    with pytest.raises(Misconfigured, match="no pair of tokens"):
        store.read()


def test_a_writing_that_is_cut_off_leaves_the_former_pair(store):
    code = f"""
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from stampli_assets.model.secret import Secret
from stampli_assets.x3.tokens import FileTokenStore, TokenPair
store = FileTokenStore(Path({str(store.path)!r}))
def pair(name): return TokenPair(Secret(name), datetime.now(UTC), Secret(name))
store.write(pair("old"))
os.fsync = lambda file: os._exit(9)
store.write(pair("new"))
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 9
    assert store.read().refresh.reveal() == "old"


def test_a_lock_ends_with_its_holder_and_is_not_waited_for_for_ever(store):
    store.wait_seconds = 0.2
    with store.locked(), pytest.raises(Transient, match="does not come to an end"), store.locked():
        pass
    with store.locked():
        pass
    code = f"""
import os
from pathlib import Path
from stampli_assets.x3.tokens import FileTokenStore
with FileTokenStore(Path({str(store.path)!r})).locked():
    os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code], check=False)
    started = time.monotonic()
    with store.locked():
        assert time.monotonic() - started < 0.2


def test_a_link_in_place_of_the_lock_is_not_followed(store, tmp_path):
    store.path.parent.mkdir(parents=True)
    (tmp_path / "victim").write_text("kept")
    store.path.with_name("acme.json.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"acme\.json\.lock"), store.locked():
        pass


def test_no_secret_shows_in_what_the_clients_print(store):
    clock = FakeClock()
    folder = make_folder("http://127.0.0.1:1")
    pair = TokenPair(Secret("access-secret"), clock.now(), Secret("refresh-secret"))
    application = make_application(folder, clock)
    application.authorization()
    cloud = CloudPair(TokenApi(application_of("http://127.0.0.1:1"), folder, clock), store, clock, pair)
    things = (pair, application, cloud, Basic(folder, "u", Secret("user-secret")), make_door("http://127.0.0.1:1"))
    told = " ".join(map(repr, things))
    for secret in ("access-secret", "refresh-secret", "app-secret", "client-secret", "user-secret", "Bearer", "Basic "):
        assert secret not in told


def test_no_secret_shows_in_a_log_or_address(store, caplog):
    clock = FakeClock()
    caplog.set_level(logging.DEBUG)
    with make_simulator("graphql", clock=clock, ways=["oauth2"]) as simulator:
        first = paired(simulator, store, clock)
        book = make_cloud_book(simulator, store, clock)
        book.post(numbered(x3_bill("A")))
        clock.pass_time(minutes=6)
        book.find([x3_bill("A")])
        second = store.read()
        addresses = " ".join(entry["path"] for entry in simulator.requests)
    for secret in (first.access, first.refresh, second.access, second.refresh, Secret("client-secret")):
        assert secret.reveal() not in caplog.text
        assert secret.reveal() not in addresses
    assert "/xtrem/api" in caplog.text


@pytest.mark.parametrize("status", [401, 403, 400, 500])
def test_a_server_that_repeats_what_it_was_told_does_not_make_us_repeat_it(status):
    clock = FakeClock()
    with make_simulator("graphql", clock=clock) as simulator:
        folder = make_folder(simulator.base_url)
        token = make_application(folder, clock).authorization()
    echo = json.dumps({"errors": [{"message": f"You sent {token}"}], "data": None}).encode()
    with Scripted(Say(status, echo)) as server:
        folder = make_folder(server.base_url, graphql_path="/xtrem/api")
        application = make_application(folder, clock, audience=f"{simulator.base_url}/xtrem/api")
        assert application.authorization() == token
        book = X3GraphQLBills(Door(folder, application, clock, lambda: 0.5), folder)
        try:
            told = repr(book.post(numbered(x3_bill())))
        except StampliAssetsError as error:
            told = str(error)
        assert token.partition(" ")[2] not in told


def test_a_token_api_that_repeats_what_it_was_told_does_not_make_us_repeat_it(store):
    clock = FakeClock()
    store.write(TokenPair(Secret("a"), clock.now(), Secret("refresh-secret")))
    with Scripted(Say(400, b'{"error":"invalid_grant","message":"refresh-secret of client-secret"}')) as server:
        folder = make_folder(server.base_url)
        cloud = CloudPair(TokenApi(application_of(server.base_url), folder, clock), store, clock)
        with pytest.raises(Misconfigured, match="invalid_grant") as refused:
            cloud.authorization()
        assert "secret" not in str(refused.value)


def test_one_door_serves_many_threads():
    clock = FakeClock()
    with make_simulator("graphql", clock=clock, ways=["jwt"]) as simulator:
        book = make_connected_book(simulator, clock)
        outcomes = []
        threads = [
            threading.Thread(target=lambda n=n: outcomes.extend(book.post(numbered(x3_bill(f"N-{n}")))))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [type(outcome) for outcome in outcomes] == [Posted] * 8
        assert len({outcome.record.record_no for outcome in outcomes}) == 8
