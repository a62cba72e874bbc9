"""GraphQL documents and filters, made by building and serialising, never by pasting values into text.

Shapes: the project's notes, section 2 [S]. Values travel in variables; names come from the settings and are checked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from stampli_assets.model.errors import Misconfigured
from stampli_assets.x3.names import Node

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*", re.ASCII)
Tree = dict[str, "Tree"]


def query(node: Node, paths: Iterable[str]) -> str:
    """The document that reads one page of a node."""
    selected = _block(tree(paths))
    return (
        "query Read($first: Int!, $after: String, $filter: String, $orderBy: String) {\n"
        f"  {name(node.package)} {{\n"
        f"    {name(node.node)} {{\n"
        f"      {name(node.operation)}(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{\n"
        "        edges {\n"
        f"          node {{ {selected} }}\n"
        "        }\n"
        "        pageInfo { endCursor hasNextPage }\n"
        "      }\n"
        "    }\n"
        "  }\n"
        "}\n"
    )


def mutation(node: Node, aliases: Sequence[str], paths: Iterable[str]) -> str:
    """The document that creates one record under each alias of the package field; each takes the variable of its name.

    GraphQL runs the fields of a mutation in order, each for itself [D].
    """
    selected = _block(tree(paths))
    declared = ", ".join(f"${alias}: {name(node.input)}!" for alias in aliases)
    creates = "".join(
        f"  {alias}: {name(node.package)} {{\n"
        f"    {name(node.node)} {{\n"
        f"      {name(node.operation)}(data: ${alias}) {{ {selected} }}\n"
        "    }\n"
        "  }\n"
        for alias in aliases
    )
    return f"mutation Create({declared}) {{\n{creates}}}\n"


def tree(paths: Iterable[str]) -> Tree:
    """Dotted paths as a tree of selections."""
    root: Tree = {}
    for path in paths:
        at = root
        for step in path.split("."):
            at = at.setdefault(name(step), {})
    return root


def _block(selections: Tree) -> str:
    return " ".join(step if not below else f"{step} {{ {_block(below)} }}" for step, below in selections.items())


def filtered(conditions: Mapping[str, Collection[str]]) -> str:
    """The ``filter`` text: every path has one of its values. Operators of the Xtrem family [D of the sister product]."""
    wanted: dict[str, Any] = {}
    for path, values in conditions.items():
        at = wanted
        for step in path.split("."):
            at = at.setdefault(name(step), {})
        at["_in"] = sorted(values)
    return json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))


def ordered(path: str) -> str:
    """The ``orderBy`` text: ascending by one path, so that pages neither overlap nor leave a gap."""
    wanted: Any = 1
    for step in reversed(path.split(".")):
        wanted = {name(step): wanted}
    return json.dumps(wanted, separators=(",", ":"))


def name(given: str) -> str:
    """A name of the settings, when it is one of GraphQL.

    Raises:
        Misconfigured: it is none; nothing but a name may become part of a document.
    """
    if _NAME.fullmatch(given) is None:
        raise Misconfigured(
            f"{given!r} is no name of GraphQL.", remedy="Correct it in the settings (erp.names).", code="NAMES"
        )
    return given


INTROSPECTION = """query Names {
  __schema {
    queryType { name }
    mutationType { name }
    types {
      name
      kind
      fields { name args { name type { ...Of } } type { ...Of } }
      inputFields { name type { ...Of } }
      enumValues { name }
    }
  }
}
fragment Of on __Type {
  name kind ofType { name kind ofType { name kind ofType { name kind } } }
}
"""
