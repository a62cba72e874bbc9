"""Whatever an SFTP server does, a call ends: in time, in little memory, with an error that says what happened."""

from __future__ import annotations

import asyncio
import os
from types import SimpleNamespace

import asyncssh
import pytest
from builders.sftp import drop, make_inbox, make_server

from stampli_assets.model.errors import Transient
from stampli_assets.sandbox.sftp import SftpServer, _Account
from stampli_assets.sftp import connection
from stampli_assets.sftp.connection import connected


class Hostile(SftpServer):
    """A server that proves who it is and then does what the test says."""

    def __init__(self, root, account=_Account, **given) -> None:
        super().__init__(root, username="acme", password="sandbox-only-password")
        self.account, self.given = account, given

    async def _listen(self):
        return await asyncssh.create_server(
            lambda: self.account(self), self.host, 0, server_host_keys=[self._key], **self.given
        )


class Endless(asyncssh.SFTPServer):
    """Lists names for ever."""

    pause = 0.0

    async def scandir(self, path):
        number = 0
        while True:
            number += 1
            if self.pause:
                await asyncio.sleep(self.pause)
            yield asyncssh.SFTPName(b"%0200d.csv" % number, attrs=asyncssh.SFTPAttrs(size=1, permissions=0o100644))


class Trickling(Endless):
    """The same, slowly: no wait for a byte is long."""

    pause = 0.01


class Packets(asyncssh.SSHServerSession):
    """Announces a packet of 16 MB and hangs up within it."""

    def connection_made(self, chan) -> None:
        self._chan = chan

    def subsystem_requested(self, subsystem: str) -> bool:
        return subsystem == "sftp"

    def data_received(self, data, datatype) -> None:
        self._chan.write(b"\x00\xff\xff\xff" + bytes(1000))
        self._chan.exit(0)


class Announcing(_Account):
    def session_requested(self) -> Packets:
        return Packets()


def test_a_listing_without_end_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "MOST_LISTING_BYTES", 1024 * 1024)
    with Hostile(tmp_path, sftp_factory=Endless) as server, pytest.raises(Transient, match="its listing does not end"):
        make_inbox(server).listing()


def test_a_listing_that_trickles_is_late_as_a_whole(tmp_path):
    with Hostile(tmp_path, sftp_factory=Trickling) as server:
        inbox = make_inbox(server)
        late = pytest.raises(Transient, match="did not come to an end within 1 seconds")
        with late, connected(inbox.server, 1) as client:
            client.listdir_attr("/outbound")


def test_a_packet_that_no_server_needs_is_not_taken_in(tmp_path):
    with (
        Hostile(tmp_path, Announcing, encoding=None) as server,
        pytest.raises(Transient, match="a packet of 16,777,215 bytes"),
    ):
        make_inbox(server).listing()


def test_what_is_no_file_is_never_taken(tmp_path):
    with make_server(tmp_path) as server:
        good = drop(server, "invoices.csv")
        outbound = good.parent
        (outbound / "invoices_link.csv").symlink_to("/etc/passwd")
        (outbound / "invoices_folder.csv").mkdir()
        os.mkfifo(outbound / "invoices_pipe.csv")
        (outbound / "invoices\x1b[2J.csv").write_bytes(b"x")
        (outbound / "invoices\n.csv").write_bytes(b"x")
        (outbound / "invoices\u202evsc.csv").write_bytes(b"x")
        inbox = make_inbox(server)
        assert [file.name for file in inbox.listing()] == ["invoices.csv"]
        assert len(inbox.strange) == 5


def test_a_server_that_serves_more_than_it_listed_is_refused(tmp_path):
    with make_server(tmp_path) as server:
        path = drop(server, "invoices.csv", b"a" * 1000)
        inbox = make_inbox(server)
        (file,) = inbox.listing()
        path.write_bytes(b"a" * 3_000_000)
        with pytest.raises(Transient, match="changed while it was collected"):
            inbox.download(file, SimpleNamespace(write=pytest.fail))
