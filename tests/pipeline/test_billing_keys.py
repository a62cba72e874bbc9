from __future__ import annotations

from builders.exports import invoice
from builders.lines import make_lines, make_reference

from stampli_assets.mapping.rules import Rules
from stampli_assets.model.identity import PostingKey
from stampli_assets.pipeline.billing import bills
from stampli_assets.pipeline.map import map_lines
from stampli_assets.pipeline.target import Target

TARGET = Target(erp="intacct", company="ACME", entity_id="100")


def keys(*invoices, rules: Rules | None = None) -> list[PostingKey]:
    mapped = map_lines(make_lines(*invoices), rules=rules or Rules.load(""), reference=make_reference(), target=TARGET)
    assert mapped.holds.empty
    return [bill.key for bill in bills(mapped.lines, TARGET)]


def test_a_document_keeps_its_key_whatever_file_it_comes_in():
    (alone,) = keys(invoice("A-1", "10.00"))
    assert keys(invoice("B-2", "5.00"), invoice("A-1", "10.00"))[1] == alone


def test_an_edited_mapping_keeps_the_key_of_a_document(tmp_path):
    (before,) = keys(invoice("A-1", "10.00"))
    (tmp_path / "vendors.csv").write_text("stampli_vendor,erp_vendor\nV-10021,000317\n")
    assert keys(invoice("A-1", "10.00"), rules=Rules.load(str(tmp_path))) == [before]
