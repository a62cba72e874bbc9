"""Exports encrypted with PGP: opened with the configured key, refused with a sentence otherwise."""

from __future__ import annotations

import io

import pysequoia
import pytest
from builders.exports import as_csv, row

from stampli_assets.model.errors import FileRefused, Misconfigured
from stampli_assets.model.secret import Secret
from stampli_assets.pipeline.parse import parse
from stampli_assets.stampli.layout import Layout
from stampli_assets.vault.pgp import ExportKey

EXPORT = as_csv([row(Invoice_Number="INV-1")])


@pytest.fixture(scope="module")
def pair():
    return pysequoia.Tsk.generate("Acme <ap@example.org>")


def sealed(key, content: bytes = EXPORT, *, armor: bool = True) -> bytes:
    return pysequoia.encrypt(content, recipients=[key.extract_certificate()], armor=armor)


def opened(key, content: bytes, **given) -> bytes:
    with ExportKey(Secret(str(key)), **given).opened(io.BytesIO(content), "invoices.csv.pgp") as plain:
        return plain.read()


@pytest.mark.parametrize("armor", [True, False])
def test_an_encrypted_export_is_read_like_any_other(pair, armor):
    with ExportKey(Secret(str(pair))).opened(io.BytesIO(sealed(pair, armor=armor)), "invoices.csv.pgp") as plain:
        assert parse(plain, name="invoices.csv.pgp", layout=Layout()).documents == 1


def test_what_is_not_encrypted_is_answered_as_it_is(pair):
    assert opened(pair, EXPORT) == EXPORT


def test_an_export_for_another_key_or_a_damaged_one_is_refused_as_a_whole(pair):
    stranger = pysequoia.Tsk.generate("Stranger <x@example.org>")
    damaged = bytearray(sealed(pair, armor=False))
    damaged[-5] ^= 0xFF
    for content in (sealed(stranger), bytes(damaged), sealed(pair, armor=False)[:-40]):
        with pytest.raises(FileRefused) as refused:
            opened(pair, content)
        assert (refused.value.code, "another key" in refused.value.sentence) == ("PGP_KEY", True)


def test_an_export_that_unpacks_without_end_is_cut_off(pair):
    with pytest.raises(FileRefused) as refused:
        opened(pair, sealed(pair, b"x" * 3_000_000), most_bytes=1_000_000)
    assert refused.value.code == "TOO_LARGE"


def test_a_key_that_is_none_says_how_to_set_it():
    content = io.BytesIO(b"-----BEGIN PGP MESSAGE-----")
    with pytest.raises(Misconfigured) as told, ExportKey(Secret("no key")).opened(content, "a.pgp"):
        pass
    assert "secrets set" in told.value.remedy
    assert "no key" not in str(told.value)
