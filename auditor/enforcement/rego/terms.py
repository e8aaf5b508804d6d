"""The grammar of Rego's terms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from auditor.enforcement.rego.syntax import (
    ArrayTerm,
    Body,
    Call,
    Comprehension,
    Const,
    ObjectTerm,
    Ref,
    SetTerm,
    Term,
    Unsupported,
    Var,
)
from auditor.enforcement.rego.tokens import Token

_LEVELS = (
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset("|"),
    frozenset("&"),
    frozenset("+-"),
    frozenset("*/%"),
)
_AND = 2
_CONSTANTS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset({"as", "default", "else", "import", "not", "package", "some", "with"})


class TermParser:
    """Reads tokens one after the other. `keywords` are those of the newer grammar that the module has asked for."""

    def __init__(self, found: list[Token]) -> None:
        self.all_tokens = found
        self.at = 0
        self._wildcards = count()
        self.keywords: frozenset[str] = frozenset()
        self.strict = False

    def peek(self) -> Token:
        return self.all_tokens[self.at]

    def take(self) -> Token:
        token = self.all_tokens[self.at]
        self.at += token.kind != "end"
        return token

    def sign(self, text: str) -> bool:
        """Takes the sign if it comes next."""
        token = self.peek()
        if token.kind != "sign" or token.text != text:
            return False
        self.at += 1
        return True

    def word(self, text: str) -> bool:
        """Takes the word if it comes next."""
        token = self.peek()
        if token.kind != "name" or token.text != text:
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> None:
        if not self.sign(text):
            raise Unsupported(f"line {self.peek().line}: {text} was expected")

    def name(self) -> str:
        token = self.take()
        if token.kind != "name" or token.text in _RESERVED:
            raise Unsupported(f"line {token.line}: a name was expected")
        return token.text

    def dotted(self) -> list[str]:
        parts = [self.name()]
        while self.peek().text in (".", "[") and self.peek().tight:
            if self.sign("."):
                parts.append(self.name())
                continue
            self.expect("[")
            token = self.take()
            if token.kind != "string":
                raise Unsupported(f"line {token.line}: a package was expected")
            parts.append(token.text)
            self.expect("]")
        return parts

    def body(self, end: str) -> Body:
        """The body of a comprehension, up to the closing sign."""
        raise NotImplementedError

    def wildcard(self) -> str:
        """A name that nothing else has."""
        return f"${next(self._wildcards)}"

    def term(self) -> Term:
        """A term with its operators; `x in xs` is the one that binds least."""
        left = self.level(0)
        while "in" in self.keywords and self.word("in"):
            left = Call("in", (left, self.level(0)))
        return left

    def level(self, level: int) -> Term:
        if level == len(_LEVELS):
            return self._factor()
        left = self.level(level + 1)
        while self.peek().kind == "sign" and self.peek().text in _LEVELS[level]:
            sign = self.take().text
            left = Call(sign, (left, self.level(level + 1)))
        return left

    def _factor(self) -> Term:
        token = self.take()
        if token.kind == "string":
            return Const(token.text)
        if token.kind == "number":
            return Const(float(token.text) if set(".eE") & set(token.text) else int(token.text[:400]))
        if token.kind == "name":
            return self._path(self._named(token))
        for sign, read in _OPENING.items():
            if token.text == sign and token.kind == "sign":
                return self._path(read(self))
        if token.text == "-" and self.peek().kind == "number":
            return Call("-", (Const(0), self._factor()))
        raise Unsupported(f"line {token.line}: a term was expected")

    def _named(self, token: Token) -> Term:
        if token.text in _CONSTANTS:
            return Const(_CONSTANTS[token.text])
        if token.text in _RESERVED:
            raise Unsupported(f"line {token.line}: {token.text} is not read here")
        return Var(self.wildcard() if token.text == "_" else token.text)

    def _path(self, head: Term) -> Term:
        path: list[Term] = []
        while self.peek().tight and self.peek().text in (".", "[", "(") and self.peek().kind == "sign":
            if self.sign("."):
                path.append(Const(self.take().text))
            elif self.sign("["):
                path.append(self.term())
                self.expect("]")
            else:
                self.expect("(")
                head, path = Call(_function(head, path), self.items(")")), []
        return Ref(head, tuple(path)) if path else head

    def items(self, end: str) -> tuple[Term, ...]:
        found: list[Term] = []
        while not self.sign(end):
            if found:
                self.expect(",")
                if self.sign(end):
                    break
            found.append(self.term())
        return tuple(found)

    def group(self) -> Term:
        term = self.term()
        self.expect(")")
        return term

    def array(self) -> Term:
        if self.sign("]"):
            return ArrayTerm(())
        first = self._first()
        if self.sign("|"):
            return Comprehension("array", first, self.body("]"))
        return ArrayTerm((first, *self._rest("]")))

    def braces(self) -> Term:
        if self.sign("}"):
            return ObjectTerm(())
        first = self._first()
        if not self.sign(":"):
            if self.sign("|"):
                return Comprehension("set", first, self.body("}"))
            return SetTerm((first, *self._rest("}")))
        value = self._first()
        if self.sign("|"):
            return Comprehension("object", value, self.body("}"), first)
        pairs = [(first, value)]
        while not self.sign("}"):
            self.expect(",")
            if self.sign("}"):
                break
            key = self.term()
            self.expect(":")
            pairs.append((key, self.term()))
        return ObjectTerm(tuple(pairs))

    def _first(self) -> Term:
        """The first part of a collection: a `|` after it makes a comprehension and is no union."""
        return self.level(_AND)

    def _rest(self, end: str) -> tuple[Term, ...]:
        if self.sign(end):
            return ()
        self.expect(",")
        return self.items(end)


_OPENING: dict[str, Callable[[TermParser], Term]] = {
    "(": TermParser.group,
    "[": TermParser.array,
    "{": TermParser.braces,
}


def _function(head: Term, path: list[Term]) -> str:
    names = [head.name if isinstance(head, Var) else None, *(_key(term) for term in path)]
    if not all(names):
        raise Unsupported("a function is called by a name that is computed")
    return ".".join(name for name in names if name)


def _key(term: Term) -> str | None:
    return term.value if isinstance(term, Const) and isinstance(term.value, str) else None
