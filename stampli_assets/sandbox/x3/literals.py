"""The JSON-like text in ``filter`` and ``orderBy``: bare keys, single or double quotes ([S]: ``{supplier:{_id:'CN001'}}``)."""

from __future__ import annotations

import re
from typing import Any

from stampli_assets.sandbox.x3.exact import decimal_of

_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[{}\[\]:,])|'(?P<single>(?:[^'\\]|\\.)*)'|"(?P<double>(?:[^"\\]|\\.)*)"|"""
    r"""(?P<word>[A-Za-z_$][\w$]*)|(?P<number>[+-]?\d+(?:\.\d+)?))""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_NAMED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


class NotReadable(Exception):
    """The text is no such object; the message says where."""


def read_literal(text: str) -> Any:
    """The object, list or value that the text says; raises :class:`NotReadable`."""
    tokens = _tokens(text)
    value, rest = _value(tokens, 0)
    if rest != len(tokens):
        raise NotReadable(f"something follows the end: {tokens[rest][1]!r}")
    return value


def _tokens(text: str) -> list[tuple[str, Any]]:
    tokens: list[tuple[str, Any]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotReadable(f"not readable at {at}: {text[at : at + 12]!r}")
        kind = str(match.lastgroup)
        value: Any = match[kind]
        if kind in {"single", "double"}:
            kind, value = "text", _ESCAPE.sub(_unescaped, value)
        elif kind == "number":
            value = decimal_of(value)
        tokens.append((kind, value))
        at = match.end()
    return tokens


def _unescaped(match: re.Match[str]) -> str:
    said = match[1]
    return chr(int(said[1:], 16)) if len(said) > 1 else _NAMED.get(said, said)


def _value(tokens: list[tuple[str, Any]], at: int) -> tuple[Any, int]:
    if at >= len(tokens):
        raise NotReadable("the text ends too early")
    kind, value = tokens[at]
    if kind == "mark" and value == "{":
        return _object(tokens, at + 1)
    if kind == "mark" and value == "[":
        return _list(tokens, at + 1)
    if kind == "word" and value in _WORDS:
        return _WORDS[value], at + 1
    if kind in {"text", "number"}:
        return value, at + 1
    raise NotReadable(f"{value!r} is no value")


def _object(tokens: list[tuple[str, Any]], at: int) -> tuple[dict[str, Any], int]:
    made: dict[str, Any] = {}
    while at < len(tokens) and tokens[at] != ("mark", "}"):
        kind, name = tokens[at]
        if kind not in {"word", "text"} or at + 1 >= len(tokens) or tokens[at + 1] != ("mark", ":"):
            raise NotReadable(f"a property and a colon are expected at {name!r}")
        made[name], at = _value(tokens, at + 2)
        at = _comma(tokens, at, "}")
    return made, _closed(tokens, at)


def _list(tokens: list[tuple[str, Any]], at: int) -> tuple[list[Any], int]:
    made: list[Any] = []
    while at < len(tokens) and tokens[at] != ("mark", "]"):
        value, at = _value(tokens, at)
        made.append(value)
        at = _comma(tokens, at, "]")
    return made, _closed(tokens, at)


def _comma(tokens: list[tuple[str, Any]], at: int, end: str) -> int:
    if at < len(tokens) and tokens[at] == ("mark", ","):
        return at + 1
    if at < len(tokens) and tokens[at] != ("mark", end):
        raise NotReadable(f"a comma is expected at {tokens[at][1]!r}")
    return at


def _closed(tokens: list[tuple[str, Any]], at: int) -> int:
    if at >= len(tokens):
        raise NotReadable("a closing bracket is missing")
    return at + 1
