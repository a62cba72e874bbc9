"""Whatever is sent, memory stays bounded: each case runs in a process of its own, which tells its peak."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


def run(case: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "hostile.bounded", case],
        cwd=TESTS,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("case", "end", "mib"),
    [
        ("a quoted cell of 100 MB", "FIELD_TOO_LONG", 60),
        ("a cell of 100 MB in one line", "FIELD_TOO_LONG", 60),
        ("a header of 100 MB", "FIELD_TOO_LONG", 60),
        ("200 MB of line ends", "ROWS", 60),
        ("a gzip bomb of 500 MB", "ARCHIVE_RATIO", 120),
        ("a zip bomb of 500 MB", "ARCHIVE_RATIO", 60),
        ("an XML text of 100 MB", "FIELD_TOO_LONG", 60),
        ("an XML attribute of 100 MB", "FIELD_TOO_LONG", 60),
        ("an XML comment of 100 MB", "FIELD_TOO_LONG", 60),
        ("100 MB of XML elements in one invoice", "XML_SIZE", 300),
        ("100 MB of XML elements beside the invoices", "XML_SIZE", 60),
    ],
)
def test_an_oversized_file_is_refused_in_little_memory(case, end, mib):
    told = run(case)
    assert told["end"] == end
    assert told["grew"] < mib


LARGE = ["50,000 lines", "50,000 quoted lines", "50,000 lines of XML", "50,000 line records", "50,000 paid invoices"]


@pytest.mark.parametrize("case", LARGE)
def test_a_large_file_is_read_in_a_few_times_its_size(case):
    told = run(case)
    assert told["end"] == f"10000 {'payments' if 'paid' in case else 'invoices'}, 50000 lines"
    assert told["grew"] < 200
