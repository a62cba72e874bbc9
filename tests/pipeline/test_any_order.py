"""Invoice files, payment files and re-exports in every order end in the same books; told by an auditor of its own."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from builders.bills import make_source
from builders.clock import FakeClock
from builders.crash import Quiet
from builders.exports import as_csv, row
from builders.intacct import make_gateway, make_masters, make_simulator
from builders.ledgers import make_store
from builders.payments import paid, payment_lines

from stampli_assets.intacct.bills import IntacctBills
from stampli_assets.intacct.payments import IntacctPayments
from stampli_assets.intacct.reference import IntacctReference
from stampli_assets.mapping.rules import Rules
from stampli_assets.model.identity import partition_key
from stampli_assets.pipeline.drawing import Recording
from stampli_assets.pipeline.map import map_lines
from stampli_assets.pipeline.parse import parse
from stampli_assets.pipeline.paying import Till, pay
from stampli_assets.pipeline.post import Desk, Pace
from stampli_assets.pipeline.stages import MappedBatch, post_batch
from stampli_assets.pipeline.target import Target
from stampli_assets.sandbox.intacct import ap_team
from stampli_assets.stampli.layout import Layout
from stampli_assets.wiring import NoFaults

TARGET = Target(erp="intacct", company="ACME", entity_id="100", post_as="draft")
pytestmark = pytest.mark.sqlite_only


def invoices(*numbered: tuple[str, str], kind: str = "INVOICE") -> list[dict[str, str]]:
    return [
        row(
            Stampli_Invoice_ID=f"ST-{number}",
            Invoice_Number=number,
            Document_Type=kind,
            Vendor_ID="V-1",
            GL_Account="64500",
            Department_ID="",
            Invoice_Total=amount,
            Line_Amount=amount,
        )
        for number, amount in numbered
    ]


FIRST = as_csv([*invoices(("INV-1", "100.00"), ("INV-2", "50.00")), *invoices(("CM-1", "-20.00"), kind="CREDIT_MEMO")])
AGAIN = as_csv(invoices(("INV-2", "50.00"), ("INV-3", "30.00")))
PART = [paid("SP-1", ("INV-1", "40.00"))]
REST = [paid("SP-2", ("INV-1", "60.00"), ("INV-2", "50.00"), ("CM-1", "-20.00")), paid("SP-3", ("INV-3", "30.00"))]
DELIVERIES = {"first": FIRST, "again": AGAIN, "part": PART, "rest": REST}
BILLS = {"INV-1": Decimal(100), "INV-2": Decimal(50), "INV-3": Decimal(30)}
PAYMENTS = {"NO-SP-1": Decimal(40), "NO-SP-2": Decimal(90), "NO-SP-3": Decimal(30)}


class World:
    def __init__(self, folder, simulator, clock) -> None:
        self.simulator, self.clock = simulator, clock
        self.store = make_store(folder, now=clock.now)
        gateway = make_gateway(simulator.url, clock)
        self.bills, self.payments = IntacctBills(gateway, gateway.company), IntacctPayments(gateway, gateway.company)
        books = IntacctReference(gateway)
        self.how = {
            "rules": Rules.load(""),
            "reference": {
                "vendors": books.vendors(),
                "gl_accounts": books.gl_accounts(),
                "dimensions": books.dimensions(),
            },
        }

    def run(self, name: str, place: int) -> bool:
        """Whether the delivery is settled now."""
        modified = int(datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp()) + 900 * place
        partition = partition_key(f"{name}.csv", 1, modified)
        content = DELIVERIES[name]
        run = self._invoices if isinstance(content, bytes) else self._payments
        ended = run(content, make_source(partition=partition))
        return all(finding.end.is_settled for finding in ended.findings)

    def _invoices(self, content, source):
        lines = parse(io.BytesIO(content), name="invoices.csv", layout=Layout()).lines
        mapped = map_lines(lines, target=TARGET, **self.how)
        assert mapped.holds.empty, mapped.holds["sentence"].tolist()
        batch = MappedBatch(mapped, (), "", self.clock.now())
        return post_batch(batch, desk=self._desk(source, self.bills), target=TARGET, record=lambda _: None)

    def _payments(self, rows, source):
        desk = self._desk(source, self.payments)
        till = Till(desk, self.store.lookups, self.payments, TARGET, Recording("EFT"))
        return pay(payment_lines(*rows), till=till, record=lambda _: None, **self.how)

    def _desk(self, source, book) -> Desk:
        return Desk(
            ledger=self.store.postings,
            leases=self.store.leases,
            book=book,
            clock=self.clock,
            source=source,
            faults=NoFaults(),
            progress=Quiet(),
            pace=Pace(functions_per_request=5, parallel_requests=1, settle=timedelta(minutes=20)),
        )


def audit(books) -> None:
    """Reads the books alone."""
    assert Counter(bill["RECORDID"] for bill in books["bills"]) == Counter(list(BILLS))
    assert {bill["RECORDID"]: Decimal(bill["TRX_TOTALENTERED"]) for bill in books["bills"]} == BILLS
    assert [(one["RECORDID"], Decimal(one["TRX_TOTALENTERED"])) for one in books["adjustments"]] == [("CM-1", -20)]
    assert Counter(one["DOCNUMBER"] for one in books["payments"]) == Counter(list(PAYMENTS))
    assert {one["DOCNUMBER"]: Decimal(one["TRX_TOTALENTERED"]) for one in books["payments"]} == PAYMENTS
    assert {Decimal(one["TRX_TOTALDUE"]) for one in (*books["bills"], *books["adjustments"])} == {Decimal(0)}


def test_every_order_of_files_ends_in_the_same_books_whenever_drafts_are_released(tmp_path):
    bank = [{"BANKACCOUNTID": "CHK-1", "STATUS": "active", "LOCATIONID": "100"}]
    for number, order in enumerate(permutations(DELIVERIES)):
        clock = FakeClock()
        with make_simulator(now=clock.now, masters=make_masters(checking_accounts=bank)) as simulator:
            world = World(tmp_path / str(number), simulator, clock)
            waiting = []
            for place, name in enumerate(order):
                if not world.run(name, place):
                    waiting.append((name, place))
                if number % 2:
                    ap_team.release(simulator.books)
            ap_team.release(simulator.books)
            for _ in range(2):
                waiting = [one for one in waiting if not world.run(*one)]
            assert waiting == [], order
            audit(simulator.books.as_json())
            assert world.run(order[0], 0), order
            audit(simulator.books.as_json())
