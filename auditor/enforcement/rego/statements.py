"""The grammar of Rego's statements."""

from __future__ import annotations

from auditor.enforcement.rego.syntax import (
    Assign,
    Body,
    Every,
    Member,
    Not,
    RegoError,
    Some,
    Statement,
    Test,
    Unify,
    Unsupported,
    Var,
)
from auditor.enforcement.rego.terms import TermParser


class StatementParser(TermParser):
    """Reads what stands in the bodies of rules and comprehensions."""

    def body(self, end: str) -> Body:
        """Statements up to the closing sign, which is taken too; they stand on lines of their own or between `;`."""
        found: list[Statement] = []
        while not self.sign(end):
            line = self.peek().line
            if found and not self.sign(";") and line == self.all_tokens[self.at - 1].line:
                raise Unsupported(f"line {line}: the end of a statement was expected")
            if self.sign(end):
                break
            found.append(self.statement())
        return tuple(found)

    def statement(self) -> Statement:
        statement = self._statement()
        if self.word("with"):
            raise Unsupported("with is not read")
        return statement

    def _statement(self) -> Statement:
        if self.word("not"):
            return Not(self._statement())
        if self.word("some"):
            return self._some()
        following = self.all_tokens[min(self.at + 1, len(self.all_tokens) - 1)]
        if self.peek().text == "every" and self.peek().kind == "name" and following.kind == "name":
            self.needs("every")
            return self._every()
        left = self.term()
        if self.sign(":="):
            return Assign(left, self.term())
        if self.sign("="):
            return Unify(left, self.term())
        return Test(left)

    def needs(self, keyword: str) -> None:
        if keyword not in self.keywords:
            raise RegoError(f"the keyword {keyword} is used without importing it")
        if self.peek().text == keyword:
            self.take()

    def _some(self) -> Statement:
        found = [self.level(0)]
        while self.sign(","):
            found.append(self.level(0))
        if self.word("in"):
            if "in" not in self.keywords:
                raise RegoError("the keyword in is used without importing it")
            if len(found) > 2:
                raise Unsupported("some takes two names")
            return Member(found[0] if len(found) == 2 else None, found[-1], self.term())
        if not all(isinstance(term, Var) for term in found):
            raise Unsupported("some takes names")
        return Some(tuple(term.name for term in found if isinstance(term, Var)))

    def _every(self) -> Statement:
        names = [self.name()]
        if self.sign(","):
            names.append(self.name())
        if not self.word("in"):
            raise Unsupported("every takes in")
        term = self.term()
        self.expect("{")
        return Every(names[0] if len(names) == 2 else self.wildcard(), names[-1], term, self.body("}"))
