"""Files that belong to our own user alone: rights checked when read, replaced as a whole, one writer at a time.

Does not know what the files hold.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shlex
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from stampli_assets.model.errors import Misconfigured, Transient

POLL_SECONDS = 0.02
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_owned(path: Path, *, what: str, most_bytes: int, guarded: bool = True, follow: bool = False) -> bytes:
    """The content of a file that nobody but its owner, our user, may open. ``what`` names it in sentences.

    ``guarded`` false leaves the rights to whoever made the file (systemd); ``follow`` allows a symbolic link.

    Raises:
        FileNotFoundError: there is none.
        Misconfigured: it cannot be read, is no plain file, is too large, or others may open it. The operator mends it;
            the remedy is the command to run.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
    try:
        file = os.open(path, flags)
        try:
            _check(path, os.fstat(file), what=what, guarded=guarded)
            with os.fdopen(os.dup(file), "rb") as reading:
                content = reading.read(most_bytes + 1)
        finally:
            os.close(file)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Misconfigured(
            f"{what} {path} cannot be read: {error.strerror or type(error).__name__}.",
            remedy="It must be a plain file (no symbolic link for the vault itself) that this process's user may read.",
            code="VAULT_UNREADABLE",
        ) from None
    if len(content) > most_bytes:
        raise Misconfigured(
            f"{what} {path} is larger than {most_bytes} bytes.", remedy="Check the path.", code="VAULT_UNREADABLE"
        )
    return content


def replace_whole(path: Path, content: bytes) -> None:
    """Put the content in place of the former: whole and durable when this returns, the former one until then.

    The file is of our user alone (0600). File and folder are synced, so that a power failure leaves one or the other.

    Raises:
        Misconfigured: the folder cannot be written; what was there is untouched.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_new(beside, content)
            beside.replace(path)
        except BaseException:
            with suppress(OSError):
                beside.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be written: {error.strerror or type(error).__name__}.",
            remedy=f"Check the disk and the rights of {path.parent}; what was there before is untouched.",
            code="VAULT_UNWRITABLE",
        ) from None


def write_new(path: Path, content: bytes) -> None:
    """Make a file (0600) that was not there, durably; raises ``FileExistsError`` when something is."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "wb") as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power failure."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def sweep(path: Path) -> None:
    """Remove what writers of ``path`` that died left beside it. Only while its lock is held."""
    for left in path.parent.glob(f".{path.name}.????????"):
        with suppress(OSError):
            left.unlink()


@contextmanager
def alone(path: Path, *, wait_seconds: float, what: str, code: str) -> Iterator[None]:
    """Nobody else, process or thread, is in here with the same ``path`` (a lock file, which stays).

    The lock ends with its holder, however that dies.

    Raises:
        Transient: somebody else holds it for longer than ``wait_seconds``.
        Misconfigured: the lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Misconfigured(
            f"The lock file {path} cannot be opened: {error.strerror or type(error).__name__}.",
            remedy=f"Check the rights of {path.parent}.",
            code="VAULT_UNWRITABLE",
        ) from None
    try:
        _wait_for(file, wait_seconds, what, code)
        yield
    finally:
        os.close(file)


def _wait_for(file: int, wait_seconds: float, what: str, code: str) -> None:
    until = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Transient(
                    f"Another process {what} and does not come to an end.",
                    remedy="It is tried again; if it lasts, look for a hanging process of this program.",
                    code=code,
                ) from None
            time.sleep(POLL_SECONDS)


def _check(path: Path, told: os.stat_result, *, what: str, guarded: bool) -> None:
    if not stat.S_ISREG(told.st_mode):
        raise Misconfigured(f"{what} {path} is no plain file.", remedy="Check the path.", code="VAULT_UNREADABLE")
    if guarded and told.st_uid != os.geteuid():
        owner = _user(told.st_uid)
        raise Misconfigured(
            f"{what} {path} belongs to {owner}; this process runs as {_user(os.geteuid())}.",
            remedy=f"Run the command as {owner}, or give the file away: chown {_user(os.geteuid())} "
            f"{shlex.quote(str(path))}",
            code="VAULT_RIGHTS",
        )
    if guarded and told.st_mode & OTHERS:
        raise Misconfigured(
            f"{what} {path} may be opened by others than its owner (mode {stat.S_IMODE(told.st_mode):04o}).",
            remedy=f"Run: chmod 600 {shlex.quote(str(path))}",
            code="VAULT_RIGHTS",
        )


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
