"""The shapes of the gateway's answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

Error = tuple[str, str, str]
"""Number, text (description2) and correction."""


class ControlFailure(Exception):
    """The request as a whole is refused; nothing is executed."""

    def __init__(self, *errors: Error, http: int = 200) -> None:
        self.errors = errors
        self.http = http
        super().__init__(str(errors))


class SignInFailure(Exception):
    """Authentication failed; nothing is executed."""

    def __init__(self, *errors: Error) -> None:
        self.errors = errors
        super().__init__(str(errors))


class FunctionFailure(Exception):
    """One function failed. ``data`` is what is answered beside the errors (an empty list of objects, or part of it)."""

    def __init__(self, *errors: Error, data: etree._Element | None = None) -> None:
        self.errors = errors
        self.data = data
        super().__init__(str(errors))


@dataclass
class Done:
    """What a function answers: ``data``, or a legacy ``key``; a legacy list says beside its data what it lists."""

    data: etree._Element | None = None
    key: str = ""
    listed: etree._Element | None = None


@dataclass
class FunctionResult:
    """One ``result`` element to be."""

    name: str
    control_id: str
    status: str
    done: Done = field(default_factory=Done)
    errors: Sequence[Error] = ()


def element(tag: str, text: str | None = None, *children: Any, **attributes: str) -> etree._Element:
    """An element with text, children and attributes."""
    made = etree.Element(tag, **attributes)
    made.text = text
    made.extend(children)
    return made


def error_message(errors: Iterable[Error]) -> etree._Element:
    """The ``errormessage`` of any level."""
    return element(
        "errormessage",
        None,
        *(
            element(
                "error",
                None,
                element("errorno", number),
                element("description"),
                element("description2", text),
                element("correction", correction or None),
            )
            for number, text, correction in errors
        ),
    )


def control(status: str, told: dict[str, str]) -> etree._Element:
    """The ``control`` block of an answer, echoing the request's."""
    return element("control", None, element("status", status), *(element(name, text) for name, text in told.items()))


def refused(told: dict[str, str], errors: Iterable[Error]) -> etree._Element:
    """An answer whose control block failed."""
    return element("response", None, control("failure", told), error_message(errors))


def answered(told: dict[str, str], operations: Iterable[etree._Element]) -> etree._Element:
    """An answer whose control block succeeded."""
    return element("response", None, control("success", told), *operations)


def operation(authentication: dict[str, str], *rest: etree._Element) -> etree._Element:
    """One ``operation`` of an answer."""
    block = element("authentication", None, *(element(name, text) for name, text in authentication.items()))
    return element("operation", None, block, *rest)


def result(of: FunctionResult) -> etree._Element:
    """One ``result``."""
    made = element(
        "result", None, element("status", of.status), element("function", of.name), element("controlid", of.control_id)
    )
    if of.done.key:
        made.append(element("key", of.done.key))
    if of.done.listed is not None:
        made.append(of.done.listed)
    if of.done.data is not None:
        made.append(of.done.data)
    if of.errors:
        made.append(error_message(of.errors))
    return made


def as_bytes(root: etree._Element) -> bytes:
    """The answer on the wire."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
