"""Replies of the gateway: read at every level, trusted at none.

``HTTP 200`` says nothing; only the status ``success`` of a function says that it succeeded. Shapes and codes: Sage
Intacct Web Services, "XML Responses" and "Error Handling".
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown

_SUPPORT_ID = re.compile(r"\s*\[Support ID:[^\]]*\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GatewayError:
    """One error of a chain. The first of a chain says what happened, later ones that nothing came of it."""

    number: str
    text: str
    correction: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one function. ``record_no`` is the RECORDNO or key of a created object, if any."""

    control_id: str
    status: str
    record_no: str
    errors: tuple[GatewayError, ...]
    data: etree._Element | None

    @property
    def succeeded(self) -> bool:
        return self.status == "success"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply. ``sign_in`` is the status of authentication, empty when the gateway never came so far."""

    control: str
    sign_in: str
    errors: tuple[GatewayError, ...]
    """Of the control block or the operation: nothing was executed when the control block failed."""
    session_life: timedelta | None
    """How long the session lives from the answer on, by the gateway's own clock, where it says so."""
    results: tuple[Result, ...]
    company: str = ""
    """Whose data it is, empty where the gateway does not say."""
    entity: str = ""
    at: datetime | None = None
    """The gateway's clock."""


def read_reply(content: bytes) -> Reply:
    """Read a reply.

    Raises:
        OutcomeUnknown: it is no whole reply: cut off, no XML, or of another shape.
    """
    # A parser of its own for each reply: no entities, no network, no DTD, no giant trees.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise OutcomeUnknown("The reply is no whole XML document.", code="REPLY_BROKEN") from None
    if root.tag != "response" or root.getroottree().docinfo.doctype:
        raise OutcomeUnknown("The reply is not one of the Intacct gateway.", code="REPLY_SHAPE")
    operation = root.find("operation")
    errors = [*_errors(root.find("errormessage"))]
    sign_in, life, company, entity, begins = "", None, "", "", None
    results: tuple[Result, ...] = ()
    if operation is not None:
        sign_in = _text(operation, "authentication/status")
        begins = _moment(_text(operation, "authentication/sessiontimestamp"))
        ends = _moment(_text(operation, "authentication/sessiontimeout"))
        life = ends - begins if begins and ends else None
        company = _text(operation, "authentication/companyid")
        entity = _text(operation, "authentication/locationid")
        errors += _errors(operation.find("errormessage"))
        results = tuple(_result(element) for element in operation.iterchildren("result"))
    return Reply(_text(root, "control/status"), sign_in, tuple(errors), life, results, company, entity, begins)


def _result(element: etree._Element) -> Result:
    data = element.find("data")
    return Result(
        control_id=_text(element, "controlid"),
        status=_text(element, "status"),
        record_no=_text(element, "key") or _record_no(data),
        errors=tuple(_errors(element.find("errormessage"))),
        data=data,
    )


def _record_no(data: etree._Element | None) -> str:
    """Of the only object in ``data``; several objects have no one record number."""
    if data is None or len(data) != 1:
        return ""
    fields = {str(field.tag).upper(): (field.text or "").strip() for field in data[0]}
    return fields.get("RECORDNO", "") or fields.get("KEY", "")


def _errors(message: etree._Element | None) -> Iterator[GatewayError]:
    if message is None:
        return
    for error in message.iterchildren("error"):
        parts = [_readable(_text(error, name)) for name in ("description2", "description")]
        yield GatewayError(
            number=_text(error, "errorno"),
            text=next((part for part in parts if part), ""),
            correction=_readable(_text(error, "correction")),
        )


def _readable(text: str) -> str:
    """Without the support id, which changes every time, and without HTML."""
    plain = re.sub(r"<[^>]{1,200}>", " ", html.unescape(text))
    return " ".join(_SUPPORT_ID.sub("", plain).split())


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def rows(results: Sequence[Result]) -> Iterator[dict[str, str]]:
    """The records of reading results, field names in upper case."""
    for result in results:
        for record in result.data if result.data is not None else ():
            yield {str(field.tag).upper(): (field.text or "").strip() for field in record}


def remain(data: etree._Element) -> bool:
    """Whether further records are to be asked for.

    Raises:
        Misconfigured: it says so and answers none: asking again would never end.
    """
    told = (data.get("numremaining") or "0").strip()
    left = told.isascii() and told.isdigit() and told.strip("0") != ""
    if left and len(data) == 0:
        raise Misconfigured(
            f"Intacct says of {data.get('listtype') or 'a list'} that {told[:20]} more remain, and answers none of them.",
            remedy="Check the endpoint in the settings; if it is right, report this sentence to Sage.",
            code="ERP_REFERENCE",
        )
    return left
