"""What goes over the wire, to the letter."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pytest
from scripted import Say, Scripted
from x3_house import APIS, make_book, numbered, x3_bill

from stampli_assets.model.errors import StampliAssetsError
from stampli_assets.x3.rest import LONGEST_WHERE, clauses

GOLDEN = Path(__file__).parent / "golden"
SHOWN = ("Accept", "Content-Type", "x-xtrem-endpoint")


def as_text(asked):
    """A request for a person to review: request line, the headers that matter, the body."""
    headers = "".join(f"{name}: {asked.headers[name]}\n" for name in SHOWN if name in asked.headers)
    body = asked.body.decode()
    if body:
        told = json.loads(body)
        query = told.pop("query", "")
        body = f"{query}\n{json.dumps(told, indent=2, ensure_ascii=False)}\n"
    return f"{asked.method} {unquote(asked.path)}\n{headers}\n{body}"


def sent(api, call):
    with Scripted(Say(400, b"{}")) as server:
        with_book = make_book(api, server.base_url, backoff_deadline_seconds=0)
        with suppress(StampliAssetsError):
            call(with_book)
        return server.asked


@pytest.mark.parametrize("api", APIS)
def test_a_look_up_asks_for_the_needed_fields_of_the_needed_documents_only(api):
    asked = sent(api, lambda book: book.find([x3_bill("A"), x3_bill("O'B", vendor_id="S002")]))
    assert as_text(asked[0]) == (GOLDEN / f"{api}_find.txt").read_text()


@pytest.mark.parametrize("api", APIS)
def test_a_batch_is_sent_exactly_so(api):
    asked = sent(api, lambda book: book.post(numbered(x3_bill("A"), x3_bill("B", total="0.10"))))
    text = "\n".join(as_text(one) for one in asked)
    assert text == (GOLDEN / f"{api}_batch.txt").read_text()


@pytest.mark.parametrize("api", APIS)
def test_the_preview_is_the_body_that_is_sent(api):
    asked = sent(api, lambda book: book.post(numbered(x3_bill("A"))))
    preview = make_book(api, "http://127.0.0.1:1").request_for(x3_bill("A"))
    body = json.loads(asked[0].body)
    told = f"{body['query']}\n" if api == "graphql" else f"POST {unquote(asked[0].path)}\n\n"
    given = body["variables"] if api == "graphql" else body
    assert preview == told + json.dumps(given, indent=2, ensure_ascii=False) + "\n"


def test_a_long_look_up_is_divided_so_that_no_address_is_cut():
    numbers = {f"INVOICE-NUMBER-{n:05}" for n in range(60)}
    parts = list(clauses({"BPR": {"S001", "S002"}, "BPRVCR": numbers}))
    assert len(parts) > 1
    assert max(map(len, parts)) <= LONGEST_WHERE
    asked = [number for part in parts for number in numbers if f"BPRVCR eq '{number}'" in part]
    assert sorted(asked) == sorted(numbers)
    assert all("BPR eq 'S001' or BPR eq 'S002'" in part for part in parts)


def test_a_single_value_is_asked_for_however_long_and_no_value_at_all_not():
    assert [len(part) > LONGEST_WHERE for part in clauses({"BPR": {"S" * 2000}})] == [True]
    assert list(clauses({"BPR": {"S001"}, "BPRVCR": set()})) == []
    assert list(clauses({})) == [""]
