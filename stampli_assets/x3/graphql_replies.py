"""GraphQL answers: what was executed, what was not, what may have been; for each create by itself.

HTTP 200 says nothing, and ``data`` may be partial [P]. A create counts as kept only when its number came back, as not kept
only when X3 says so in its own words; everything else is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.x3.api import Created, Lost, Made, NotMade, NotNow
from stampli_assets.x3.diagnoses import (
    Diagnosis,
    GraphQLError,
    Severity,
    errors_of,
    grave,
    warnings_of,
)
from stampli_assets.x3.errors import LICENCE, LOCKED, comes_back, is_known, passes
from stampli_assets.x3.exact import Json, read_object, text_of
from stampli_assets.x3.names import Node
from stampli_assets.x3.wire import Answer, TurnedAway

_VARIABLE = re.compile(r"\$(?P<alias>b[0-9]+)\b", re.ASCII)
_OF_THE_SCHEMA = re.compile(
    r"cannot query field|unknown (type|argument|field)|is not defined by type|must not be specified|expected type"
    r"|was not provided|is required|syntax error",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A mutation's answer. ``refused`` are the creates whose variables X3 did not read, when it executed nothing."""

    data: Mapping[str, Any]
    errors: tuple[GraphQLError, ...]
    warnings: tuple[Diagnosis, ...] = ()
    refused: Mapping[str, str] | None = None


def data_of(answer: Answer) -> Json:
    """The data of a query; it changes nothing, so any error of it is simply not read.

    Raises:
        TurnedAway: X3 asks to come back, or answered half.
        Misconfigured: the document does not fit this folder, or the rights do not.
        OutcomeUnknown: it is no answer of GraphQL.
    """
    body = _body(answer)
    errors = errors_of(body)
    data = body.get("data")
    if errors:
        _raise_on_the_whole(errors)
        said = "; ".join(error.message for error in errors)[:300]
        if not any(_is_decided(error) for error in errors):
            raise TurnedAway(f"X3 could not read: {said}", raw=said)
        raise Misconfigured(
            f"X3 refuses to read: {said}.",
            remedy="Compare the names of the settings with the folder (stampli x3 check), and the rights of the user.",
            code="ERP_LOOK_UP",
        )
    if not isinstance(data, Mapping):
        raise OutcomeUnknown("X3 answered without data.", code="REPLY_SHAPE")
    return data


def data_of_mutation(answer: Answer, aliases: Sequence[str]) -> Reply:
    """The answer to creates.

    Raises:
        TurnedAway: nothing was executed; X3 asks to come back.
        Misconfigured: nothing was executed: the document does not fit this folder, or the rights do not.
        OutcomeUnknown: it may have been executed.
    """
    body = _body(answer)
    errors = errors_of(body)
    data = body.get("data")
    if isinstance(data, Mapping):
        return Reply(data, errors, warnings_of(body))
    if errors and not any(error.path for error in errors):
        _raise_on_the_whole(errors)
        if "data" not in body:  # by GraphQL's rules no execution had begun
            refused = _unread_variables(errors, aliases)
            if refused:
                return Reply({}, (), refused=refused)
            if all(error.code == "bad-request" or _OF_THE_SCHEMA.search(error.message) for error in errors):
                raise _does_not_fit(errors)
    return Reply({}, errors)


def created(reply: Reply, alias: str, node: Node) -> Created:
    """How the create under an alias ended."""
    if reply.refused is not None:
        if alias in reply.refused:
            return NotMade((Diagnosis(Severity.ERROR, reply.refused[alias]),))
        return NotNow("Another invoice of the same request could not be read by X3")
    place: Any = reply.data.get(alias)
    for step in (node.node, node.operation):
        place = place.get(step) if isinstance(place, Mapping) else None
    if isinstance(place, Mapping):
        row = {field: _at(place, path) for field, path in node.fields.items() if field in {"record_no", "total"}}
        if text_of(row.get("record_no")):
            return Made(row, _of_alias(reply.warnings, alias))
        return Lost("X3 answered without the number of the new record.")
    return _failed([error for error in reply.errors if error.path[:1] == (alias,)])


def _failed(errors: Sequence[GraphQLError]) -> Created:
    """No record came back: why, when X3 says it."""
    if not errors:
        return Lost("X3 answered nothing about it.")
    if any(len(error.path) > 3 for error in errors):
        return Lost("X3 created it and could not say under which number.")
    diagnoses = grave(one for error in errors for one in error.diagnoses)
    if not diagnoses:
        said = "; ".join(error.message for error in errors)[:300]
        if LOCKED.search(said) or LICENCE.search(said):
            return NotNow(comes_back(said), said)
        return Lost(f"X3 failed without a diagnosis: {said}")
    coming = passes(diagnoses)
    if coming is not None:
        return NotNow(comes_back(coming.message), coming.raw)
    if any(one.severity is Severity.EXCEPTION and not is_known(one) for one in diagnoses):
        return Lost(f"X3 broke down: {diagnoses[0].message}")
    return NotMade(diagnoses)


def _body(answer: Answer) -> Json:
    """The JSON of an answer of GraphQL, whatever its status.

    Raises:
        TurnedAway: X3 itself says, in JSON, that it has no session for us: nothing was executed.
        Misconfigured: the address or the right is wrong; nothing was executed.
        OutcomeUnknown: a 5xx, a page instead of an answer, or no whole JSON. A page may come from something in front of
            X3 that had passed the request on, so it proves nothing; the next look-up meets the maintenance and waits.
    """
    if answer.status == 403:
        raise _forbidden(answer)
    if answer.status in {404, 405, 406, 413, 414, 415, 431}:
        raise _no_such_address(answer)
    try:
        body = read_object(answer.content)
    except OutcomeUnknown:
        if answer.status >= 400:
            raise OutcomeUnknown(f"X3 answered HTTP {answer.status}.", code="HTTP_ERROR") from None
        raise
    if "data" not in body and "errors" not in body:
        raise OutcomeUnknown("The answer is none of GraphQL.", code="REPLY_SHAPE")
    if answer.status >= 500 and not isinstance(body.get("data"), Mapping):
        _raise_on_the_whole(errors_of(body), answer.after)
        raise OutcomeUnknown(f"X3 answered HTTP {answer.status}.", code="HTTP_5XX")
    return body


def _raise_on_the_whole(errors: Sequence[GraphQLError], after: float = 0) -> None:
    """Errors of the request as a whole by which X3 says that it did not begin."""
    for error in errors:
        texts = [error.message, *(one.message for one in grave(error.diagnoses))]
        coming = next(filter(None, map(comes_back, texts)), "")
        if coming and not error.path:
            raise TurnedAway(coming, after, error.message)


def _is_decided(error: GraphQLError) -> bool:
    """Whether X3 refuses, rather than failed: the document, the rights or a rule."""
    refused = error.code in {"bad-request", "validation-error", "business-rule-error", "forbidden", "unauthorized"}
    return refused or bool(_OF_THE_SCHEMA.search(error.message)) or any(is_known(one) for one in error.diagnoses)


def _unread_variables(errors: Sequence[GraphQLError], aliases: Sequence[str]) -> dict[str, str]:
    """Which creates hold a value that X3 could not read; empty when it is not the values that are wrong."""
    found: dict[str, str] = {}
    for error in errors:
        match = _VARIABLE.search(error.message)
        if match is None or match["alias"] not in aliases or _OF_THE_SCHEMA.search(error.message):
            return {}
        found.setdefault(match["alias"], error.message)
    return found


def _of_alias(warnings: Sequence[Diagnosis], alias: str) -> tuple[Diagnosis, ...]:
    """Warnings that name the alias, and those that name none."""
    others = re.compile(r"b[0-9]+", re.ASCII)
    return tuple(
        one for one in warnings if not one.path or one.path[0] == alias or not others.fullmatch(str(one.path[0]))
    )


def _at(value: Any, path: str) -> Any:
    for step in filter(None, path.split(".")):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if path else None


def _does_not_fit(errors: Sequence[GraphQLError]) -> Misconfigured:
    said = "; ".join(error.message for error in errors)[:500]
    return Misconfigured(
        f"This X3 folder does not take our request: {said}",
        remedy="Nothing was sent to the books. Run `stampli x3 check`: it says which line of the settings (erp.names) to "
        "change; or lower functions_per_request when X3 bounds the number of mutations.",
        code="NAMES",
    )


def _forbidden(answer: Answer) -> Misconfigured:
    return Misconfigured(
        f"X3 does not let this user in: {answer.text or 'HTTP 403'}.",
        remedy="Give the X3 user the right to the API and the folder, or the application the scope api.graphQL.",
        code="ERP_PERMISSION",
    )


def _no_such_address(answer: Answer) -> Misconfigured:
    return Misconfigured(
        f"X3 has no GraphQL at the address of the settings (HTTP {answer.status}: {answer.text}).",
        remedy="Check base_url, graphql_path and the folder's endpoint in the settings.",
        code="ENDPOINT",
    )
