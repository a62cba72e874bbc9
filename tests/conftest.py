"""What holds for every test: the width of somebody's terminal decides nothing."""

import os

_before = os.environ.get("COLUMNS")
os.environ["COLUMNS"] = "400"

import stampli_assets.cli.say  # noqa: E402, F401 - its consoles take their width when they are made

if _before is None:
    del os.environ["COLUMNS"]
else:
    os.environ["COLUMNS"] = _before
