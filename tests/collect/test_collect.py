from __future__ import annotations

import json

import pytest
from builders.clock import FakeClock
from builders.crash import Crash, CrashAt
from builders.sftp import drop, make_inbox, make_server
from hypothesis import given
from hypothesis import strategies as st

from stampli_assets.landing.store import LandingStore
from stampli_assets.ledger.store import LedgerStore
from stampli_assets.model.errors import Defect, NeedsPerson, Transient
from stampli_assets.model.identity import PartitionKey
from stampli_assets.model.remote import RemoteFile
from stampli_assets.pipeline.archive import ONLY_LANDED, archive
from stampli_assets.pipeline.collect import Looks, choose, collect
from stampli_assets.wiring import NoFaults

ANY = ["invoices*.csv"]


class House:
    """An SFTP server, a landing store and a ledger, and the two stages over them."""

    def __init__(self, folder, server) -> None:
        self.server = server
        self.inbox = make_inbox(server)
        self.landing = LandingStore(str(folder / "landing"))
        self.ledger = LedgerStore(f"sqlite:///{folder / 'ledger.db'}")
        self.clock = FakeClock()

    def collect(self, partition, faults=None):
        return collect(
            partition,
            connection="acme_us",
            inbox=self.inbox,
            landing=self.landing,
            deliveries=self.ledger.deliveries,
            clock=self.clock,
            run="run-1",
            faults=faults or NoFaults(),
        )

    def archive(self, landed, faults=None):
        return archive(
            landed,
            inbox=self.inbox,
            deliveries=self.ledger.deliveries,
            clock=self.clock,
            run="run-1",
            faults=faults or NoFaults(),
        )


@pytest.fixture
def house(tmp_path):
    with make_server(tmp_path / "sftp") as server:
        yield House(tmp_path, server)


def file(name: str = "invoices.csv", size: int = 10, modified: int = 1000) -> RemoteFile:
    return RemoteFile(name, size, modified)


def two_looks(listing, *, limit=100):
    first = choose(listing, Looks(), patterns=ANY, limit=limit)
    return choose(listing, Looks.load(first.looks.dump()), patterns=ANY, limit=limit)


def test_a_file_is_taken_only_when_two_looks_agree():
    first = choose([file()], Looks(), patterns=ANY, limit=10)
    assert (first.ready, first.unstable) == ((), (file(),))
    assert two_looks([file()]).ready == (file(),)
    assert choose([file(size=11)], first.looks, patterns=ANY, limit=10).ready == ()
    assert choose([file(modified=1001)], first.looks, patterns=ANY, limit=10).ready == ()


def test_a_requested_file_is_not_requested_again_but_a_new_delivery_under_its_name_is():
    second = two_looks([file()])
    third = choose([file()], second.looks, patterns=ANY, limit=10)
    assert (third.ready, third.waiting, third.unstable) == ((), (), ())
    again = choose([file(modified=2000)], third.looks, patterns=ANY, limit=10)
    assert again.unstable == (file(modified=2000),)
    assert choose([file(modified=2000)], again.looks, patterns=ANY, limit=10).ready == (file(modified=2000),)


def test_the_oldest_come_first_and_the_rest_are_named_as_waiting():
    listing = [file(f"invoices_{n}.csv", modified=1000 - n) for n in range(5)]
    choice = two_looks(listing, limit=2)
    assert [one.name for one in choice.ready] == ["invoices_4.csv", "invoices_3.csv"]
    assert [one.name for one in choice.waiting] == ["invoices_2.csv", "invoices_1.csv", "invoices_0.csv"]


@pytest.mark.parametrize("name", ["payments.csv", ".invoices.csv", "invoices.csv.tmp", "Invoices.csv", "invoices.csv~"])
def test_other_and_unfinished_names_are_never_taken(name):
    assert two_looks([file(name)]).ready == ()


def test_a_file_with_an_unfinished_twin_waits_for_it():
    assert two_looks([file(), file("invoices.csv.filepart")]).ready == ()


def test_an_unreadable_cursor_is_an_empty_memory():
    for cursor in ("", "no json", "[]", '{"a": 1}'):
        assert Looks.load(cursor) == Looks()


@given(
    st.lists(st.builds(RemoteFile, st.sampled_from(["invoices_a.csv", "invoices_b.csv", "x.csv"]), st.integers(0, 3),
                       st.integers(1, 4)), max_size=3, unique_by=lambda f: f.name),
    st.integers(1, 3),
)  # fmt: skip
def test_no_matching_file_is_ever_forgotten(listing, limit):
    looks = Looks()
    taken: list[RemoteFile] = []
    for _ in range(5):
        choice = choose(listing, looks, patterns=ANY, limit=limit)
        taken += choice.ready
        looks = Looks.load(choice.looks.dump())
    assert sorted(taken, key=str) == sorted((one for one in listing if one.name != "x.csv"), key=str)


def test_the_cursor_does_not_grow_with_what_is_gone():
    looks = two_looks([file(f"invoices_{n}.csv") for n in range(50)]).looks
    assert json.loads(choose([], looks, patterns=ANY, limit=1).looks.dump()) == {}


def test_a_collected_file_is_kept_byte_for_byte_and_found_again(house):
    drop(house.server, "invoices.csv", b"bytes\n")
    (remote,) = house.inbox.listing()
    collected = house.collect(remote.partition)
    with house.landing.open(collected.landed) as kept:
        assert kept.read() == b"bytes\n"
    (house.server.root / "outbound" / "invoices.csv").unlink()
    assert house.collect(remote.partition) == collected


def test_the_same_bytes_under_another_name_are_recognised(house):
    drop(house.server, "invoices_a.csv")
    drop(house.server, "invoices_b.csv")
    first, second = sorted(house.inbox.listing(), key=lambda one: one.name)
    assert house.collect(first.partition).same_as == ""
    house.clock.pass_time(minutes=1)
    assert house.collect(second.partition).same_as == first.partition


def test_a_file_that_is_gone_is_told_to_a_person(house):
    with pytest.raises(NeedsPerson, match="no longer in outbound"):
        house.collect(PartitionKey("20261121T0900_invoices_00000000"))


@pytest.mark.parametrize("point", ["before-download", "downloaded-not-landed", "landed"])
def test_a_crash_while_collecting_leaves_nothing_half(house, point):
    drop(house.server, "invoices.csv")
    (remote,) = house.inbox.listing()
    with pytest.raises(Crash):
        house.collect(remote.partition, CrashAt(point))
    assert house.collect(remote.partition).same_as == ""


def test_a_broken_download_lands_nothing(house):
    drop(house.server, "invoices.csv", b"x" * 2_000_000)
    (remote,) = house.inbox.listing()
    house.server.faults.queue("drop_mid_download", after_bytes=10)
    with pytest.raises(Transient):
        house.collect(remote.partition)
    assert house.landing.find("acme_us", remote.partition) is None


def test_a_landed_copy_that_was_altered_is_never_used(house):
    drop(house.server, "invoices.csv", b"one\n")
    (remote,) = house.inbox.listing()
    landed = house.collect(remote.partition).landed
    path = next(p for p in (house.server.root.parent / "landing" / "objects").rglob("*") if p.is_file())
    path.write_bytes(b"two\n")
    with pytest.raises(Defect, match="altered"):
        house.landing.open(landed)


def test_a_crash_between_move_and_record_archives_once(house):
    drop(house.server, "invoices.csv")
    (remote,) = house.inbox.listing()
    landed = house.collect(remote.partition).landed
    with pytest.raises(Crash):
        house.archive(landed, CrashAt("archived-not-recorded"))
    assert house.archive(landed).name == "invoices.csv"
    assert house.archive(landed).note == "It was archived before."
    assert [p.name for p in (house.server.root / "outbound" / "archive").iterdir()] == ["invoices.csv"]


def test_a_delivery_that_was_replaced_is_settled_without_touching_the_newer_one(house):
    drop(house.server, "invoices.csv", b"one\n")
    (remote,) = house.inbox.listing()
    landed = house.collect(remote.partition).landed
    drop(house.server, "invoices.csv", b"two, longer\n")
    assert house.archive(landed).name == ONLY_LANDED
    assert (house.server.root / "outbound" / "invoices.csv").read_bytes() == b"two, longer\n"


def test_an_archived_file_that_is_put_back_is_archived_beside_its_first_copy(house):
    drop(house.server, "invoices.csv", b"one\n")
    (remote,) = house.inbox.listing()
    landed = house.collect(remote.partition).landed
    assert house.archive(landed).name == "invoices.csv"
    drop(house.server, "invoices.csv", b"one\n")
    assert house.inbox.listing() == [remote]
    assert house.archive(landed).name == f"invoices.csv.{landed.digest[:8]}"
    assert house.inbox.listing() == []
