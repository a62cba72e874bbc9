"""Run in a process of its own: one flood of an answer, how the call ended, and by how much memory grew."""

from __future__ import annotations

import json
import resource
import sys

from hostile import callers
from hostile.callers import SIGNED_IN, reads
from hostile.hosts import Host, bomb, pours, says

FLOODS = {
    "a gigabyte": lambda: pours(1024),
    "a gzip of a gigabyte": lambda: bomb(1024),
    "a swarm of XML elements": lambda: pours(15, b"<a/>", b"<response>", b"</response>"),
    "a swarm of JSON lists": lambda: pours(15, b"[],", b'{"data":[', b"[]]}"),
}


def main() -> None:
    client, _, flood = sys.argv[1].partition(": ")
    callers.PATIENCE["reply_seconds"] = 60
    script = FLOODS[flood]()
    with Host(says(SIGNED_IN)) as host:
        reads("intacct", host.base_url)  # what is loaded when it is first used is no growth
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Host(*([says(SIGNED_IN)] if client == "intacct" else []), script) as host:
        end = reads(client, host.base_url)
    grew = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sys.stdout.write(json.dumps({"end": end, "grew": grew}))


if __name__ == "__main__":
    main()
