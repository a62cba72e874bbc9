"""The coding of a line: GL accounts, dimensions and payment terms, by rule or as they are, verified in the ERP.

``match`` finds the ERP's word for one of Stampli's; ``unfit`` says why that word cannot be used on a day and at a site.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from stampli_assets.mapping.kinds import Kind
from stampli_assets.mapping.rules import DIMENSION_CODES, GL_ACCOUNTS, TERMS, VENDOR_DEFAULTS, Clash, Rules
from stampli_assets.mapping.verdicts import Found, Hold, Verdict


@dataclass(frozen=True, slots=True)
class Limits:
    """When and where the ERP takes an account or a dimension; empty is no limit. Days are ISO text, both included."""

    valid_from: str = ""
    valid_to: str = ""
    sites: frozenset[str] = frozenset()
    forbidden_accounts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Coded:
    """One code of a line: ``called`` is an account or a dimension, ``given`` Stampli's word, ``found`` the ERP's."""

    prefix: str
    called: str
    given: str
    found: str
    title: str
    kind: Kind
    key: tuple[str, ...]
    ruled: bool
    """By a rule of ``kind``, or (where nothing was ``given``) by a default of the vendor."""

    def unfit(self, limits: Limits, day: str, site: str) -> list[Hold]:
        """Every reason why it cannot be used on the day and at the site; an empty site is any."""
        holds = []
        if limits.valid_from and day < limits.valid_from:
            last = _shifted(limits.valid_from, -1)
            told = f"from {limits.valid_from} on"
            holds.append(self._closed(told, day, self._rule(f" with valid_to {last}", f" until {last}")))
        if limits.valid_to and day > limits.valid_to:
            first = _shifted(limits.valid_to, 1)
            told = f"until {limits.valid_to}"
            holds.append(self._closed(told, day, self._rule(f" with valid_from {first}", f" from {first} on")))
        if site and limits.sites and site not in limits.sites:
            where = ", ".join(sorted(limits.sites))
            because = f"{self._said} is not allowed at site {site} in the ERP, only at {where}"
            remedy = f"Allow {self.called} {self.found} at site {site} in the ERP, or {self._rule()}."
            holds.append(Hold(f"{self.prefix}_SITE", because, remedy))
        return holds

    def forbidden(self, account: str) -> Hold:
        """The ERP forbids it together with this account."""
        because = f"{self._said} is not allowed for GL account {account} in the ERP"
        remedy = (
            f"Allow {self.called} {self.found} for account {account} in the ERP, code the line otherwise in Stampli, or "
            f"{self._rule()}."
        )
        return Hold(f"{self.prefix}_FORBIDDEN", because, remedy)

    def _closed(self, told: str, day: str, rule: str) -> Hold:
        because = f"{self._said} is not open in the ERP on {day}, when the invoice posts, only {told}"
        remedy = f"Open {self.called} {self.found} in the ERP on {day}, or {rule}."
        return Hold(f"{self.prefix}_NOT_OPEN", because, remedy)

    def _rule(self, columns: str = "", when: str = "") -> str:
        """The rule to add, as it stands in the file; one that is there already is changed, for two would overlap."""
        if not self.given:
            return f"let {VENDOR_DEFAULTS.file} give another {self.called}{when}"
        if self.ruled:
            return f"let the rule for {self.given!r} in {self.kind.file} give another {self.called}{when}"
        return (
            f"add a rule to {self.kind.file}: {','.join(self.key)},…{columns} (… is the {self.called} to use instead)"
        )

    @property
    def _said(self) -> str:
        called = "GL account" if self.prefix == "ACCOUNT" else self.called
        if not self.given:
            return f"{called} {self.found!r} ({self.title}), the default of the vendor,"
        if self.ruled:
            return f"the rule for {called} {self.given!r} gives {self.found!r} ({self.title}), which"
        return f"{called} {self.given!r} ({self.title})"


@dataclass
class Accounts:
    """The ERP's GL accounts (``GL_ACCOUNTS`` frame)."""

    frame: pd.DataFrame
    required: dict[str, frozenset[str]] = field(init=False)
    """The dimensions that each account requires."""
    limits: dict[str, Limits] = field(init=False)
    """When and where the accounts that have limits are taken."""
    _known: dict[str, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        columns = ("account", "title", "status", "required_dimensions")
        rows = list(zip(*(self.frame[column] for column in columns), strict=True))
        self._known = {account: (title, status) for account, title, status, _ in rows}
        self.required = {account: _listed(needs) for account, _, _, needs in rows}
        self.limits = {
            row["account"]: limits for row, limits in _limited(self.frame, ("valid_from", "valid_to", "sites"))
        }

    def match(self, account: str, day: str, rules: Rules) -> Verdict:
        """The ERP's account for Stampli's on a day (ISO text)."""
        given = rules.find(GL_ACCOUNTS, (account,), day)
        if isinstance(given, Clash):
            return given.hold("GL account", account)
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

    def unfit(self, given: str, found: str, day: str, site: str, rules: Rules) -> list[Hold]:
        """Why the ERP would refuse the account ``found`` for Stampli's on a day (ISO text) at a site; every reason."""
        if found not in self.limits:
            return []
        ruled = rules.find(GL_ACCOUNTS, (given,), day) is not None
        title = self._known[found][0]
        coded = _Coded("ACCOUNT", "account", given, found, title, GL_ACCOUNTS, (given,), ruled)
        return coded.unfit(self.limits[found], day, site)


@dataclass
class Codes:
    """The ERP's dimension codes and payment terms (``DIMENSIONS`` frame)."""

    frame: pd.DataFrame
    limits: dict[tuple[str, str], Limits] = field(init=False)
    """When, where and with what the codes that have limits are taken."""
    _known: dict[tuple[str, str], tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        columns = ("dimension", "code", "name", "status")
        rows = zip(*(self.frame[column] for column in columns), strict=True)
        self._known = {(dimension, code): (name, status) for dimension, code, name, status in rows}
        having = ("valid_from", "valid_to", "sites", "forbidden_accounts")
        self.limits = {(row["dimension"], row["code"]): limits for row, limits in _limited(self.frame, having)}

    def has(self, dimension: str) -> bool:
        """Whether the ERP says which codes of a dimension (or ``term``, ``entity``) there are."""
        return any(known == dimension for known, _ in self._known)

    def entities_of(self, location: str) -> frozenset[str]:
        """The entity that a location belongs to; empty where the ERP does not say."""
        limits = self.limits.get(("location", location))
        return limits.sites if limits is not None else frozenset()

    def match(self, dimension: str, code: str, day: str, rules: Rules) -> Verdict:
        """The ERP's code of a dimension (or ``term``, ``entity``) for Stampli's on a day (ISO text)."""
        kind, key = (TERMS, (code,)) if dimension == "term" else (DIMENSION_CODES, (dimension, code))
        given = rules.find(kind, key, day)
        if isinstance(given, Clash):
            return given.hold(dimension, code)
        return self._verified(dimension, code, given, kind)

    def default(self, dimension: str, vendor: tuple[str, str], day: str, rules: Rules) -> Verdict | None:
        """What lines of a vendor (Stampli's id and name) get that give no code of a dimension; ``None``: nothing."""
        keys = [(dimension, named) for named in vendor if named]
        given = rules.find_any(VENDOR_DEFAULTS, keys, day)
        called = vendor[0] or vendor[1]
        if isinstance(given, Clash):
            return given.hold(f"the default {dimension} of vendor", called)
        if given is None:
            return None
        name, status = self._known.get((dimension, given), ("", ""))
        if status == "active":
            return Found(given, name)
        wrong = f"is inactive in the ERP ({name})" if status else "does not exist in the ERP"
        because = f"the line gives no {dimension}, and {given!r}, the default of vendor {called!r}, {wrong}"
        remedy = (
            f"Let {VENDOR_DEFAULTS.file} give another {dimension} for {called!r}, or add the {dimension} to the line in "
            "Stampli and export again."
        )
        return Hold("DEFAULT_UNUSABLE", because, remedy)

    def unfit(
        self, dimension: str, given: str, found: str, account: str, day: str, site: str, rules: Rules
    ) -> list[Hold]:
        """Why the ERP would refuse the code ``found`` for Stampli's, beside its account, on a day (ISO text) at a site.

        Nothing ``given``: it is a default of the vendor.
        """
        limits = self.limits.get((dimension, found))
        if limits is None:
            return []
        key = (dimension, given)
        ruled = rules.find(DIMENSION_CODES, key, day) is not None
        name = self._known[dimension, found][0]
        coded = _Coded("DIMENSION", dimension, given, found, name, DIMENSION_CODES, key, ruled)
        forbidden = [coded.forbidden(account)] if account in limits.forbidden_accounts else []
        return [*coded.unfit(limits, day, site), *forbidden]

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


def _limited(frame: pd.DataFrame, columns: tuple[str, ...]) -> Iterator[tuple[dict[str, str], Limits]]:
    """The rows that have limits, each with them."""
    for row in frame[(frame[list(columns)] != "").any(axis=1)].to_dict("records"):
        sites, accounts = _listed(row["sites"]), _listed(row.get("forbidden_accounts", ""))
        yield row, Limits(row["valid_from"], row["valid_to"], sites, accounts)


def _listed(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))


def _shifted(day: str, days: int) -> str:
    """The day before or after, as a rule says it; the ends of the calendar stay where they are."""
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError:
        return day
