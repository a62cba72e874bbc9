from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from stampli_assets.landing.shelf import KEPT, ReferenceShelf

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def make_reference(code: str = "000317") -> dict[str, pd.DataFrame]:
    return {"vendors": pd.DataFrame({"vendor_id": [code, "V-2"], "name": ["Old Mill", ""]})}


def test_a_reading_comes_back_exactly_with_its_moment(tmp_path):
    shelf = ReferenceShelf(str(tmp_path))
    assert shelf.get("acme_us") is None
    shelf.put("acme_us", make_reference(), AT)
    reference, read_at = shelf.get("acme_us")
    pd.testing.assert_frame_equal(reference["vendors"], make_reference()["vendors"])
    assert read_at == AT


def test_the_version_changes_with_the_content_and_not_with_time_or_order(tmp_path):
    shelf = ReferenceShelf(str(tmp_path))
    shelf.put("acme_us", make_reference(), AT)
    first = shelf.version("acme_us")
    shelf.put("acme_us", {"vendors": make_reference()["vendors"].iloc[::-1]}, AT + timedelta(hours=1))
    assert shelf.version("acme_us") == first
    shelf.put("acme_us", make_reference("317"), AT + timedelta(hours=2))
    assert shelf.version("acme_us") != first


def test_old_readings_are_forgotten(tmp_path):
    shelf = ReferenceShelf(str(tmp_path))
    for hour in range(6):
        shelf.put("acme_us", make_reference(), AT + timedelta(hours=hour))
    assert len([path for path in (tmp_path / "reference" / "acme_us").iterdir() if path.is_dir()]) == KEPT
