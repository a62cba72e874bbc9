"""REST answers: what was kept, what was not, what may have been.

Success is 200 or 201 with the new record's key [P]; errors are 4xx or 5xx [D] with ``$diagnoses`` [T]. A 5xx may come after
the record was created, so on a create it proves nothing, unless X3 itself says in JSON that it had no session for us.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stampli_assets.model.errors import Misconfigured, OutcomeUnknown
from stampli_assets.x3.api import Created, Lost, Made, NotMade, NotNow
from stampli_assets.x3.diagnoses import Diagnosis, Severity, grave, of_resource
from stampli_assets.x3.errors import LICENCE, LOCKED, comes_back, is_known, passes
from stampli_assets.x3.exact import Json, read_object, text_of
from stampli_assets.x3.names import RestClass
from stampli_assets.x3.wire import Answer, TurnedAway

_UNFIT = frozenset({404, 405, 406, 413, 414, 415, 431})


def rows_of(answer: Answer, where: str) -> tuple[list[Json], str]:
    """The rows of a page and the address of the next one, empty on the last (``$links.$next.$url`` [S]).

    Raises:
        TurnedAway: X3 asks to come back, or answered without rows.
        Misconfigured: the class is not published, or the rights are missing.
        OutcomeUnknown: it is no whole JSON.
    """
    body = resource_of(answer, where)
    rows = body.get("$resources")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise TurnedAway(f"X3 answered without the rows of {where}")
    following: Any = body
    for step in ("$links", "$next", "$url"):
        following = following.get(step) if isinstance(following, Mapping) else None
    return rows, text_of(following)


def resource_of(answer: Answer, where: str) -> Json:
    """The JSON of an answer to a request that changes nothing; raises as :func:`rows_of`."""
    if answer.status == 403:
        raise _forbidden(answer)
    body = _json_or_none(answer)
    if answer.status >= 400:
        diagnoses = tuple(of_resource(body)) if body is not None else ()
        said = "; ".join(one.message for one in grave(diagnoses)) or answer.text
        coming = comes_back(said)
        if coming or answer.status in {408, 423}:
            raise TurnedAway(coming or f"X3 answered HTTP {answer.status}", answer.after, said)
        raise _not_readable(where, said or f"HTTP {answer.status}")
    if body is None:
        raise OutcomeUnknown("The answer is no whole JSON document.", code="REPLY_BROKEN")
    return body


def created(answer: Answer, of: RestClass) -> Created:
    """How one create ended.

    Raises:
        Misconfigured: nothing was executed: the class is not published, or the right is missing.
        OutcomeUnknown: it may have been executed.
    """
    if answer.status == 403:
        raise _forbidden(answer)
    body = _json_or_none(answer)
    diagnoses = tuple(of_resource(body)) if body is not None else ()
    if answer.status in _UNFIT:
        said = "; ".join(one.message for one in grave(diagnoses)) or answer.text
        raise _not_writable(str(of), f"HTTP {answer.status}: {said}")
    if answer.status >= 500:
        return _on_a_breakdown(answer, diagnoses)
    if answer.status >= 400:
        return _on_a_refusal(answer, diagnoses)
    if body is None:
        raise OutcomeUnknown("The answer is no whole JSON document.", code="REPLY_BROKEN")
    row = {field: body.get(of.fields[field]) for field in ("record_no", "total") if of.fields.get(field)}
    row["record_no"] = text_of(row.get("record_no")) or text_of(body.get("$key"))
    if row["record_no"]:
        return Made(row, diagnoses)
    if grave(diagnoses):
        return _judged(grave(diagnoses))
    return Lost("X3 answered without the number of the new record.")


def _on_a_breakdown(answer: Answer, diagnoses: tuple[Diagnosis, ...]) -> Created:
    said = grave(diagnoses)
    if said and all(LICENCE.search(one.message) or LOCKED.search(one.message) for one in said):
        return NotNow(comes_back(said[0].message), said[0].raw, answer.after)
    return Lost(f"X3 answered HTTP {answer.status}: {said[0].message if said else answer.text}".rstrip(": "))


def _on_a_refusal(answer: Answer, diagnoses: tuple[Diagnosis, ...]) -> Created:
    """4xx: the request was not taken; 408 alone may come from something in front of X3 that lost patience."""
    if answer.status == 408:
        return Lost("X3 did not answer in time (HTTP 408).")
    if answer.status == 423:
        return NotNow("The record is locked by another user in X3", answer.text, answer.after)
    said = grave(diagnoses)
    if not said:
        return NotMade((Diagnosis(Severity.ERROR, f"HTTP {answer.status} {answer.text}".strip()),))
    return _judged(said)


def _judged(said: tuple[Diagnosis, ...]) -> Created:
    coming = passes(said)
    if coming is not None:
        return NotNow(comes_back(coming.message), coming.raw)
    if any(one.severity is Severity.EXCEPTION and not is_known(one) for one in said):
        return Lost(f"X3 broke down: {said[0].message}")
    return NotMade(said)


def _json_or_none(answer: Answer) -> Json | None:
    try:
        return read_object(answer.content)
    except OutcomeUnknown:
        return None


def _forbidden(answer: Answer) -> Misconfigured:
    return Misconfigured(
        f"X3 does not let this user in: {answer.text or 'HTTP 403'}.",
        remedy="Give the X3 user the right to web services, the class and the folder.",
        code="ERP_PERMISSION",
    )


def _not_readable(where: str, said: str) -> Misconfigured:
    return Misconfigured(
        f"X3 does not let us read {where}: {said}",
        remedy="Compare the names of the settings with the folder (stampli x3 check), and the rights of the user. Nothing is "
        "sent while documents cannot be looked up.",
        code="ERP_LOOK_UP",
    )


def _not_writable(where: str, said: str) -> Misconfigured:
    return Misconfigured(
        f"X3 takes no create at {where} ({said}).",
        remedy="Run `stampli x3 check`: it says which line of the settings (erp.names) to change, or that base_url or the "
        "endpoint is wrong.",
        code="NAMES",
    )
