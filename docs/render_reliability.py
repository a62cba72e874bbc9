"""Writes the table of guards into docs/reliability.md, from tests/sabotage/guards.py."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from sabotage.guards import GUARDS  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
TABLE = re.compile(r"(\| guard \| test \|\n\|---\|---\|\n)(?:\|.*\n|@GUARDS@\n)*")


def main() -> None:
    rows = "".join(f"| {guard.name} | `{guard.test}` |\n" for guard in GUARDS)
    PAGE.write_text(TABLE.sub(lambda found: found[1] + rows, PAGE.read_text()))


if __name__ == "__main__":
    main()
