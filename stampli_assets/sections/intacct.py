"""A Sage Intacct company: ``connections[].erp`` with ``kind: intacct``."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from stampli_assets.sections.section import LOOPBACK, PROXY, PROXY_SAYS, SecretName, Section


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
    base_currency: Annotated[
        str, Field(pattern=r"^([A-Z]{3})?$", description="The company's own currency; sent as BASECURR when given.")
    ] = ""
    entities: Annotated[
        tuple[str, ...],
        Field(description="At the top level: the only entities that documents may be posted to. Empty: every one."),
    ] = ()
    inter_entity: Annotated[
        Literal["refuse", "send"],
        Field(description="refuse: a line coded to a location of another entity than its document's is held."),
    ] = "refuse"
    foreign_currencies: Annotated[
        Literal["hold", "send"],
        Field(description="hold: an invoice in another currency than its vendor's is held; send: it is posted."),
    ] = "hold"
    exchange_rate_type: Annotated[
        str,
        Field(description="The rates for foreign currencies where the file gives none; empty: Intacct Daily Rate."),
    ] = ""
    tax: Annotated[
        Literal["refuse", "on_top", "inclusive"],
        Field(
            description="Of tax beside a line's amount. refuse: such documents are held. on_top: the exact tax is sent "
            "with its tax detail. inclusive: whole amounts are sent, and Intacct finds the tax by the detail's rate. Tax "
            "details exist in Australia, the United Kingdom and South Africa only."
        ),
    ] = "refuse"
    tax_solution: Annotated[
        str, Field(description="Such as Australia - GST; needed at the top level with several tax jurisdictions.")
    ] = ""
    adjustment_sign: Annotated[
        Literal["negative", "positive"],
        Field(
            description="The sign of a vendor's credit (AP adjustment) in Intacct. The vendor does not document it: post "
            "one credit to a sandbox company and see that it reduces what is owed."
        ),
    ] = "negative"
    payment_method: Annotated[
        Literal["EFT", "Cash"],
        Field(description="Under which method payments are recorded; their money has moved, so no other one is sent."),
    ] = "EFT"
    payment_number: Annotated[
        Literal["number", "id"],
        Field(
            description="What stands as document number of a payment: its check number or trace id where it has one, or "
            "always Stampli's payment id (where several payments to one vendor share a number)."
        ),
    ] = "number"
    create_vendors: Annotated[
        bool,
        Field(
            description="Whether vendors of invoice files and vendor files that Intacct lacks are created there, each "
            "once. Existing vendors are never changed."
        ),
    ] = False
    ca_file: Annotated[
        str, Field(description="A private certificate authority (PEM), where a proxy of your own opens TLS.")
    ] = ""
    proxy: Annotated[str, Field(pattern=PROXY, description=PROXY_SAYS)] = ""
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
        if self.exchange_rate_type and not self.base_currency:
            raise ValueError("exchange_rate_type needs base_currency: only foreign currencies have a rate")
        if self.entities and self.entity_id:
            raise ValueError("entities are for the top level: leave entity_id empty, or leave entities out")
        if self.reply_seconds + 2 * self.backoff_seconds > self.settle_minutes * 60:
            raise ValueError(
                "settle_minutes must be longer than reply_seconds and twice backoff_seconds together: a document may "
                "only be believed absent when no request for it can still be at work"
            )
        return self
