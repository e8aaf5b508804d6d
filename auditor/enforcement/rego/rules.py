"""The grammar of Rego's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import structs

from auditor.enforcement.rego.statements import StatementParser
from auditor.enforcement.rego.syntax import Body, Const, Definition, RegoError, Term, Unsupported

Kind = Literal["complete", "function", "set", "object"]


class RuleParser(StatementParser):
    """Reads rules; one with several bodies makes several definitions."""

    def rule(self) -> Iterator[Definition]:
        default = self.word("default")
        head = self._head()
        if default:
            yield structs.replace(head, default=True)
            return
        body, braced = self._body(head)
        definition = structs.replace(head, body=body, otherwise=self._else(head))
        yield definition
        while braced and self.peek().text == "{":
            yield structs.replace(head, body=self._body(head)[0])

    def _head(self) -> Definition:
        name = self.name()
        args: tuple[Term, ...] = ()
        kind: Kind = "complete"
        key: Term | None = None
        token = self.peek()
        if token.text == "(" and token.tight:
            self.take()
            kind, args = "function", self.items(")")
        elif token.text == "[" and token.tight:
            self.take()
            kind, key = "set", self.term()
            self.expect("]")
        elif token.text == "contains" and token.kind == "name":
            self.needs("contains")
            kind, key = "set", self.term()
        if self.peek().text in (".", "[") and self.peek().tight:
            raise Unsupported(f"line {token.line}: a rule whose name is a path")
        value: Term = Const(True)
        if self.sign(":=") or self.sign("="):
            kind = "object" if kind == "set" else kind
            value = self.term()
        elif kind == "set" and token.text == "[":
            if self.strict:
                raise RegoError("a partial set needs the keyword contains")
            if self.peek().text == "if":
                raise Unsupported("a rule with a key and if, which is a set or an object by version")
        return Definition(name, kind, args=args, key=key, value=value)

    def _body(self, head: Definition) -> tuple[Body, bool]:
        """The body and whether it stands in braces, so that another may follow."""
        if self.peek().text == "if" and self.peek().kind == "name":
            self.needs("if")
            if self.sign("{"):
                return self.body("}"), False
            return (self.statement(),), False
        if self.sign("{"):
            if self.strict:
                raise RegoError("a rule's body needs the keyword if")
            body = self.body("}")
            if not body:
                raise RegoError("a rule's body is empty")
            return body, True
        return (), False

    def _else(self, head: Definition) -> Definition | None:
        if not self.word("else"):
            return None
        value: Term = Const(True)
        if self.sign(":=") or self.sign("="):
            value = self.term()
        body, _ = self._body(head)
        return structs.replace(head, value=value, body=body, otherwise=self._else(head))
