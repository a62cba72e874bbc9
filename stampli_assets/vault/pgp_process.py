"""The process that opens one encrypted export: ``python -m stampli_assets.vault.pgp_process``, told what to do on stdin.

It can write ``most`` bytes and no more. Secrets come by stdin, never by its arguments; nothing is printed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

OPENED, KEY_UNUSABLE, NOT_OPENED, TOO_LARGE = 0, 10, 11, 12


def main() -> int:
    """Open one export; answers how it ended."""
    import resource

    import pysequoia

    order = json.loads(sys.stdin.buffer.read())
    most = int(order["most"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most + 1, most + 1))
    try:
        decryptor = pysequoia.Tsk.from_bytes(order["key"].encode()).decryptor(order["passphrase"])
    except Exception:  # noqa: BLE001 - the library's errors have no common type
        return KEY_UNUSABLE
    try:
        pysequoia.decrypt_file(order["path"], order["into"], decryptor)
    except Exception:  # noqa: BLE001 - the same
        return TOO_LARGE if Path(order["into"]).stat().st_size > most else NOT_OPENED
    return OPENED


if __name__ == "__main__":
    sys.exit(main())
