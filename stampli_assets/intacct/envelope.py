"""Requests to the gateway, in the order that its schema (3.0) demands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from stampli_assets.intacct.company import Company


@dataclass(frozen=True, slots=True)
class Function:
    """One call and the control id under which its result comes back."""

    control_id: str
    call: etree._Element


def request(company: Company, functions: Sequence[Function], *, session_id: str | None, unique: bool) -> bytes:
    """A whole request; ``session_id`` is ``None`` for a sign-in by user and password.

    ``unique`` asks the gateway to drop functions that it already completed under the same control id.
    """
    root = etree.Element("request")
    control = _under(root, "control")
    _under(control, "senderid", company.sender_id)
    _under(control, "password", company.sender_password.reveal())
    _under(control, "controlid", functions[0].control_id)
    _under(control, "uniqueid", "true" if unique else "false")
    _under(control, "dtdversion", "3.0")
    _under(control, "includewhitespace", "false")
    operation = etree.SubElement(root, "operation", transaction="false")
    authentication = _under(operation, "authentication")
    if session_id is not None:
        _under(authentication, "sessionid", session_id)
    else:
        _login(authentication, company)
    content = _under(operation, "content")
    for function in functions:
        etree.SubElement(content, "function", controlid=function.control_id).append(function.call)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _login(authentication: etree._Element, company: Company) -> None:
    login = _under(authentication, "login")
    _under(login, "userid", company.user_id)
    _under(login, "companyid", company.company_id)
    _under(login, "password", company.user_password.reveal())
    if company.entity_id:
        _under(login, "locationid", company.entity_id)


def _under(parent: etree._Element, tag: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, tag)
    element.text = text
    return element
