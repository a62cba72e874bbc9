"""A Sage Intacct company: ``connections[].erp`` with ``kind: intacct``."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from stampli_assets.sections.section import LOOPBACK, SecretName, Section


class IntacctCompany(Section):
    """A Sage Intacct company (and entity) and how bills are posted into it."""

    kind: Literal["intacct"]
    endpoint: str = "https://api.intacct.com/ia/xml/xmlgw.phtml"
    sender_id: Annotated[str, Field(min_length=1)]
    sender_password: SecretName
    company_id: Annotated[str, Field(min_length=1)]
    entity_id: Annotated[str, Field(description="Empty: the top level of the company.")] = ""
    user_id: Annotated[str, Field(min_length=1)]
    user_password: SecretName
    post_as: Annotated[
        Literal["draft", "submit"],
        Field(description="draft: the AP team releases in Intacct; submit: straight to the ledger."),
    ] = "draft"
    base_currency: Annotated[str, Field(description="Sent as BASECURR when given.")] = ""
    functions_per_request: Annotated[int, Field(ge=1, le=100)] = 25
    parallel_requests: Annotated[int, Field(ge=1, le=8)] = 2
    settle_minutes: Annotated[
        float, Field(gt=0, description="How long a request without an answer may still be at work in Intacct.")
    ] = 20
    reply_seconds: Annotated[
        float, Field(gt=0, description="How long an answer is waited for; Intacct cuts off after 15 minutes.")
    ] = 960
    backoff_seconds: Annotated[
        float, Field(gt=0, description="How long one request is repeated while Intacct turns it away.")
    ] = 60
    reference_minutes: Annotated[
        float, Field(ge=0, description="How old a reading of vendors, accounts and dimensions may be when mapping.")
    ] = 5

    @model_validator(mode="after")
    def _safe(self) -> IntacctCompany:
        address = urlsplit(self.endpoint)
        if address.scheme != "https" and not (address.scheme == "http" and address.hostname in LOOPBACK):
            raise ValueError("endpoint: https is required; http only on this machine's own address (the sandbox)")
        if self.reply_seconds + 2 * self.backoff_seconds > self.settle_minutes * 60:
            raise ValueError(
                "settle_minutes must be longer than reply_seconds and twice backoff_seconds together: a document may "
                "only be believed absent when no request for it can still be at work"
            )
        return self
