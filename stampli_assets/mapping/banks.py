"""Stampli's funding accounts to the ERP's bank accounts: by rule, or as they are; verified where the ERP lists its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from stampli_assets.mapping.rules import FUNDING_ACCOUNTS, Clash, Rules
from stampli_assets.mapping.verdicts import Found, Hold, Verdict

BANK_ACCOUNT = "bank_account"
"""Under which the ERP's bank accounts stand in the ``DIMENSIONS`` frame."""


@dataclass
class BankAccounts:
    """The ERP's bank accounts (those of the ``DIMENSIONS`` frame)."""

    frame: pd.DataFrame
    _known: dict[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        own = self.frame[self.frame["dimension"] == BANK_ACCOUNT]
        self._known = {
            code: (name, status) for code, name, status in zip(own["code"], own["name"], own["status"], strict=True)
        }

    def match(self, account: str, day: str, rules: Rules) -> Verdict:
        """The ERP's bank account for Stampli's funding account on a day (ISO text)."""
        given = rules.find(FUNDING_ACCOUNTS, (account,), day)
        if isinstance(given, Clash):
            return given.hold("funding account", account)
        found = given or account
        said = (
            f"the rule for funding account {account!r} gives {given!r}, which" if given else f"bank account {account!r}"
        )
        if not self._known:
            return Found(found)  # an ERP that lists none verifies it itself
        if found not in self._known:
            return Hold(
                "BANK_ACCOUNT_UNKNOWN",
                f"{said} does not exist in the ERP",
                f"Add a rule for {account!r} to funding_accounts.csv: {account},… (… is the ERP's bank account).",
            )
        name, status = self._known[found]
        if status != "active":
            return Hold(
                "BANK_ACCOUNT_INACTIVE",
                f"{said} ({name}) is inactive in the ERP",
                f"Activate bank account {found} in the ERP, or map {account!r} to another one in funding_accounts.csv.",
            )
        return Found(found, name)
