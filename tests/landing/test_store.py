from __future__ import annotations

import io

import pytest

from stampli_assets.landing.store import LandingStore
from stampli_assets.model.errors import Transient
from stampli_assets.model.remote import RemoteFile

IMAGE = b"%PDF-1.4 %%EOF"


def test_an_image_is_found_by_its_posting_and_is_no_delivery(tmp_path):
    store = LandingStore(str(tmp_path))
    remote = RemoteFile("scan.pdf", len(IMAGE), 1_795_000_000)
    kept = store.keep_image("acme_us", "k" * 64, remote, io.BytesIO(IMAGE))
    assert store.image("acme_us", "k" * 64) == kept
    assert store.open(kept).read() == IMAGE
    assert store.image("acme_us", "other") is None
    assert store.find("acme_us", remote.partition) is None
    assert store.deliveries("acme_us") == []


def test_an_image_that_came_short_is_not_kept(tmp_path):
    store = LandingStore(str(tmp_path))
    with pytest.raises(Transient, match="of 99 bytes"):
        store.keep_image("acme_us", "k", RemoteFile("scan.pdf", 99, 0), io.BytesIO(IMAGE))
    assert store.image("acme_us", "k") is None


def test_a_report_is_read_again_replaced_and_dropped(tmp_path):
    store = LandingStore(str(tmp_path))
    assert store.report("acme_us/a.csv") is None
    store.keep_report("acme_us/a.csv", b"one")
    store.keep_report("acme_us/a.csv", b"two")
    assert store.report("acme_us/a.csv") == b"two"
    store.drop_report("acme_us/a.csv")
    store.drop_report("acme_us/a.csv")
    assert store.report("acme_us/a.csv") is None


def test_a_store_that_cannot_be_written_is_transient(tmp_path):
    (tmp_path / "reports").write_text("a file where a folder should be")
    with pytest.raises(Transient, match="cannot be written"):
        LandingStore(str(tmp_path)).keep_report("acme_us/a.csv", b"x")
