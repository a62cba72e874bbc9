from __future__ import annotations

import hashlib
import io
import os
import socket
import threading

import asyncssh
import pytest
from builders.sftp import PASSWORD, drop, make_inbox, make_server

from stampli_assets.model.errors import Misconfigured, Transient
from stampli_assets.model.identity import ContentDigest
from stampli_assets.model.secret import Secret


def digest(content: bytes) -> ContentDigest:
    return ContentDigest(hashlib.sha256(content).hexdigest())


def fetch(inbox, file) -> bytes:
    into = io.BytesIO()
    inbox.download(file, into)
    return into.getvalue()


def test_a_file_is_listed_and_downloaded_byte_for_byte(tmp_path):
    content = os.urandom(700_000)
    with make_server(tmp_path) as server:
        drop(server, "invoices.csv", content)
        inbox = make_inbox(server)
        (file,) = inbox.listing()
        assert (file.name, file.size, file.modified) == ("invoices.csv", 700_000, 1_795_000_000)
        assert fetch(inbox, file) == content


def test_a_stranger_learns_no_password(tmp_path):
    with make_server(tmp_path, host_key_seed="somebody else") as stranger:
        pinned = make_server(tmp_path).host_key
        with pytest.raises(Misconfigured, match="No credential was sent") as refused:
            make_inbox(stranger, host_keys=(pinned,)).listing()
        assert stranger.seen["password"] == 0
    assert refused.value.sentence.count("SHA256:") == 2


def test_during_a_rotation_either_key_is_good(tmp_path):
    with make_server(tmp_path, host_key_seed="the new key") as server:
        old = make_server(tmp_path).host_key
        assert make_inbox(server, host_keys=(old, server.host_key)).listing() == []


def test_a_wrong_password_is_told_without_the_password(tmp_path):
    with make_server(tmp_path) as server, pytest.raises(Misconfigured, match="refuses the sign-in of acme") as refused:
        make_inbox(server, password=Secret("wrong-password")).listing()
    assert "wrong-password" not in str(refused.value)


def test_a_private_key_signs_in_too(tmp_path):
    key = asyncssh.generate_private_key("ssh-ed25519")
    with make_server(tmp_path, authorized_key=key.export_public_key().decode()) as server:
        private = Secret(key.export_private_key().decode())
        assert make_inbox(server, password=None, private_key=private).listing() == []


def test_a_server_that_is_away_is_transient():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(Transient, match="does not answer"):
        make_inbox_at(port).listing()


def make_inbox_at(port: int):
    server = make_server(None)
    server.port = port
    return make_inbox(server, connect_seconds=2)


def test_a_server_that_says_nothing_does_not_hold_us_up_for_ever():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        inbox = make_inbox_at(silent.getsockname()[1])
        accepting = threading.Thread(target=silent.accept, daemon=True)
        accepting.start()
        with pytest.raises(Transient, match="handshake"):
            inbox.listing()


def test_links_directories_and_strange_names_are_no_files(tmp_path):
    with make_server(tmp_path) as server:
        drop(server, "invoices.csv")
        (tmp_path / "outbound" / "folder.csv").mkdir()
        (tmp_path / "outbound" / "link.csv").symlink_to("/etc/passwd")
        drop(server, "new\nline.csv")
        os.mkfifo(tmp_path / "outbound" / "pipe.csv")
        inbox = make_inbox(server)
        assert [file.name for file in inbox.listing()] == ["invoices.csv"]
        assert inbox.strange == ("link.csv", "new\nline.csv", "pipe.csv")


def test_a_file_that_moved_since_it_was_listed_is_not_taken(tmp_path):
    with make_server(tmp_path) as server:
        drop(server, "invoices.csv")
        inbox = make_inbox(server)
        (file,) = inbox.listing()
        drop(server, "invoices.csv", b"longer than before\n")
        with pytest.raises(Transient, match="still being written"):
            fetch(inbox, file)


def test_a_file_that_was_replaced_by_one_of_its_size_is_not_taken(tmp_path):
    with make_server(tmp_path) as server:
        drop(server, "invoices.csv", b"first\n")
        inbox = make_inbox(server)
        (file,) = inbox.listing()
        drop(server, "invoices.csv", b"other\n", modified=1_795_000_900)
        with pytest.raises(Transient, match="still being written"):
            fetch(inbox, file)


def test_a_download_that_breaks_off_is_transient(tmp_path):
    with make_server(tmp_path) as server:
        drop(server, "invoices.csv", os.urandom(3_000_000))
        inbox = make_inbox(server)
        (file,) = inbox.listing()
        server.faults.queue("drop_mid_download", after_bytes=100_000)
        with pytest.raises(Transient):
            fetch(inbox, file)
        assert len(fetch(inbox, file)) == 3_000_000


def test_an_archived_file_is_moved_whole_and_never_overwrites(tmp_path):
    with make_server(tmp_path) as server:
        inbox = make_inbox(server)
        archived = []
        for content in (b"first\n", b"other\n", b"other\n"):
            drop(server, "invoices.csv", content, modified=1_795_000_000 + len(archived))
            (file,) = inbox.listing()
            archived.append(inbox.archive(file, digest(content)))
        kept = {path.name: path.read_bytes() for path in (tmp_path / "outbound" / "archive").iterdir()}
    assert len(set(archived)) == 3
    assert kept == dict(zip(archived, (b"first\n", b"other\n", b"other\n"), strict=True))


def test_a_move_that_was_made_before_a_crash_is_found_by_its_digest(tmp_path):
    with make_server(tmp_path) as server:
        inbox = make_inbox(server)
        drop(server, "invoices.csv", b"one\n")
        (file,) = inbox.listing()
        assert inbox.archive(file, digest(b"one\n")) == "invoices.csv"
        assert inbox.archive(file, digest(b"one\n")) == "invoices.csv"


def test_a_newer_delivery_under_the_same_name_stays_in_outbound(tmp_path):
    with make_server(tmp_path) as server:
        inbox = make_inbox(server)
        drop(server, "invoices.csv", b"one\n")
        (file,) = inbox.listing()
        drop(server, "invoices.csv", b"a newer one\n")
        assert inbox.archive(file, digest(b"one\n")) == ""
        assert [there.name for there in inbox.listing()] == ["invoices.csv"]


def test_bytes_that_are_not_what_was_collected_are_noticed_in_archive(tmp_path):
    with make_server(tmp_path) as server:
        inbox = make_inbox(server)
        drop(server, "invoices.csv", b"one\n")
        (file,) = inbox.listing()
        with pytest.raises(Misconfigured, match="replaced while it was moved"):
            inbox.archive(file, digest(b"two\n"))


def test_a_refused_move_names_the_right_that_is_missing(tmp_path):
    with make_server(tmp_path) as server:
        inbox = make_inbox(server)
        drop(server, "invoices.csv", b"one\n")
        (file,) = inbox.listing()
        server.faults.queue("archive_refused")
        with pytest.raises(Misconfigured, match="acme may not use /outbound/archive"):
            inbox.archive(file, digest(b"one\n"))


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with make_server(tmp_path) as server, pytest.raises(Misconfigured, match="/elsewhere does not exist"):
        make_inbox(server, outbound="/elsewhere").listing()


def test_the_password_is_nowhere_in_what_the_server_object_shows(tmp_path):
    assert PASSWORD not in repr(make_inbox(make_server(tmp_path)).server)


def test_a_file_is_put_whole_and_one_that_lies_there_stays(tmp_path):
    with make_server(tmp_path) as server:
        (tmp_path / "inbound").mkdir()
        inbox = make_inbox(server)
        assert inbox.put("/inbound", "ack.csv", b"first\n" * 100_000) is True
        assert inbox.put("/inbound", "ack.csv", b"other\n") is False
        assert [(path.name, path.read_bytes()) for path in (tmp_path / "inbound").iterdir()] == [
            ("ack.csv", b"first\n" * 100_000)
        ]


def test_what_a_crash_left_half_written_is_written_again_and_never_seen_under_its_name(tmp_path):
    with make_server(tmp_path) as server:
        (tmp_path / "inbound").mkdir()
        inbox = make_inbox(server)
        server.faults.queue("archive_refused")
        with pytest.raises(Misconfigured, match="may not use /inbound"):
            inbox.put("/inbound", "ack.csv", b"one\n")
        assert [path.name for path in (tmp_path / "inbound").iterdir()] == [".ack.csv.tmp"]
        assert inbox.put("/inbound", "ack.csv", b"two\n") is True
        assert [path.read_bytes() for path in (tmp_path / "inbound").iterdir()] == [b"two\n"]


def test_a_directory_to_put_into_is_never_made(tmp_path):
    with make_server(tmp_path) as server, pytest.raises(Misconfigured, match="/inbound does not exist"):
        make_inbox(server).put("/inbound", "ack.csv", b"one\n")


def test_an_archive_below_folders_that_are_not_there_is_made(tmp_path):
    with make_server(tmp_path) as server:
        inbox = make_inbox(server, archive="/outbound/archive/2026/images")
        drop(server, "scan.pdf", b"one\n")
        (file,) = inbox.listing()
        assert inbox.archive(file, digest(b"one\n")) == "scan.pdf"
