"""Intacct for `stampli ping`: from the gateway's name to each object that we read. Nothing is written.

Intacct refuses a wrong company, user, password and entity in the same words. So a refused sign-in at an entity is tried once
more at the top level: where that works, the entity is at fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from lxml import etree

from stampli_assets.intacct.elements import fill, us_day
from stampli_assets.intacct.envelope import Function
from stampli_assets.intacct.gateway import Gateway
from stampli_assets.intacct.replies import Result
from stampli_assets.intacct.session import Session, Sessions
from stampli_assets.intacct.wire import TurnedAway, Wire
from stampli_assets.model.errors import Misconfigured, OutcomeUnknown, Transient
from stampli_assets.model.probing import Look, Seen
from stampli_assets.network.clocks import compared
from stampli_assets.network.reach import host_and_port, reached, resolved

READ = {
    "VENDOR": "VENDORID", "GLACCOUNT": "ACCOUNTNO", "LOCATION": "LOCATIONID", "DEPARTMENT": "DEPARTMENTID",
    "CLASS": "CLASSID", "PROJECT": "PROJECTID", "CUSTOMER": "CUSTOMERID", "EMPLOYEE": "EMPLOYEEID", "ITEM": "ITEMID",
    "APTERM": "NAME", "APBILL": "RECORDNO", "APADJUSTMENT": "RECORDNO", "APPYMT": "RECORDNO",
}  # fmt: skip
"""The objects that we read, each with a field of it."""
IF_THERE = {"LOCATIONENTITY": "LOCATIONID", "CHECKINGACCOUNT": "BANKACCOUNTID", "SAVINGSACCOUNT": "BANKACCOUNTID"}
"""Those that a company may do without."""
WRITTEN = "AP bills, AP adjustments, AP payments"
PERIODS = "REPORTINGPERIOD"
SENDER, USER, ENTITY, OBJECTS = "sender", "company and user", "entity", "objects"
REPLY_SECONDS = 60
_NOT_AUTHORISED = re.compile(r"web services authorization|not authorized to make web services", re.IGNORECASE)
_NO_PERMISSION = re.compile(r"permission|not authori[sz]ed|access denied", re.IGNORECASE)


@dataclass
class IntacctProbe:
    """Implements the port :class:`~stampli_assets.model.probing.Probe`, with a session of its own and without patience."""

    gateway: Gateway
    _session: Session | None = None
    _refused: Misconfigured | None = None
    _results: Mapping[str, Sequence[Result]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        company = self.gateway.company
        seconds = min(company.reply_seconds, REPLY_SECONDS)
        self._company = replace(company, reply_seconds=seconds, backoff_deadline_seconds=0)
        self._gateway = replace(self.gateway, company=self._company, sessions=Sessions())

    def looks(self) -> Sequence[Look]:
        """Name, TCP, gateway, sender, company and user, entity, clock, each object, the period of today."""
        signed_in = (SENDER, USER, ENTITY)
        return (
            Look("name", self._name),
            Look("TCP", self._tcp, ("name",)),
            Look("gateway", self._answers, ("TCP",)),
            Look(SENDER, self._sender, ("gateway",)),
            Look(USER, self._user, (SENDER,)),
            Look(ENTITY, self._entity, (SENDER, USER)),
            Look("clock", self._clock, signed_in),
            Look(OBJECTS, self._ask, signed_in),
            *(Look(f"read {name}", partial(self._read, name), (OBJECTS,)) for name in (*READ, *IF_THERE)),
            Look("period of today", self._period, (OBJECTS,)),
            Look("write", lambda: _NOT_TRIED, signed_in),
        )

    def close(self) -> None:
        """Nothing is held open: the session ends by itself."""

    def _name(self) -> Seen:
        host, port = host_and_port(self._first)
        return Seen(f"{host} is {resolved(host, port)}.")

    def _tcp(self) -> Seen:
        return Seen(reached(*host_and_port(self._first), self._company.connect_seconds))

    @property
    def _first(self) -> str:
        """What we connect to: the proxy, where one is configured."""
        return self._company.proxy or self._company.endpoint

    def _answers(self) -> Seen:
        """A request without any credential: TLS, the proxy and the address, before a secret is sent."""
        wire = Wire(self._company, self._gateway.clock, self._gateway.adapter)
        try:
            status, content = wire.exchange(self._company.endpoint, b"<request/>")
        except (TurnedAway, OutcomeUnknown) as lost:
            raise _away(lost) from None
        if b"<response" not in content[:4096]:
            raise Misconfigured(
                f"The server at {self._company.endpoint} is no Intacct gateway: it answered HTTP {status} and none of its "
                "replies.",
                remedy="Put the gateway's address into the settings (endpoint): "
                "https://api.intacct.com/ia/xml/xmlgw.phtml.",
                code="ENDPOINT",
            )
        secured = "and has proven who it is (TLS)" if self._company.endpoint.startswith("https:") else "(this machine)"
        return Seen(f"The gateway answers {secured}.")

    def _sender(self) -> Seen:
        try:
            self._session = self._gateway.signed_in()
        except (TurnedAway, OutcomeUnknown) as lost:
            raise _away(lost) from None
        except Misconfigured as refused:
            if _NOT_AUTHORISED.search(refused.sentence):
                raise Misconfigured(
                    f"Intacct does not let the sender {self._company.sender_id} into company {self._company.company_id}: "
                    "it is not on the company's list.",
                    remedy="In Intacct, Company > Setup > Company > Security: add the sender id to the Web Services "
                    "authorizations.",
                    code="ERP_SENDER",
                ) from None
            if refused.code == "ERP_GATEWAY":
                raise Misconfigured(
                    f"Intacct refuses the sender {self._company.sender_id} or its password: {refused.sentence}",
                    remedy="Check sender_id and the secret of sender_password; they are those of the Web Services licence, "
                    "not a user's.",
                    code="ERP_SENDER",
                ) from None
            if refused.code != "ERP_SIGN_IN":
                raise
            self._refused = refused
        return Seen(f"The sender {self._company.sender_id} is accepted.")

    def _user(self) -> Seen:
        if self._refused is not None and not self._signs_in_at_the_top():
            raise Misconfigured(
                self._refused.sentence,
                remedy="Check company_id, user_id and the secret of user_password, and that the user is active and a Web "
                "Services user. Intacct does not say which of them is wrong, and locks a user after repeated mistakes.",
                code="ERP_SIGN_IN",
            )
        return Seen(f"{self._company.user_id} is signed in to {self._company.company_id}.")

    def _signs_in_at_the_top(self) -> bool:
        if not self._company.entity_id:
            return False
        top = replace(self._gateway, company=replace(self._company, entity_id=""))
        try:
            top.signed_in()
        except (TurnedAway, OutcomeUnknown, Misconfigured):
            return False
        return True

    def _entity(self) -> Seen:
        entity = self._company.entity_id
        if self._session is None:
            raise Misconfigured(
                f"Intacct signs {self._company.user_id} in at the top level, but not at the entity {entity}.",
                remedy="Check entity_id: the location id of an active entity (Company > Entities) that the user may use. "
                "Leave it empty to post at the top level.",
                code="ERP_ENTITY",
            )
        if entity and self._session.entity and self._session.entity != entity:
            raise Misconfigured(
                f"Intacct signs us in at the entity {self._session.entity} and not at {entity}.",
                remedy="Check entity_id, and the entities that the user is restricted to.",
                code="ERP_ENTITY",
            )
        return Seen(f"At the entity {entity}." if entity else "At the top level.")

    def _clock(self) -> Seen:
        assert self._session is not None
        return compared(self._session.at, self._gateway.clock.now(), "Intacct")

    def _ask(self) -> Seen:
        """Every object in one request, a record of each at the most."""
        functions = [Function(name, _one(name, of)) for name, of in {**READ, **IF_THERE}.items()]
        functions.append(Function(PERIODS, _periods(self._gateway.clock.now().date())))
        self._results = self._gateway.read(functions)
        return Seen(f"{len(functions)} objects were asked for in one request.")

    def _read(self, name: str) -> Seen:
        results = self._results.get(name, ())
        if len(results) == 1 and results[0].succeeded:
            return Seen("Can be read.")
        said = "; ".join(f"{error.number} {error.text}".strip() for one in results for error in one.errors)
        remedy = f"Give the role of {self._company.user_id} the permission to list {name} records (Company > Roles)."
        if name in IF_THERE:
            optional = Seen(f"Not there: {said or 'no answer'}. Only companies that have it need it.", untried=True)
            return Seen(f"Cannot be read: {said}.", remedy) if _NO_PERMISSION.search(said) else optional
        raise Misconfigured(
            f"Intacct does not let us read {name}: {said or 'no result'}.", remedy=remedy, code="ERP_RIGHT"
        )

    def _period(self) -> Seen:
        results = self._results.get(PERIODS, ())
        today = self._gateway.clock.now().date()
        if len(results) != 1 or not results[0].succeeded or results[0].data is None:
            return Seen(
                f"Intacct does not let us read {PERIODS}; whether {today} can be posted to is not known.", untried=True
            )
        if len(results[0].data):
            return Seen(f"{today} lies in an active period. Whether its AP books are open is seen with the first bill.")
        return Seen(
            f"No active reporting period of Intacct holds {today}: bills with this posting date would be refused.",
            remedy="Open or define the period in Intacct (Company > Setup > Reporting periods; General Ledger > Books).",
        )


_NOT_TRIED = Seen(
    f"Not tried: the right to create {WRITTEN} cannot be tried without writing. Post one small invoice as a draft first.",
    untried=True,
)


def _one(name: str, of: str) -> etree._Element:
    made = etree.Element("query")
    fill(made, {"object": name})
    etree.SubElement(etree.SubElement(made, "select"), "field").text = of
    fill(made, {"pagesize": "1", "offset": "0"})
    return made


def _periods(today: date) -> etree._Element:
    """Active periods that hold a day."""
    made = etree.Element("query")
    fill(made, {"object": PERIODS})
    etree.SubElement(etree.SubElement(made, "select"), "field").text = "NAME"
    both = etree.SubElement(etree.SubElement(made, "filter"), "and")
    for tag, of, value in (
        ("lessthanorequalto", "START_DATE", us_day(today)),
        ("greaterthanorequalto", "END_DATE", us_day(today)),
        ("equalto", "STATUS", "active"),
    ):
        fill(etree.SubElement(both, tag), {"field": of, "value": value})
    fill(made, {"pagesize": "1", "offset": "0"})
    return made


def _away(lost: TurnedAway | OutcomeUnknown) -> Transient:
    said = lost.why if isinstance(lost, TurnedAway) else lost.sentence
    return Transient(
        f"{said.rstrip('.')}.",
        remedy="Check endpoint (and proxy) in the settings and the way there; then look at Sage Intacct's status page.",
        code="ERP_AWAY",
    )
