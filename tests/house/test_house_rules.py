"""What ``make check`` checks, in the suite too."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "stampli_assets"
SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "ruff", "check", "."],
        ["-m", "mypy", "stampli_assets"],
        ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
    ],
    ids=["format", "lint", "types", "direction of imports"],
)
def test_the_tree_passes(command):
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_outgrows_its_room():
    too_long = {str(path.relative_to(ROOT)): n for path in SOURCES if (n := len(path.read_text().splitlines())) > 400}
    assert too_long == {}


def test_no_float_comes_near_money():
    rooms = ("model", "pipeline", "intacct", "x3", "mapping")
    sources = [path for room in rooms for path in (PACKAGE / room).glob("*.py")]
    found = [str(path) for path in sources if re.search(r"\bfloat\(", path.read_text())]
    assert found == []


def test_every_room_says_what_it_is_for():
    for room in PACKAGE.iterdir():
        if room.is_dir() and room.name != "__pycache__":
            text = (room / "__init__.py").read_text()
            assert '"""' in text, room
            assert "Next:" in text, room
            assert "import" not in text.split('"""')[2], room


def test_no_test_pretends():
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text()
        for word in ("unittest" + ".mock", "Magic" + "Mock", "mocker" + "."):
            assert word not in text, path


def test_importing_the_code_location_connects_to_nothing_and_writes_nothing(tmp_path):
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('a connection at import')\n"
        "socket.socket.connect = refuse\n"
        "import stampli_assets.definitions\n"
    )
    environment = {"STAMPLI_SETTINGS": str(ROOT / "stampli.yaml"), "PATH": "", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
