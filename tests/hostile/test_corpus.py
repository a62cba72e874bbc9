"""Every hostile and odd file ends as its entry says."""

from __future__ import annotations

import io
import re

import pytest
from hostile import archives, cells, documents, listed, paid, records, texts, xmls
from hostile.kinds import end_of

from stampli_assets.model.errors import FileRefused
from stampli_assets.pipeline.parse import parse

CORPUS = [
    *texts.ENTRIES,
    *cells.ENTRIES,
    *documents.ENTRIES,
    *archives.ENTRIES,
    *xmls.ENTRIES,
    *records.ENTRIES,
]


@pytest.mark.parametrize("entry", CORPUS, ids=[re.sub(r"[^ -~]", "?", entry.name) for entry in CORPUS])
def test_a_file_ends_as_its_entry_says(entry):
    source = io.BytesIO(entry.make())
    if entry.refused:
        with pytest.raises(FileRefused) as refusal:
            parse(source, name="invoices.csv", layout=entry.layout)
        assert refusal.value.code == entry.refused, refusal.value.sentence
        assert refusal.value.sentence.startswith("invoices.csv ")
        assert len(refusal.value.sentence) < 600
        assert refusal.value.remedy
        assert entry.says in str(refusal.value)
        return
    parsed = parse(source, name="invoices.csv", layout=entry.layout)
    sentences = list(parsed.rejects["sentence"])
    found = set(parsed.rejects[["row", "column", "rule"]].itertuples(index=False, name=None))
    assert found == entry.rejects, sentences
    assert tuple(parsed.lines.drop_duplicates("document")["invoice_number"]) == entry.accepts
    assert {currency: str(total) for currency, total in parsed.totals.items()} == dict(entry.totals)
    assert all(re.match(r"Row \d+ \(line \d+\)", sentence) for sentence in sentences)
    assert all(len(sentence) < 500 for sentence in sentences)
    assert any(entry.says in text for text in (*sentences, *parsed.notes, "")) or not entry.says, parsed.notes


OTHER_KINDS = [*paid.ENTRIES, *listed.ENTRIES]


@pytest.mark.parametrize("entry", OTHER_KINDS, ids=[entry.name for entry in OTHER_KINDS])
def test_a_file_of_another_kind_ends_as_its_entry_says(entry):
    source = io.BytesIO(entry.make())
    if entry.refused:
        with pytest.raises(FileRefused) as refusal:
            end_of(entry, source)
        assert refusal.value.code == entry.refused, refusal.value.sentence
        assert refusal.value.remedy
        assert entry.says in str(refusal.value)
        assert "invoice file" not in refusal.value.sentence
        return
    accepted, rejects, notes, totals = end_of(entry, source)
    sentences = list(rejects["sentence"])
    assert set(rejects[["row", "column", "rule"]].itertuples(index=False, name=None)) == entry.rejects, sentences
    assert accepted == entry.accepts
    assert totals == dict(entry.totals)
    assert all(re.match(r"Row \d+ \(line \d+\)", sentence) for sentence in sentences)
    assert any(entry.says in text for text in (*sentences, *notes, "")) or not entry.says, (sentences, notes)
    told = f"{rejects.to_csv()} {notes}"
    assert listed.IBAN not in told
    assert "044000037" not in told


def test_the_corpus_is_large_and_its_names_differ():
    every = [*CORPUS, *OTHER_KINDS]
    assert len(CORPUS) >= 150
    assert len(OTHER_KINDS) >= 100
    assert len({entry.name for entry in every}) == len(every)
