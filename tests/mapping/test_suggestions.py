"""What an unmapped value may be, with its evidence; never more than an offer."""

from __future__ import annotations

import pytest
from builders.lines import make_reference

from stampli_assets.mapping.rules import DIMENSION_CODES, VENDORS
from stampli_assets.mapping.suggestions import Advice, Past, Unmapped, rule_line

VENDORS_OF_THE_ERP = {
    "V-1": "Old Mill Printing",
    "V-2": "Old Mill Painting Company",
    "000317": "Harbor Steel",
    "V-4": "Zenith",
}


def advice(*, inactive: tuple[str, ...] = (), tax_ids: dict[str, str] | None = None) -> Advice:
    reference = make_reference(vendors=VENDORS_OF_THE_ERP, inactive=inactive, dimensions=(("department", "OPS-1"),))
    vendors = reference["vendors"]
    vendors["tax_id"] = [(tax_ids or {}).get(one, "") for one in vendors["vendor_id"]]
    return Advice(reference)


def told(candidates) -> list[tuple[str, str]]:
    return [(one.code, one.evidence[0]) for one in candidates]


def test_a_tax_id_goes_before_a_number_and_a_number_before_a_name():
    found = advice(tax_ids={"V-4": "12-3456789"}).on(Unmapped("vendor", "317", "Old Mil Printing", "123456789"))
    assert told(found) == [
        ("V-4", "same tax id (123456789)"),
        ("000317", "same number with other leading zeros"),
        ("V-1", "near name: Old Mill Printing (97 %)"),
    ]


def test_an_inactive_vendor_is_never_offered():
    found = advice(inactive=("V-1",)).on(Unmapped("vendor", "X", "Old Mill Printing"))
    assert "V-1" not in [one.code for one in found]


def test_what_looks_like_nothing_has_no_candidate():
    assert advice().on(Unmapped("vendor", "Q-7", "Quite another firm")) == []
    assert advice().on(Unmapped("account", "9999")) == []


@pytest.mark.parametrize(
    ("one", "code", "evidence"),
    [
        (Unmapped("account", "4010"), "04010", "same number with other leading zeros"),
        (Unmapped("term", "net 30"), "Net 30", "same name (term Net 30)"),
        (Unmapped("department", "OPS1"), "OPS-1", "near name: department OPS-1 (89 %)"),
    ],
)
def test_accounts_terms_and_dimensions_have_candidates_of_their_own_kind(one, code, evidence):
    assert told(advice().on(one)) == [(code, evidence)]


def test_what_was_posted_earlier_counts_how_often():
    past = [Past("64500", 12, "INV-9"), Past("00000", 3, "INV-1")]
    assert told(advice().on(Unmapped("account", "6450"), past)) == [
        ("64500", "posted 12 times for '6450' of the same vendor, last with INV-9")
    ]


def test_the_line_to_paste_has_the_columns_of_its_file_and_survives_commas(tmp_path):
    assert (
        rule_line(tmp_path, VENDORS, ("A, B",), "V-1", "same name")
        == 'stampli_vendor,erp_vendor,note\n"A, B",V-1,same name'
    )
    (tmp_path / "dimensions.csv").write_text("\ufeffnote,erp_code,valid_from,dimension,stampli_code\n")
    assert rule_line(tmp_path, DIMENSION_CODES, ("department", "OPS"), "200", "why") == "why,200,,department,OPS"
