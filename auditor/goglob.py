"""The shell globs of Go's path/filepath.Match, for names without a path separator."""

from functools import lru_cache

import msgspec

_META = frozenset("*?[\\")


class _Class(msgspec.Struct, frozen=True):
    """One character of these ranges, or of none of them."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def holds(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.negated


_ANY = _Class(negated=True)
_STAR = None


def has_meta(pattern: str) -> bool:
    return not _META.isdisjoint(pattern)


def match(pattern: str, name: str) -> bool:
    """Whether the whole name matches; a malformed pattern matches nothing.

    Takes at most len(pattern) * len(name) steps: after a mismatch only the last star need take one character more.
    """
    if not has_meta(pattern):
        return pattern == name
    tokens = _compile(pattern)
    if tokens is None:
        return False
    position = index = 0
    star, resume = -1, 0
    while index < len(name):
        token = tokens[position] if position < len(tokens) else ""
        if token is _STAR:
            star, resume = position, index
            position += 1
        elif token.holds(name[index]) if isinstance(token, _Class) else token == name[index]:
            position += 1
            index += 1
        elif star >= 0:
            resume += 1
            position, index = star + 1, resume
        else:
            return False
    return all(token is _STAR for token in tokens[position:])


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> tuple[_Class | str | None, ...] | None:
    """Classes, literal characters and stars (None), or None for a malformed pattern."""
    tokens: list[_Class | str | None] = []
    index = 0
    while index < len(pattern):
        character = pattern[index]
        index += 1
        if character == "*":
            if not tokens or tokens[-1] is not _STAR:
                tokens.append(_STAR)
        elif character == "?":
            tokens.append(_ANY)
        elif character == "[":
            compiled = _compile_class(pattern, index)
            if compiled is None:
                return None
            token, index = compiled
            tokens.append(token)
        elif character == "\\":
            if index == len(pattern):
                return None
            tokens.append(pattern[index])
            index += 1
        else:
            tokens.append(character)
    return tuple(tokens)


def _compile_class(pattern: str, index: int) -> tuple[_Class, int] | None:
    """The class that starts at `index`, past its bracket, and where it ends."""
    negated = pattern[index : index + 1] == "^"
    index += negated
    ranges: list[tuple[str, str]] = []
    while not (ranges and pattern[index : index + 1] == "]"):
        low = _member(pattern, index)
        if low is None:
            return None
        character, index = low
        high = character
        if pattern[index] == "-":
            end = _member(pattern, index + 1)
            if end is None:
                return None
            high, index = end
        ranges.append((character, high))
    return _Class(tuple(ranges), negated), index + 1


def _member(pattern: str, index: int) -> tuple[str, int] | None:
    """One possibly escaped character of a class; something must follow it."""
    if pattern[index : index + 1] in ("", "-", "]"):
        return None
    if pattern[index] == "\\":
        index += 1
    return (pattern[index], index + 1) if index + 1 < len(pattern) else None
