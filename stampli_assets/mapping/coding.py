"""The coding of a line: GL accounts, dimensions and payment terms, by rule or as they are, verified in the ERP."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from stampli_assets.mapping.rules import DIMENSION_CODES, GL_ACCOUNTS, TERMS, Kind, Rules
from stampli_assets.mapping.verdicts import Found, Hold, Verdict


@dataclass
class Accounts:
    """The ERP's GL accounts (``GL_ACCOUNTS`` frame)."""

    frame: pd.DataFrame
    required: dict[str, frozenset[str]] = field(init=False)
    """The dimensions that each account requires."""
    _known: dict[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        columns = ("account", "title", "status", "required_dimensions")
        rows = list(zip(*(self.frame[column] for column in columns), strict=True))
        self._known = {account: (title, status) for account, title, status, _ in rows}
        self.required = {account: frozenset(filter(None, needs.split(","))) for account, _, _, needs in rows}

    def match(self, account: str, day: str, rules: Rules) -> Verdict:
        """The ERP's account for Stampli's on a day (ISO text)."""
        given = rules.find(GL_ACCOUNTS, (account,), day)
        found = given or account
        said = f"the rule for GL account {account!r} gives {given!r}, which" if given else f"GL account {account!r}"
        if found not in self._known:
            twins = sorted(k for k in self._known if k != found and k.lstrip("0") == found.lstrip("0"))
            hint = f"; {', '.join(twins)} does" if twins else ""
            return Hold(
                "ACCOUNT_UNKNOWN",
                f"{said} does not exist in the ERP{hint}",
                f"Add a rule for {account!r} to gl_accounts.csv, or create the account in the ERP.",
            )
        title, status = self._known[found]
        if status != "active":
            return Hold(
                "ACCOUNT_INACTIVE",
                f"{said} ({title}) is inactive in the ERP",
                f"Activate account {found} in the ERP, or map {account!r} to another one in gl_accounts.csv.",
            )
        return Found(found, title)


@dataclass
class Codes:
    """The ERP's dimension codes and payment terms (``DIMENSIONS`` frame)."""

    frame: pd.DataFrame
    _known: dict[tuple[str, str], tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        columns = ("dimension", "code", "name", "status")
        rows = zip(*(self.frame[column] for column in columns), strict=True)
        self._known = {(dimension, code): (name, status) for dimension, code, name, status in rows}

    def match(self, dimension: str, code: str, day: str, rules: Rules) -> Verdict:
        """The ERP's code of a dimension (or ``term``) for Stampli's on a day (ISO text)."""
        kind, key = (TERMS, (code,)) if dimension == "term" else (DIMENSION_CODES, (dimension, code))
        given = rules.find(kind, key, day)
        return self._verified(dimension, code, given, kind)

    def _verified(self, dimension: str, code: str, given: str | None, kind: Kind) -> Verdict:
        found = given or code
        said = f"the rule for {dimension} {code!r} gives {given!r}, which" if given else f"{dimension} {code!r}"
        known = self._known.get((dimension, found))
        prefix = "TERM" if dimension == "term" else "DIMENSION"
        if known is None:
            return Hold(
                f"{prefix}_UNKNOWN",
                f"{said} does not exist in the ERP",
                f"Add a rule for {dimension} {code!r} to {kind.file}, or create it in the ERP.",
            )
        if known[1] != "active":
            return Hold(
                f"{prefix}_INACTIVE",
                f"{said} ({known[0]}) is inactive in the ERP",
                f"Activate {dimension} {found} in the ERP, or map {code!r} to another one in {kind.file}.",
            )
        return Found(found, known[0])
