"""Verify an exported journal, with nothing but Python: ``python verify_journal.py journal.jsonl [NUMBER DIGEST]``.

It is written from the description of the journal, and shares no line with the program that wrote it. Each line is an entry,
a JSON object: ``seq`` counts from 1; ``previous`` is the digest of the entry before (64 zeros for the first); ``digest`` is
the SHA-256, in hexadecimal, of the UTF-8 bytes of the JSON array of the five texts seq, at, run, what, previous, without
blanks and without escapes for characters beyond ASCII.

NUMBER and DIGEST name an entry as it was noted elsewhere (a run in Dagster carries it as "Journal head"): it must be there.
Exit code 0: whole. 1: not whole, and where. 2: wrong use.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path


def first_break(lines: Iterable[str], anchors: dict[int, str]) -> tuple[str | None, tuple[int, str]]:
    """A sentence on the first entry that is not as it was written, or None; and the last entry that is."""
    number, last = 0, "0" * 64
    for line in lines:
        try:
            entry = json.loads(line)
            parts = [str(entry["seq"]), entry["at"], entry["run"], entry["what"], entry["previous"]]
            array = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
            digest = hashlib.sha256(array.encode("utf-8")).hexdigest()
        except (ValueError, KeyError, TypeError):
            return f"Line {number + 1} is no entry of a journal.", (number, last)
        if entry["seq"] != number + 1:
            return f"Entry {number + 1} is missing; entry {entry['seq']} stands in its place.", (number, last)
        if entry["previous"] != last:
            return f"Entry {number + 1} is not chained to the entry before it.", (number, last)
        if entry["digest"] != digest:
            return f"Entry {number + 1} is not as it was written.", (number, last)
        number, last = number + 1, digest
        if anchors.pop(number, digest) != digest:
            return f"Entry {number} is another one than was noted elsewhere.", (number, last)
    if anchors:
        return f"Entry {max(anchors)} was noted elsewhere; the journal ends at entry {number}.", (number, last)
    return None, (number, last)


def main(words: Sequence[str]) -> int:
    """Read the file that is named and say how it is."""
    if len(words) not in (1, 3) or (len(words) == 3 and not words[1].isdigit()):
        sys.stderr.write(str(__doc__))
        return 2
    anchors = {int(words[1]): words[2].lower()} if len(words) == 3 else {}
    try:
        with Path(words[0]).open(encoding="utf-8") as lines:
            broken, (number, digest) = first_break(lines, anchors)
    except (OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{words[0]} cannot be read: {error}\n")
        return 2
    sys.stdout.write(f"{broken}\n" if broken else f"The journal is whole: {number} entries, the last is {digest}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
