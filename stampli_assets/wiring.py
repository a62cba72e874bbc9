"""The composition root: settings in, concrete parts out. Nothing connects until a part is used."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

from stampli_assets.landing.shelf import ReferenceShelf
from stampli_assets.landing.store import LandingStore
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.errors import Misconfigured
from stampli_assets.model.ports import BillBook, Clock, Faults, Progress, ReferenceBooks
from stampli_assets.model.postings import Intent, Source
from stampli_assets.model.remote import LandedFile
from stampli_assets.model.secret import Secret
from stampli_assets.sections.intacct import IntacctCompany
from stampli_assets.sections.x3 import X3Folder
from stampli_assets.settings import Connection, Settings
from stampli_assets.sftp.connection import Server
from stampli_assets.sftp.inbox import SftpInbox
from stampli_assets.vault.pgp import ExportKey

if TYPE_CHECKING:
    from stampli_assets.intacct.gateway import Gateway
    from stampli_assets.landing.vendor_shelf import VendorShelf
    from stampli_assets.mapping.rules import Rules
    from stampli_assets.model.payments import PaymentBook
    from stampli_assets.model.suppliers import SupplierBook, SupplierTemplate
    from stampli_assets.pipeline.attach import Gallery
    from stampli_assets.pipeline.drawing import Recording
    from stampli_assets.pipeline.masters import Masters
    from stampli_assets.pipeline.paying import Till
    from stampli_assets.pipeline.post import Desk, Pace
    from stampli_assets.pipeline.suppliers import Supplying
    from stampli_assets.pipeline.target import Target
    from stampli_assets.stampli.layout import Layout
    from stampli_assets.wiring_x3 import X3Office


class WallClock:
    """The machine's time, in UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class NoFaults:
    """Production: nothing goes wrong on purpose."""

    def reach(self, point: str) -> None:
        """Pass."""


class Unwatched:
    """For what is posted where nobody looks on."""

    def request_done(self, intents: Sequence[Intent], seconds: float) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Office:
    """One connection with everything that its corridor needs; parts are made when first used."""

    settings: Settings
    connection: Connection
    clock: Clock
    faults: Faults

    @property
    def name(self) -> str:
        return self.connection.name

    @cached_property
    def inbox(self) -> SftpInbox:
        """Stampli's outbound directory; the secrets are resolved here."""
        stampli = self.connection.stampli
        return SftpInbox(
            Server(
                host=stampli.host,
                port=stampli.port,
                username=stampli.username,
                password=self.settings.secret(stampli.password),
                private_key=self.settings.secret(stampli.private_key),
                passphrase=self.settings.secret(stampli.passphrase),
                host_keys=stampli.host_keys,
                outbound=stampli.outbound,
                archive=stampli.archive,
            )
        )

    @cached_property
    def landing(self) -> LandingStore:
        return LandingStore(self.settings.path(self.settings.landing))

    @contextmanager
    def export(self, landed: LandedFile) -> Iterator[BinaryIO]:
        """What a landed file says: its bytes, opened with the connection's PGP key where they are encrypted."""
        with self.landing.open(landed) as kept, self.plain(kept, landed.file.name) as export:
            yield export

    def plain(self, content: BinaryIO, name: str) -> AbstractContextManager[BinaryIO]:
        """The same of a file that is not landed."""
        key = self.settings.secret(self.connection.stampli.pgp_key)
        if key is None:
            return nullcontext(content)
        passphrase = self.settings.secret(self.connection.stampli.pgp_passphrase)
        return ExportKey(key, passphrase, self.layout.max_bytes).opened(content, name)

    @cached_property
    def ledger(self) -> LedgerStore:
        """The ledger, by its database's own clock; a test's clock rules it too."""
        now = None if isinstance(self.clock, WallClock) else self.clock.now
        return LedgerStore(self.settings.ledger_url, now=now)

    @cached_property
    def x3(self) -> X3Office | None:
        """The X3 side of the connection; ``None`` where it posts into Intacct."""
        from stampli_assets.wiring_x3 import X3Office

        erp = self.connection.erp
        if not isinstance(erp, X3Folder):
            return None
        return X3Office(self.settings, self.connection, erp, self.clock)

    @cached_property
    def gateway(self) -> Gateway:
        """Intacct, signed in when first called; the session is shared by the process."""
        from stampli_assets.intacct.company import Company
        from stampli_assets.intacct.gateway import Gateway

        erp = self.connection.erp
        assert isinstance(erp, IntacctCompany)
        company = Company(
            endpoint=erp.endpoint,
            sender_id=erp.sender_id,
            sender_password=self._required(erp.sender_password.secret),
            company_id=erp.company_id,
            user_id=erp.user_id,
            user_password=self._required(erp.user_password.secret),
            entity_id=erp.entity_id,
            post_as=erp.post_as,
            base_currency=erp.base_currency,
            tax=erp.tax,
            tax_solution=erp.tax_solution,
            adjustment_sign=erp.adjustment_sign,
            reply_seconds=erp.reply_seconds,
            backoff_deadline_seconds=erp.backoff_seconds,
            functions_per_request=erp.functions_per_request,
            ca_file=self.settings.path(erp.ca_file) if erp.ca_file else "",
            proxy=erp.proxy,
        )
        return Gateway(company, self.clock, jitter=random.SystemRandom().random)

    @cached_property
    def bills(self) -> BillBook:
        """The ERP's book of bills."""
        if self.x3 is not None:
            return self.x3.bills
        from stampli_assets.intacct.bills import IntacctBills

        return IntacctBills(self.gateway, self.gateway.company)

    @cached_property
    def payments(self) -> PaymentBook:
        """The ERP's book of payments, and of what can be paid."""
        if self.x3 is not None:
            return self.x3.payments
        from stampli_assets.intacct.payments import IntacctPayments

        return IntacctPayments(self.gateway, self.gateway.company)

    @cached_property
    def masters(self) -> Masters:
        """The ERP's vendors, GL accounts and dimensions."""
        from stampli_assets.pipeline.masters import Masters

        return Masters(
            connection=self.name,
            books=self._reference(),
            shelf=self.shelf,
            clock=self.clock,
            max_age=timedelta(minutes=self.connection.erp.reference_minutes),
        )

    def _reference(self) -> ReferenceBooks:
        if self.x3 is not None:
            return self.x3.reference
        from stampli_assets.intacct.reference import IntacctReference

        return IntacctReference(self.gateway)

    @cached_property
    def shelf(self) -> ReferenceShelf:
        return ReferenceShelf(self.settings.path(self.settings.landing))

    @property
    def rules(self) -> Rules:
        """The mapping rules of this moment: read from their files at every call."""
        from stampli_assets.mapping.rules import Rules

        return Rules.load(self.settings.path(self.connection.mapping) if self.connection.mapping else "")

    @property
    def layout(self) -> Layout:
        """How this connection's invoice files are written."""
        return self.connection.stampli.layout.layout()

    @property
    def target(self) -> Target:
        """Where the bills go."""
        from stampli_assets.pipeline.target import Target

        erp = self.connection.erp
        if isinstance(erp, X3Folder):
            return Target(
                erp=erp.kind,
                company=erp.company_id,
                post_as=erp.post_as,
                site=erp.site,
                tax=erp.tax,
                foreign_currencies=erp.foreign_currencies,
                base_currency=erp.base_currency,
                exchange_rate_type=erp.exchange_rate_type,
            )
        return Target(
            erp=erp.kind,
            company=erp.company_id,
            entity_id=erp.entity_id,
            post_as=erp.post_as,
            tax=erp.tax,
            foreign_currencies=erp.foreign_currencies,
            base_currency=erp.base_currency,
            exchange_rate_type=erp.exchange_rate_type,
            entities=erp.entities,
            inter_entity=erp.inter_entity,
        )

    @property
    def pace(self) -> Pace:
        """How bills are sent."""
        from stampli_assets.pipeline.post import Pace

        erp = self.connection.erp
        return Pace(
            functions_per_request=erp.functions_per_request,
            parallel_requests=erp.parallel_requests,
            settle=timedelta(minutes=erp.settle_minutes),
            send_within=timedelta(seconds=erp.backoff_seconds),
        )

    def source(self, *, partition: str, file_name: str, run: str) -> Source:
        """What the audit trail names beside everything that this run does."""
        erp = self.connection.erp
        return Source(
            connection=self.name,
            erp=erp.kind,
            company=erp.company_id,
            partition=partition,
            file_name=file_name,
            run=run,
        )

    def desk(self, source: Source, progress: Progress, ended: Collection[str] = ()) -> Desk:
        """What one posting run works with; ``ended`` are runs of the same file that are known to be over."""
        from stampli_assets.pipeline.post import Desk

        return Desk(
            ledger=self.ledger.postings,
            leases=self.ledger.leases,
            book=self.bills,
            clock=self.clock,
            source=source,
            faults=self.faults,
            progress=progress,
            pace=self.pace,
            ended=ended,
        )

    def gallery(self, run: str) -> Gallery:
        """Where invoice images are looked for, and the book that they are attached in; for connections that do so."""
        from stampli_assets.intacct.attachments import IntacctAttachments
        from stampli_assets.pipeline.attach import Gallery
        from stampli_assets.pipeline.images import FOLDER

        server, images = self.inbox.server, self.connection.stampli.attachments
        beside = replace(server, outbound=f"{server.outbound}/{FOLDER}", archive=f"{server.archive}/{FOLDER}")
        return Gallery(
            connection=self.name,
            inboxes=(self.inbox, SftpInbox(beside)),
            shelf=self.landing,
            book=IntacctAttachments(self.gateway, run),
            folder=images.folder,
            most_bytes=images.megabytes * 1_000_000,
        )

    def till(self, source: Source, progress: Progress, ended: Collection[str] = ()) -> Till:
        """What payments are recorded with."""
        from stampli_assets.pipeline.paying import Till

        desk = replace(self.desk(source, progress, ended), book=self.payments)
        return Till(desk, self.ledger.lookups, self.payments, self.target, self._recording)

    @property
    def _recording(self) -> Recording:
        from stampli_assets.pipeline.drawing import Recording

        erp = self.connection.erp
        if isinstance(erp, IntacctCompany):
            return Recording(erp.payment_method, erp.payment_number)
        if erp.payments is None:
            raise Misconfigured(
                f"Connection {self.name} records no payments: Sage X3 is the master of cash.",
                remedy="Where Stampli's payments are to be recorded in X3, say how under erp.payments (docs/x3.md).",
                code="PAYMENTS_OFF",
            )
        return Recording(erp.payments.method, erp.payments.number)

    def supplying(self, source: Source, ended: Collection[str] = ()) -> Supplying | None:
        """How vendors that the ERP lacks are created; ``None`` where they never are."""
        from stampli_assets.pipeline.suppliers import Supplying

        template = self.supplier_template
        if template is None:
            return None
        return Supplying(self.suppliers, template, self.desk(source, Unwatched(), ended))

    @property
    def supplier_template(self) -> SupplierTemplate | None:
        """What a new supplier is made from; ``None``: suppliers are never created."""
        from stampli_assets.model.suppliers import SupplierTemplate

        erp = self.connection.erp
        if self.x3 is not None:
            return self.x3.template
        assert isinstance(erp, IntacctCompany)
        return SupplierTemplate() if erp.create_vendors else None

    @cached_property
    def suppliers(self) -> SupplierBook:
        """The ERP's book of suppliers."""
        if self.x3 is not None:
            return self.x3.suppliers
        from stampli_assets.intacct.vendors import IntacctVendors

        return IntacctVendors(self.gateway)

    @cached_property
    def vendor_shelf(self) -> VendorShelf:
        """What Stampli said of its vendors, file by file."""
        from stampli_assets.landing.vendor_shelf import VendorShelf

        return VendorShelf(self.settings.path(self.settings.landing))

    def _required(self, name: str) -> Secret:
        from stampli_assets.sections.section import SecretName

        secret = self.settings.secret(SecretName(secret=name))
        assert secret is not None
        return secret


class Offices:
    """The offices of an installation, opened by name; one per process and connection."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None, faults: Faults | None = None) -> None:
        self.settings = settings
        self._clock = clock or WallClock()
        self._faults = faults or NoFaults()
        self._open: dict[str, Office] = {}

    def open(self, name: str) -> Office:
        """The office of a connection.

        Raises:
            Misconfigured: the settings know no such connection.
        """
        if name not in self._open:
            connection = self.settings.connection(name)
            self._open[name] = Office(self.settings, connection, self._clock, self._faults)
        return self._open[name]
