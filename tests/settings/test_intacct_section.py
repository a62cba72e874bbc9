"""What the section of a Sage Intacct company allows, and what it refuses because it contradicts itself."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from stampli_assets.sections.intacct import IntacctCompany


def section(**given) -> IntacctCompany:
    return IntacctCompany(
        kind="intacct",
        sender_id="s",
        sender_password={"secret": "a"},
        company_id="ACME",
        user_id="u",
        user_password={"secret": "b"},
        **given,
    )


def test_without_a_word_nothing_is_sent_that_a_company_may_not_be_set_up_for():
    erp = section()
    assert (erp.tax, erp.foreign_currencies, erp.inter_entity, erp.entities) == ("refuse", "hold", "refuse", ())
    assert erp.adjustment_sign == "negative"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"exchange_rate_type": "Intacct Daily Rate"}, "exchange_rate_type needs base_currency"),
        ({"entities": ["100"], "entity_id": "100"}, "entities are for the top level"),
        ({"base_currency": "dollars"}, "base_currency"),
        ({"tax": "included"}, "tax"),
        ({"adjustment_sign": "minus"}, "adjustment_sign"),
    ],
)
def test_what_contradicts_itself_is_refused(given, words):
    with pytest.raises(ValidationError, match=words):
        section(**given)


def test_what_belongs_together_is_taken():
    erp = section(base_currency="USD", exchange_rate_type="Intacct Daily Rate", entities=["100", "200"])
    assert erp.entities == ("100", "200")
