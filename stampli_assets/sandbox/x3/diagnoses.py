"""What X3 has to say about a request: diagnoses, and the refusal that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SEVERITIES = {"info": 1, "warning": 2, "error": 3, "exception": 4}
"""GraphQL's numbers for REST's words [P, from the Xtrem family]."""
Step = str | int


@dataclass(frozen=True)
class Diagnosis:
    """One remark. ``path`` leads through X3 field codes and places of lines: ``("BPSINVLIG", 0, "ACC")``."""

    message: str
    path: tuple[Step, ...] = ()
    severity: str = "error"


class Refusal(Exception):
    """The books took nothing. ``code`` is GraphQL's ``extensions.code`` [P]."""

    def __init__(self, *diagnoses: Diagnosis, code: str = "business-rule-error") -> None:
        self.diagnoses = diagnoses
        self.code = code
        super().__init__("; ".join(diagnosis.message for diagnosis in diagnoses))


LOCKED = Diagnosis("Record locked by user ADMIN: try again later.")
"""Another user has the record open [T: transient]."""
NO_LICENCE = Diagnosis("No licence token is available: the pool of sessions is exhausted.", severity="exception")
"""Sessions take a licence token [D]; the wording is ours."""


def as_rest(diagnosis: Diagnosis) -> dict[str, Any]:
    """REST's shape of one remark: ``$severity`` in words and ``$message`` [T]."""
    return {"$severity": diagnosis.severity, "$message": diagnosis.message}


def on_children(diagnoses: tuple[Diagnosis, ...] | list[Diagnosis]) -> dict[str, Any]:
    """REST's ``$diagnoses``, on the root or on the offending child [T]."""
    body: dict[str, Any] = {"$diagnoses": []}
    for diagnosis in diagnoses:
        at: dict[str, Any] = body
        for name, place in zip(diagnosis.path[::2], diagnosis.path[1::2], strict=False):
            children = at.setdefault(str(name), [])
            while len(children) <= int(place):
                children.append({})
            at = children[int(place)]
        at.setdefault("$diagnoses", []).append(as_rest(diagnosis))
    return body
