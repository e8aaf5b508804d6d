"""Kyverno's variables: `{{ expression }}` in the simple JMESPath that policies about images use."""

from __future__ import annotations

import json
import re
from typing import Any

from auditor.enforcement.kyverno_patterns import Unreadable, text_of
from auditor.image import MalformedReference, parse

_INNERMOST = re.compile(r"\{\{((?:(?!\{\{|\}\}).)*)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(\|\||[.\[\],*{}():@!<>=&|]|'[^']*'|`[^`]*`|"(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_]*|-?\d+)"""
)
_ROUNDS = 20


class Absent(Exception):
    """A variable has no value: Kyverno calls that an error of the rule."""


def substitute(value: Any, context: dict[str, Any]) -> Any:
    """A value of a policy with its variables filled in; raises Absent, and Unreadable for what is not read here."""
    if isinstance(value, str):
        return _substitute(value, context)
    if isinstance(value, list):
        return [substitute(item, context) for item in value]
    if isinstance(value, dict):
        return {substitute(key, context): substitute(item, context) for key, item in value.items()}
    return value


def _substitute(text: str, context: dict[str, Any]) -> Any:
    if "$(" in text:
        raise Unreadable("a pattern refers to another place")
    for _ in range(_ROUNDS):
        found = _INNERMOST.search(text)
        if found is None:
            return text
        value = resolve(found[1].strip(), context)
        if found.start() == 0 and found.end() == len(text):
            if not isinstance(value, str):
                return value
            text = value
            continue
        told = text_of(value)
        if told is None:
            raise Unreadable("a variable that is no text stands within one")
        text = text[: found.start()] + told + text[found.end() :]
    raise Unreadable("a text has too many variables")


def resolve(expression: str, context: dict[str, Any]) -> Any:
    """The value of an expression. Absent where it has none."""
    parser = _Parser(expression, context)
    value = parser.either(context)
    if parser.tokens:
        raise Unreadable("an expression that is not read here")
    if value is None:
        raise Absent
    return value


class _Parser:
    """Reads and evaluates at once: paths, projections, lists of paths, `||` and literals; no functions or filters."""

    def __init__(self, expression: str, context: dict[str, Any]) -> None:
        self.tokens: list[str] = []
        self.context = context
        position = 0
        while position < len(expression.rstrip()):
            found = _TOKEN.match(expression, position)
            if found is None or len(self.tokens) > 200:
                raise Unreadable("an expression that is not read here")
            self.tokens.append(found[1])
            position = found.end()

    def take(self, wanted: str = "") -> str:
        if not self.tokens or (wanted and self.tokens[0] != wanted):
            raise Unreadable("an expression that is not read here")
        return self.tokens.pop(0)

    def either(self, base: Any) -> Any:
        value = self.path(base)
        while self.tokens and self.tokens[0] == "||":
            self.take()
            other = self.path(base)
            value = other if value in (None, "", [], {}, False) and value != 0 else value
        return value

    def path(self, base: Any) -> Any:
        part = self.take()
        if part[0] in "'`":
            return part[1:-1] if part[0] == "'" else _literal(part[1:-1])
        if part == "[":
            return self.after(self.multiple(base))
        if part == "@":
            return self.after(base)
        return self.after(self.member(base, part))

    def member(self, base: Any, part: str) -> Any:
        name = _literal(part) if part[0] == '"' else part
        if not isinstance(name, str) or not re.fullmatch(r"\w.*|\".*", part, re.DOTALL) or self._called():
            raise Unreadable("an expression that is not read here")
        return base.get(name) if isinstance(base, dict) else None

    def _called(self) -> bool:
        return bool(self.tokens) and self.tokens[0] == "("

    def multiple(self, base: Any) -> list[Any]:
        found = [self.either(base)]
        while self.tokens and self.tokens[0] == ",":
            self.take()
            found.append(self.either(base))
        self.take("]")
        return found

    def after(self, value: Any) -> Any:
        """What follows a value: a member, an index, or a projection over all of it."""
        while self.tokens and self.tokens[0] in (".", "["):
            if self.take() == ".":
                part = self.take()
                if part == "[":
                    value = None if value is None else self.multiple(value)
                elif part == "*":
                    return self.projected(list(value.values()) if isinstance(value, dict) else None)
                else:
                    value = self.member(value, part)
                continue
            part = self.take()
            if part == "]":
                flat = (
                    [one for item in value for one in (item if isinstance(item, list) else [item])]
                    if _listed(value)
                    else None
                )
                return self.projected(flat)
            if part == "*":
                self.take("]")
                return self.projected(value if _listed(value) else None)
            if not part.lstrip("-").isdecimal():
                raise Unreadable("an expression that is not read here")
            self.take("]")
            index = int(part)
            inside = isinstance(value, list) and -len(value) <= index < len(value)
            value = value[index] if inside else None
        return value

    def projected(self, values: list[Any] | None) -> Any:
        """The rest of the path over every item; nulls fall out."""
        rest = self.tokens
        if values is None:
            self.tokens = list(rest)
            self.after(None)
            return None
        found: list[Any] = []
        left = list(rest)
        if not values:
            self.tokens = list(rest)
            self.after(None)
            left = self.tokens
        for item in values:
            self.tokens = list(rest)
            value = self.after(item)
            left = self.tokens
            if value is not None:
                found.append(value)
        self.tokens = left
        return found


def _listed(value: Any) -> bool:
    return isinstance(value, list)


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def images(pod: dict[str, Any]) -> dict[str, Any]:
    """The `images` variable of a pod: by place and container. Names without a registry are on docker.io, Kyverno's
    default registry, and the rest of a name stays as it is written (kyverno pkg/utils/image/infos.go)."""
    spec = pod.get("spec", {})
    found: dict[str, Any] = {}
    for place in ("containers", "initContainers", "ephemeralContainers"):
        parts = {container["name"]: image_parts(container["image"]) for container in spec.get(place, ())}
        if parts:
            found[place] = parts
    return found


def image_parts(image: str) -> dict[str, str]:
    """The parts of an image as Kyverno tells them apart."""
    try:
        reference = parse(image)
    except MalformedReference:
        raise Unreadable("a sample image that is no reference") from None
    name, _, digest = image.partition("@")
    if ":" in name.rpartition("/")[2]:
        name = name.rpartition(":")[0]
    registry, path = name.split("/", 1) if reference.explicit_registry else ("docker.io", name)
    tag = reference.tag or ("" if digest else "latest")
    return {
        "registry": registry,
        "path": path,
        "name": path.rpartition("/")[2],
        "tag": tag,
        "digest": digest,
        "reference": f"{registry}/{path}@{digest}" if digest else f"{registry}/{path}:{tag}",
        "referenceWithTag": f"{registry}/{path}:{tag}",
    }
