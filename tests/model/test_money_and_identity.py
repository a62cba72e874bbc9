from __future__ import annotations

import re
from decimal import Decimal

import pytest
from builders.bills import make_bill
from hypothesis import given
from hypothesis import strategies as st

from stampli_assets.model.documents import BillLine
from stampli_assets.model.identity import control_id, digest, fingerprint, partition_key, posting_key
from stampli_assets.model.money import Money, exponent, plain

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])


@given(st.integers(1 - 10**14, 10**14 - 1), CURRENCIES)
def test_an_amount_survives_being_written_and_read(minor, currency):
    assert Money.parse(plain(minor, currency), currency).minor == minor


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_an_exact_decimal_becomes_the_same_amount(amount):
    assert Decimal(str(Money.from_decimal(amount, "USD"))) == amount


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1284.5", "USD", 128450),
        ("-0.01", "USD", -1),
        ("10.500", "USD", 1050),
        ("90", "JPY", 90),
        ("1.125", "KWD", 1125),
    ],
)
def test_amounts_are_read_to_the_minor_unit_of_their_currency(text, currency, minor):
    assert Money.parse(text, currency).minor == minor


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1,000.00", "1e3", "NaN", "Infinity", "0x1", "+1", ".5", "1.", "1.001", "٣", "1 000", "123456789012345"],
)
def test_whatever_is_no_plain_amount_is_refused(text):
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        Money.parse(text, "USD")


def test_currencies_are_never_added_up():
    with pytest.raises(ValueError, match="USD and EUR"):
        Money(1, "USD") + Money(1, "EUR")


def test_people_read_groups_and_the_currency():
    assert Money(-123456789, "USD").labelled == "-1,234,567.89 USD"
    assert Money(1234, "JPY").labelled == "1,234 JPY"
    assert exponent("KWD") == 3


@given(st.lists(st.text(max_size=5), min_size=2, max_size=4))
def test_a_digest_cannot_be_fooled_by_shifting_text_between_its_parts(parts):
    joined = ["".join(parts[:2]), *parts[2:]]
    assert (digest(parts) == digest(joined)) == (parts == joined)


def test_the_identities_of_existing_ledgers_never_change():
    key = posting_key(erp="intacct", company="ACME", kind="bill", vendor_id="V-1", number="INV-1")
    assert key == "48220d370005c66ff5c13aa6a00aeff295e2d4d106bfbbcd1f75f4e473cf6528"
    assert fingerprint({"a": 1}) == "ed45736f7cdccbcd688a592feed8b0ca74d5e0bad9d917f601d2081f658058a6"
    assert control_id(key, 3) == f"sa-{key[:36]}-0003"
    assert len(control_id(key, 3)) == 44
    assert fingerprint({"a": 1, "b": "x"}) == fingerprint({"b": "x", "a": 1})


def test_each_part_of_a_posting_key_matters():
    parts = {"erp": "intacct", "company": "ACME", "kind": "bill", "vendor_id": "V-1", "number": "INV-1"}
    keys = {posting_key(**parts)} | {posting_key(**{**parts, name: "other"}) for name in parts}
    assert len(keys) == 6


@given(st.text(min_size=1, max_size=300), st.integers(0, 10**12), st.integers(0, 4_000_000_000))
def test_a_partition_key_is_plain_text_that_sorts_by_time(name, size, modified):
    key = partition_key(name, size, modified)
    assert re.fullmatch(r"\d{8}T\d{4}_[A-Za-z0-9_-]+_[0-9a-f]{8}", key)
    assert len(key) < 100


def test_a_new_size_or_time_is_a_new_partition():
    keys = {partition_key("a.csv", 1, 1000), partition_key("a.csv", 2, 1000), partition_key("a.csv", 1, 1001)}
    assert len(keys) == 3


def test_the_mapped_digest_follows_what_is_sent_and_not_where_it_came_from():
    bill = make_bill()
    assert make_bill(first_row=9, mapping_version="m2").mapped_digest == bill.mapped_digest
    other = BillLine(1, "62201", Money(11800, "USD"), "Paper")
    assert make_bill(lines=(other,)).mapped_digest != bill.mapped_digest
