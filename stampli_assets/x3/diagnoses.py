"""What X3 says about a request: diagnoses of both APIs in one shape.

GraphQL: ``errors[].extensions.diagnoses[]`` with ``severity`` 1 to 4, ``path``, ``message`` [P]. REST: ``$diagnoses`` with
``$severity`` in words and ``$message``, on the root or on the offending child [T].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from stampli_assets.x3.exact import Json, text_of

DEEPEST = 12
"""Further down no diagnosis of a resource is looked for."""
Step = str | int


class Severity(IntEnum):
    """Of the Xtrem family [P]. ``EXCEPTION`` says that something broke, not that X3 decided."""

    INFO = 1
    WARNING = 2
    ERROR = 3
    EXCEPTION = 4


_WORDS = {
    "info": Severity.INFO, "information": Severity.INFO, "success": Severity.INFO, "test": Severity.INFO,
    "warning": Severity.WARNING, "warn": Severity.WARNING,
    "error": Severity.ERROR, "exception": Severity.EXCEPTION, "fatal": Severity.EXCEPTION,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One remark. ``path`` leads through X3's properties and places of lines: ``("lines", 0, "account")``."""

    severity: Severity
    message: str
    path: tuple[Step, ...] = ()

    @property
    def at(self) -> str:
        """The path for a person: ``lines[0].account``; places count from 0 as in X3's answers."""
        told = ""
        for step in self.path:
            told += f"[{step}]" if isinstance(step, int) else f".{step}" if told else step
        return told

    @property
    def raw(self) -> str:
        """X3's own words, with where they belong."""
        return f"{self.at}: {self.message}" if self.at else self.message


@dataclass(frozen=True, slots=True)
class GraphQLError:
    """One entry of ``errors``; ``path`` leads through the answer, beginning with the alias."""

    message: str
    path: tuple[Step, ...]
    code: str
    diagnoses: tuple[Diagnosis, ...]


def errors_of(body: Json) -> tuple[GraphQLError, ...]:
    """The ``errors`` of a GraphQL answer; what is not of that shape is an error without a place."""
    listed = body.get("errors")
    return tuple(_error(one) for one in listed) if isinstance(listed, list) else ()


def warnings_of(body: Json) -> tuple[Diagnosis, ...]:
    """What a GraphQL answer says beside its data and errors (``extensions.diagnoses`` [P])."""
    extensions = body.get("extensions")
    return tuple(_graphql(extensions.get("diagnoses"))) if isinstance(extensions, Mapping) else ()


def of_resource(body: Any, path: tuple[Step, ...] = ()) -> Iterator[Diagnosis]:
    """Every ``$diagnoses`` of a REST answer, the root's first."""
    if len(path) > DEEPEST:
        return
    if isinstance(body, list):
        for place, child in enumerate(body):
            yield from of_resource(child, (*path, place))
    elif isinstance(body, Mapping):
        listed = body.get("$diagnoses")
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping):
                yield Diagnosis(severity(one.get("$severity")), _said(one.get("$message")), path)
        for name, child in body.items():
            if name != "$diagnoses" and isinstance(child, (list, Mapping)):
                yield from of_resource(child, (*path, name))


def severity(given: Any) -> Severity:
    """A number or a word; what we do not know is an error."""
    word = text_of(given).casefold()
    if word.isascii() and word.isdigit() and int(word) in set(Severity):
        return Severity(int(word))
    return _WORDS.get(word, Severity.ERROR)


def grave(diagnoses: Iterable[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Those that say that something was not done."""
    return tuple(one for one in diagnoses if one.severity >= Severity.ERROR)


def _error(one: Any) -> GraphQLError:
    if not isinstance(one, Mapping):
        return GraphQLError(_said(one), (), "", ())
    extensions = one.get("extensions")
    extensions = extensions if isinstance(extensions, Mapping) else {}
    return GraphQLError(
        _said(one.get("message")),
        _path(one.get("path")),
        text_of(extensions.get("code")),
        tuple(_graphql(extensions.get("diagnoses"))),
    )


def _graphql(listed: Any) -> Iterator[Diagnosis]:
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            yield Diagnosis(severity(one.get("severity")), _said(one.get("message")), _path(one.get("path")))


def _path(given: Any) -> tuple[Step, ...]:
    """Places are numbers in GraphQL's own paths and may be texts in a diagnosis's."""
    steps: list[Step] = []
    for step in given if isinstance(given, list) else ():
        if isinstance(step, int) or (isinstance(step, str) and step.isascii() and step.isdigit()):
            steps.append(int(step))
        else:
            steps.append(str(step))
    return tuple(steps)


def _said(given: Any) -> str:
    return " ".join(text_of(given).split())[:500]
