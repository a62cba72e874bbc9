"""Replay: the journal told once more, entry by entry, into the tables as they must be. What differs was edited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from stampli_assets.ledger.folding import folded
from stampli_assets.ledger.journal import GENESIS, digest_of
from stampli_assets.ledger.schema import NEVER_CHANGES, decisions, deliveries, postings
from stampli_assets.model.money import Money
from stampli_assets.model.postings import Decision, State
from stampli_assets.model.trail import Break

COLUMNS = tuple(column.name for column in postings.c)
DELIVERED = tuple(column.name for column in deliveries.c)
DECIDED = tuple(column.name for column in decisions.c)
_AT = {name: place for place, name in enumerate(COLUMNS)}
_TOLD = (
    "connection", "partition", "file_name", "number", "vendor_id", "vendor_name", "fingerprint", "mapped_digest",
    "mapping_version", "accounts", "first_row", "currency",
)  # fmt: skip
_REASON = ("reason_code", "reason_sentence", "reason_remedy", "reason_raw")
_OTHERWISE = "Restore the ledger from its backup; nothing is to be sent before."
_EDITED = (
    "Ask who writes to the ledger's database. Restore it from its backup, or look the documents up in the ERP and let "
    "their rows be set back to what the journal says."
)


class Replay:
    """Takes the journal's entries in order, then tells where the tables differ from what they add up to.

    Args:
        anchors: digests of entries by their number, as they were kept elsewhere when they were the journal's last.
    """

    def __init__(self, anchors: Mapping[int, str] | None = None) -> None:
        self._anchors = dict(anchors or {})
        self._postings: dict[str, list[Any]] = {}
        self._deliveries: dict[tuple[str, str], dict[str, Any]] = {}
        self._decisions: dict[tuple[str, str], dict[str, Any]] = {}
        self._last = (0, GENESIS)

    @property
    def entries(self) -> int:
        """How many entries were taken."""
        return self._last[0]

    @property
    def postings(self) -> int:
        """How many postings they tell of."""
        return len(self._postings)

    def read(self, entries: Iterable[Sequence[Any]]) -> Break | None:
        """Take ``(seq, at, run, what, previous, digest)`` rows in order; answers the first that is not as written."""
        for seq, at, run, what, previous, digest in entries:
            expected = self.entries + 1
            if seq != expected or previous != self._last[1] or digest != digest_of(seq, at, run, what, previous):
                return Break(
                    f"Entry {expected} of the journal is not as it was written, or is missing.", _OTHERWISE, expected
                )
            anchor = self._anchors.pop(seq, digest)
            if anchor != digest:
                return Break(
                    f"Entry {seq} of the journal is another one than Dagster's run history knows: everything from some "
                    "entry before it on was written anew.", _OTHERWISE, seq
                )  # fmt: skip
            self._last = (seq, digest)
            try:
                self._take(json.loads(what), at, run)
            except (KeyError, TypeError, ValueError) as error:
                return Break(f"Entry {seq} of the journal cannot follow what is before it: {error}.", _OTHERWISE, seq)
        return self._cut_off()

    def _cut_off(self) -> Break | None:
        lost = [seq for seq in self._anchors if seq > self.entries]
        if not lost:
            return None
        return Break(
            f"The journal ends at entry {self.entries}; Dagster's run history knows entry {max(lost)}. Its end was cut "
            "off, or an older ledger was put in its place.", _OTHERWISE, self.entries + 1
        )  # fmt: skip

    def compare(
        self,
        posted: Iterable[Sequence[Any]],
        delivered: Iterable[Sequence[Any]] = (),
        decided: Iterable[Sequence[Any]] = (),
    ) -> Iterator[Break]:
        """Where the rows of the tables, in the order of their columns, are not what the journal adds up to."""
        yield from self._compare_postings(posted)
        files = {one: [row[name] for name in DELIVERED] for one, row in self._deliveries.items()}
        yield from _compared("delivery", DELIVERED, delivered, files, ("connection", "partition"))
        ways = {one: [row[name] for name in DECIDED] for one, row in self._decisions.items()}
        yield from _compared("decision", DECIDED, decided, ways, ("key", "what"))

    def _compare_postings(self, posted: Iterable[Sequence[Any]]) -> Iterator[Break]:
        unseen = self._postings
        for row in posted:
            expected = unseen.pop(row[0], None)
            if expected is None:
                yield Break(
                    f"The posting {_called(row)} is in the ledger, and no entry of the journal tells of it.", _EDITED
                )
            elif list(row) != expected:
                yield Break(_differs(f"posting {_called(expected)}", COLUMNS, row, expected), _EDITED)
        for row in unseen.values():
            yield Break(f"The posting {_called(row)} is in the journal, and not in the ledger any more.", _EDITED)

    def _take(self, entry: Mapping[str, Any], at: str, run: str) -> None:
        match entry["what"]:
            case "collected":
                self._collected(entry, at, run)
            case "archived":
                self._deliveries[entry["connection"], entry["partition"]]["archived_as"] = entry["archived_as"]
            case "decided" | "rebuilt":
                self._decided(entry, at)
            case "findings":
                pass
            case "planned" if "state" not in entry:
                self._planned(entry, at, run)
            case "identified":
                self._set(entry["key"], {name: entry[name] for name in NEVER_CHANGES})
            case "approved anew":
                self._change(entry["key"], {**_content(entry), "run": run}, at)
            case "sending":
                self._change(entry["key"], {**_content(entry), **_sent(entry, at, run)}, at)
            case word if word == entry["state"]:
                self._change(entry["key"], _verdict(entry), at)
            case word:
                raise ValueError(f"nobody writes {word!r}")

    def _collected(self, entry: Mapping[str, Any], at: str, run: str) -> None:
        row = {name: entry[name] for name in ("connection", "partition", "name", "digest", "size", "modified")}
        self._deliveries[row["connection"], row["partition"]] = {
            **row, "run": run, "collected_at": at, "archived_as": ""
        }  # fmt: skip

    def _decided(self, entry: Mapping[str, Any], at: str) -> None:
        decision = Decision(entry.get("decision", entry["what"]))
        told = {"key": entry["key"], "what": str(decision), "by": entry["by"], "because": entry["because"], "at": at}
        self._decisions[told["key"], told["what"]] = told
        if decision is Decision.ABSENT:
            epoch = self._postings[entry["key"]][_AT["epoch"]] + 1
            again = {"state": str(State.PLANNED), "epoch": epoch, "intent_at": None, **dict.fromkeys(_REASON, "")}
            self._change(entry["key"], again, at)

    def _planned(self, entry: Mapping[str, Any], at: str, run: str) -> None:
        if entry["key"] in self._postings:
            raise ValueError(f"{entry['number']} was planned before")
        row: list[Any] = [""] * len(COLUMNS)
        self._postings[entry["key"]] = row
        first = {"key": entry["key"], "state": str(State.PLANNED), "epoch": 1, "version": 1, "adopted": False}
        known = {name: entry[name] for name in NEVER_CHANGES if name in entry}
        self._set(entry["key"], {**_content(entry), **first, **known, "run": run, "updated_at": at, "intent_at": None})

    def _change(self, key: str, change: Mapping[str, Any], at: str) -> None:
        row = self._postings[key]
        if row[_AT["state"]] == State.POSTED:
            raise ValueError(f"{_called(row)} was posted before, which never changes")
        self._set(key, {**change, "updated_at": at, "version": row[_AT["version"]] + 1})

    def _set(self, key: str, values: Mapping[str, Any]) -> None:
        row = self._postings[key]
        for name, value in values.items():
            row[_AT[name]] = value


def _content(entry: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: entry[name] for name in _TOLD}
    total = Money.parse(entry["total"], entry["currency"]).minor
    return {**told, "total": total, "number_folded": folded(entry["number"])}


def _sent(entry: Mapping[str, Any], at: str, run: str) -> dict[str, Any]:
    return {
        "state": str(State.SENDING), "epoch": entry["epoch"], "run": run, "intent_at": at, **dict.fromkeys(_REASON, "")
    }  # fmt: skip


def _verdict(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What a verdict leaves: an empty column is not told."""
    change = {name: entry.get(name, "") for name in _REASON} | {"state": str(State(entry["state"]))}
    change |= {name: entry[name] for name in ("record_no", "adopted") if name in entry}
    return change | ({"intent_at": None} if entry["state"] == State.PLANNED else {})


def _compared(
    noun: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    expected: dict[tuple[str, str], list[Any]],
    key: Sequence[str],
) -> Iterator[Break]:
    places = [columns.index(name) for name in key]
    for row in rows:
        its_key = tuple(row[place] for place in places)
        mine = expected.pop((its_key[0], its_key[1]), None)
        if mine is None:
            yield Break(
                f"The {noun} {' '.join(its_key)} is in the ledger, and no entry of the journal tells of it.", _EDITED
            )
        elif list(row) != mine:
            yield Break(_differs(f"{noun} {' '.join(its_key)}", columns, row, mine), _EDITED)
    for its_key in expected:
        yield Break(f"The {noun} {' '.join(its_key)} is in the journal, and not in the ledger any more.", _EDITED)


def _called(row: Sequence[Any]) -> str:
    return (
        f"{row[_AT['number']]} of vendor {row[_AT['vendor_id']]} ({row[_AT['file_name']]} row {row[_AT['first_row']]})"
    )


def _differs(what: str, columns: Sequence[str], row: Sequence[Any], expected: Sequence[Any]) -> str:
    told = [
        f"{name} is {mine!r} and was written as {written!r}"
        for name, mine, written in zip(columns, row, expected, strict=True)
        if mine != written
    ]
    return f"The {what} was edited: {'; '.join(told)}."
