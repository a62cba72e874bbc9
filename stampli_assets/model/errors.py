"""Errors, sorted by what the caller should do about them.

::

    StampliAssetsError
    ├── Transient        try again later: nothing was kept, nobody has to act
    ├── NeedsPerson      a person must act before trying again helps
    │   ├── FileRefused      the file as a whole is wrong; it goes back to Stampli
    │   ├── Misconfigured    the settings, the mapping or a credential is wrong
    │   └── Unsettled        documents of a file wait for a decision or a correction
    ├── OutcomeUnknown   a write may have been kept: read back before anything else
    └── Defect           a promise of this program was broken: report it

Business refusals of single documents are values (:mod:`stampli_assets.model.outcome`), not exceptions.
Every error carries one sentence for a person and, where there is one, the remedy. Neither ever holds a
secret or a request body.
"""

from __future__ import annotations


class StampliAssetsError(Exception):
    """The root: ``sentence`` says what happened and where, ``remedy`` what to do now."""

    def __init__(self, sentence: str, *, remedy: str = "", code: str = "") -> None:
        self.sentence = sentence
        self.remedy = remedy
        self.code = code
        super().__init__(f"{sentence} {remedy}".strip())


class Transient(StampliAssetsError):
    """A system was not there or asked us to come back; nothing was kept. The machine retries."""


class NeedsPerson(StampliAssetsError):
    """Trying again changes nothing until a person has acted. The machine never retries."""


class FileRefused(NeedsPerson):
    """The file as a whole cannot be believed; nothing of it was accepted."""


class Misconfigured(NeedsPerson):
    """Settings, mapping rules or credentials are wrong; the integration engineer mends them."""


class Unsettled(NeedsPerson):
    """Some documents of a file did not reach an end; the others did."""


class OutcomeUnknown(StampliAssetsError):
    """A write was sent and its answer was lost or cannot be read: it may have been kept."""


class Defect(StampliAssetsError):
    """Our own promise was broken. Nothing further is sent."""
