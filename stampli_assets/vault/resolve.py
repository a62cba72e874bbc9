"""The one port through which a secret is resolved, when it is used and never earlier.

Looked for in this order, so that a container's secret wins over a developer's variable:
``STAMPLI_SECRET_<NAME>_FILE`` (the path of a file that holds the value), then ``STAMPLI_SECRET_<NAME>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.secret import Secret


def variable(name: str) -> str:
    """The environment variable of the secret ``name``."""
    return f"STAMPLI_SECRET_{name.upper()}"


def resolve(name: str, environment: Mapping[str, str]) -> Secret:
    """The secret of that name.

    Raises:
        Misconfigured: it is nowhere to be found, its file cannot be read, or it is empty.
    """
    key = variable(name)
    path = environment.get(f"{key}_FILE")
    if path:
        return _filled(_read(Path(path), name), name)
    if key in environment:
        return _filled(environment[key], name)
    raise Misconfigured(
        f"The secret {name!r} is not set.",
        remedy=f"Set {key}_FILE to the path of a file that holds it, or {key} to its value.",
        code="SECRET_MISSING",
    )


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"The file of the secret {name!r} ({path}) cannot be read: {type(error).__name__}.",
            remedy="Check the path and that this process may read it.",
            code="SECRET_UNREADABLE",
        ) from None


def _filled(value: str, name: str) -> Secret:
    if not value:
        raise Misconfigured(f"The secret {name!r} is empty.", remedy="Set it to its value.", code="SECRET_EMPTY")
    return Secret(value, name=name)
