"""The start-up check: do the names of the settings exist in this folder? If not, which line of the settings says so.

GraphQL is asked by introspection, REST by ``$prototypes`` for what it creates [D] and by one row for what it lists.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from stampli_assets.model.errors import Misconfigured
from stampli_assets.x3.exact import Json
from stampli_assets.x3.names import PAYMENTS, Names, Node, RestClass
from stampli_assets.x3.rest import RestApi

MOST_LISTED = 40
ANSWERED_ONLY = frozenset({"record_no"})
"""Fields of a create that X3 answers and nobody sends."""
CHILDREN = {"lines": "line_", "line_analytical": "analytical_", "addresses": "address_"}
"""Fields that hold lines of an object, and how the fields of those lines begin."""


ESSENTIAL = frozenset({"including", "excluding", "start", "end", "debit", "credit", "due"})
"""Words without which a name means something else."""
_SAME = {"with": "including", "without": "excluding", "incl": "including", "excl": "excluding"}
_HUMP = re.compile(r"([A-Z]+)")
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One name that the folder does not publish: what is missing, and the ``line`` to write into the settings."""

    setting: str
    sentence: str
    line: str

    def __str__(self) -> str:
        return f"{self.sentence} Put into the settings: {self.line}" if self.line else self.sentence


def check(names: Names[Node], schema: Json, *, unused: Collection[str] = PAYMENTS) -> list[Problem]:
    """What of the names a GraphQL folder lacks; ``schema`` is :meth:`~stampli_assets.x3.graphql.GraphQLApi.schema`.

    ``unused`` places are not looked at: as a rule no payments are recorded.
    """
    tree = _Schema(schema)
    asked = {place: node for place, node in names.places().items() if not node.missing and place not in unused}
    return [problem for place, node in asked.items() for problem in _Check(tree, place, node, names).all()]


def check_rest(names: Names[RestClass], api: RestApi, *, unused: Collection[str] = PAYMENTS) -> list[Problem]:
    """What of the names a REST folder lacks, and which of the fields that it demands are never sent.

    Raises:
        Transient: X3 did not answer usefully.
    """
    asked = {place: of for place, of in names.places().items() if not of.missing and place not in unused}
    return [problem for place, of in asked.items() for problem in _rest_place(place, of, api)]


def raise_on(problems: Sequence[Problem]) -> None:
    """Raises ``Misconfigured`` with every problem and the lines of the settings that mend them; none raises nothing."""
    if problems:
        told = "\n".join(f"  {problem.setting}: {problem.sentence}" for problem in problems)
        lines = "\n".join(dict.fromkeys(f"  {problem.line}" for problem in problems if problem.line))
        raise Misconfigured(
            f"This X3 folder does not publish what the settings name ({len(problems)}):\n{told}",
            remedy=f"Put into the settings, under erp:\n{lines}"
            if lines
            else "Ask the X3 administrator to publish it.",
            code="NAMES",
        )


class _Schema:
    """Introspection, by name."""

    def __init__(self, schema: Json) -> None:
        self._types: dict[str, Json] = {str(one["name"]): one for one in schema.get("types") or ()}
        self._roots = {
            "query": _name(schema.get("queryType")),
            "mutation": _name(schema.get("mutationType")),
        }

    def root(self, kind: str) -> str:
        return self._roots[kind]

    def outputs(self, of: str) -> dict[str, str]:
        """The properties of a type, each with the name of its type."""
        return {str(one["name"]): _innermost(one["type"]) for one in self._types.get(of, {}).get("fields") or ()}

    def inputs(self, of: str) -> dict[str, str]:
        return {str(one["name"]): _innermost(one["type"]) for one in self._types.get(of, {}).get("inputFields") or ()}

    def arguments(self, of: str, field: str) -> dict[str, str]:
        for one in self._types.get(of, {}).get("fields") or ():
            if one["name"] == field:
                return {str(argument["name"]): _innermost(argument["type"]) for argument in one.get("args") or ()}
        return {}

    def words(self, of: str) -> list[str]:
        return [str(one["name"]) for one in self._types.get(of, {}).get("enumValues") or ()]


class _Check:
    """One operation of the settings against the schema."""

    def __init__(self, schema: _Schema, place: str, node: Node, names: Names[Node]) -> None:
        self._schema, self._place, self._node, self._names = schema, place, node, names
        self._writes = bool(node.input)

    def all(self) -> Iterator[Problem]:
        """Stops at the first step of the way to the operation that is missing; properties are all told."""
        at = self._schema.root("mutation" if self._writes else "query")
        steps = [(part, getattr(self._node, part)) for part in ("package", "node", "operation")]
        for number, (part, name) in enumerate(steps):
            known = self._schema.outputs(at)
            if name not in known:
                yield self._missing_step(part, name, known, deeper=[step for _, step in steps[number + 1 :]], at=at)
                return
            parent, at = at, known[name]
        yield from self._of_create(parent, at) if self._writes else self._of_query(parent, at)

    def _missing_step(
        self, part: str, name: str, known: Mapping[str, str], *, deeper: Sequence[str], at: str
    ) -> Problem:
        """The same operation in another package, or the nearest name at this step."""
        if part == "node":
            packages = self._schema.outputs(self._schema.root("mutation" if self._writes else "query"))
            home = next((package for package, of in packages.items() if name in self._schema.outputs(of)), "")
            if home:
                sentence = f"X3 publishes {name} in {home} and not in {self._node.package}."
                return self._problem("package", sentence, f"package: {home}")
        nearest = _nearest(name, [one for one, of in known.items() if self._leads(of, deeper)]) or _nearest(name, known)
        listed = _listed(known) if known else "nothing"
        sentence = f"X3 publishes no {part} {name!r} in {at or 'the schema'}; it publishes {listed}."
        return self._problem(part, sentence, f"{part}: {nearest}" if nearest else "")

    def _leads(self, of: str, deeper: Sequence[str]) -> bool:
        for step in deeper:
            found = self._schema.outputs(of)
            if step not in found:
                return False
            of = found[step]
        return True

    def _of_query(self, parent: str, connection: str) -> Iterator[Problem]:
        missing = {"first", "after", "filter", "orderBy"} - set(self._schema.arguments(parent, self._node.operation))
        if missing:
            yield Problem(
                f"names.{self._place}", f"{self._node} takes no {', '.join(sorted(missing))}: it is no list.", ""
            )
            return
        edge = self._schema.outputs(self._schema.outputs(connection).get("edges", "")).get("node", "")
        for field, path in self._node.fields.items():
            yield from self._property(field, path, edge)

    def _of_create(self, parent: str, answered: str) -> Iterator[Problem]:
        taken = self._schema.arguments(parent, self._node.operation).get("data", "")
        if taken != self._node.input:
            sentence = f"{self._node} takes {taken or 'no data'!r} and not {self._node.input!r}."
            yield self._problem("input", sentence, f"input: {taken}" if taken else "")
        for field in ("record_no", "total"):
            if path := self._node.fields.get(field):
                yield from self._property(field, path, answered)
        yield from self._inputs(taken, "")

    def _inputs(self, of: str, prefix: str) -> Iterator[Problem]:
        """The properties of an input, then those of its lines."""
        known = self._schema.inputs(of)
        for field, path in self._node.fields.items():
            if _prefix(field) != prefix or not path or field in ANSWERED_ONLY:
                continue
            first, _, inner = path.partition(".")
            if first not in known:
                yield self._absent(field, first, of, known, path=path)
            elif inner and inner not in (below := self._schema.inputs(known[first])):
                yield self._absent(field, inner, known[first], below, path=path)
            elif field == "kind":
                yield from self._choices(path, self._schema.words(known[path]))
            elif field in CHILDREN:
                yield from self._inputs(known[path], CHILDREN[field])

    def _choices(self, path: str, words: Sequence[str]) -> Iterator[Problem]:
        for choice in ("invoice_kind", "credit_kind"):
            word = getattr(self._names, choice)
            if word not in words:
                line = f"names: {{{choice}: {_nearest(word, words) or '…'}}}"
                yield Problem(f"names.{choice}", f"{path} has no choice {word!r}; it has {_listed(words)}.", line)

    def _property(self, field: str, path: str, of: str) -> Iterator[Problem]:
        for step in filter(None, path.split(".")):
            known = self._schema.outputs(of)
            if step not in known:
                yield self._absent(field, step, of, known, path=path)
                return
            of = known[step]

    def _absent(self, field: str, step: str, of: str, known: Mapping[str, str], *, path: str = "") -> Problem:
        nearest = _nearest(step, _free(known, field, self._node.fields))
        whole = ".".join(nearest if one == step else one for one in (path or step).split(".")) if nearest else "…"
        sentence = f"{of or 'X3'} has no property {step!r}; it has {_listed(known)}."
        return self._problem(f"fields.{field}", sentence, f"fields: {{{field}: {whole}}}")

    def _problem(self, part: str, sentence: str, line: str) -> Problem:
        whole = f"names: {{{self._place}: {{{line}}}}}" if line else ""
        return Problem(f"names.{self._place}.{part}", sentence, whole)


def _rest_place(place: str, of: RestClass, api: RestApi) -> Iterator[Problem]:
    writes = of.facet == "$create"
    try:
        found = api.prototype(place).get("$properties") if writes else api.first_row(place)
    except Misconfigured as refused:
        line = f"names: {{{place}: {{name: …, representation: …}}}}"
        yield Problem(f"names.{place}", f"X3 does not publish {of} ({refused.sentence})", line)
        return
    if not isinstance(found, Mapping):
        return  # an empty list shows no property: what it would be called is seen with its first row
    yield from _rest_fields(place, of, found, "", {field for field in of.fields if _prefix(field) == ""})


def _rest_fields(place: str, of: RestClass, known: Json, prefix: str, ours: Iterable[str]) -> Iterator[Problem]:
    sent = set()
    for field in sorted(ours):
        code = of.fields[field]
        if not code:
            continue
        sent.add(code)
        if code not in known:
            nearest = _nearest(code, _free(known, field, of.fields)) or "…"
            yield Problem(
                f"names.{place}.fields.{field}",
                f"{of.name} has no property {code!r}; it has {_listed([one for one in known if one[:1] != '$'])}.",
                f"names: {{{place}: {{fields: {{{field}: {nearest}}}}}}}",
            )
        elif field in CHILDREN and isinstance(known[code], Mapping):
            item = known[code].get("$item")
            inner = item.get("$properties") if isinstance(item, Mapping) else None
            if isinstance(inner, Mapping):
                begin = CHILDREN[field]
                yield from _rest_fields(place, of, inner, begin, [one for one in of.fields if _prefix(one) == begin])
    for code, told in known.items():
        if isinstance(told, Mapping) and told.get("$isMandatory") is True and code not in sent:
            where = f" on its {prefix.rstrip('_')} lines" if prefix else ""
            sentence = f"{of.name} demands {code}{where}, which is never sent."
            yield Problem(f"names.{place}.fields", sentence, "")


def _prefix(field: str) -> str:
    """Of which lines a field is: ``line_``, ``analytical_``, ``address_``, or none."""
    return next((begin for begin in CHILDREN.values() if field.startswith(begin)), "")


def _nearest(name: str, known: Iterable[str]) -> str:
    """The name that most likely took its place, empty when none is near; never one that says the opposite."""
    near = [(_likeness(name, one), one) for one in known if not _contrary(name, one)]
    score, best = max(near, default=(0, ""))
    return best if score >= 60 else ""


def _likeness(name: str, other: str) -> int:
    """From 0 to 100: the same letters in the same order, or the same words in any."""
    letters = SequenceMatcher(None, name.casefold(), other.casefold()).ratio()
    mine, theirs = _words(name), _words(other)
    return round(100 * max(letters, len(mine & theirs) / len(mine | theirs)))


def _contrary(name: str, other: str) -> bool:
    return (_words(name) & ESSENTIAL) != (_words(other) & ESSENTIAL)


def _words(name: str) -> set[str]:
    plain = name if name.isupper() else _HUMP.sub(r" \1", name)
    return {_SAME.get(word, word) for word in _WORD.findall(plain.casefold())} or {name}


def _free(known: Iterable[str], field: str, taken: Mapping[str, str]) -> list[str]:
    """Names that none of our other fields of the same lines is called by."""
    used = {path.partition(".")[0] for one, path in taken.items() if one != field and _prefix(one) == _prefix(field)}
    return [one for one in known if one not in used and one[:1] not in {"$", "_"}]


def _listed(known: Iterable[str]) -> str:
    names = sorted(known)
    more = f" and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    return (", ".join(names[:MOST_LISTED]) or "none") + more


def _innermost(of: Any) -> str:
    while isinstance(of, Mapping) and isinstance(of.get("ofType"), Mapping):
        of = of["ofType"]
    return _name(of)


def _name(of: Any) -> str:
    return str(of.get("name") or "") if isinstance(of, Mapping) else ""
