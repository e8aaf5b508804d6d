"""In which order the statements of a body run: each when its variables have values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from auditor.enforcement.rego.syntax import (
    ArrayTerm,
    Assign,
    Body,
    Call,
    Comprehension,
    Every,
    Member,
    Not,
    ObjectTerm,
    Ref,
    RegoError,
    SetTerm,
    Some,
    Statement,
    Term,
    Test,
    Unify,
    Unsupported,
    Var,
)

Names = frozenset[str]
_NONE: Names = frozenset()


def ordered(body: Body, bound: Collection[str], known: Collection[str]) -> Body:
    """The statements in an order that gives every variable a value before it is used.

    `bound` have values already, `known` are names of rules and imports. RegoError where a variable can get none, as
    OPA says "var x is unsafe": what is negated, an operand or a function's argument gives no values.
    """
    locals_ = _outer(body) | frozenset(bound)
    left = [statement for statement in body if not isinstance(statement, Some)]
    have, found = frozenset(bound), list[Statement]()
    names = frozenset(known) - _declared(body)
    while left:
        ready = next((one for one in left if not _needs(one, have, locals_) - have - names), None)
        if ready is None:
            missing = sorted(_needs(left[0], have, locals_) - have - names)
            if any(set(missing) <= _gives(one, have) for one in left[1:]):
                raise Unsupported("statements that need each other")
            if any(set(missing) <= _result(one) for one in left):
                raise Unsupported("a function that gives its result to its last argument")
            raise RegoError(f"var {_told(missing[0])} is unsafe")
        left.remove(ready)
        found.append(ready)
        have |= _gives(ready, have)
    return tuple(found)


def _result(one: Statement) -> Names:
    """What a call that stands alone may give values: `walk(input, [path, value])` has one argument and its result."""
    if isinstance(one, Test) and isinstance(one.term, Call) and one.term.name[0].isalpha() and one.term.args:
        return _pattern(one.term.args[-1])
    return _NONE


def unsafe(term: Term, have: Collection[str]) -> str | None:
    """A variable of a rule's head that its body gives no value, None if there is none."""
    missing = sorted(_used(term, _NONE) - _given(term) - frozenset(have))
    return _told(missing[0]) if missing else None


def _told(name: str) -> str:
    return "_" if name.startswith("$") else name


def _declared(body: Body) -> Names:
    found = set[str]()
    for one in body:
        if isinstance(one, Some):
            found |= set(one.names)
        elif isinstance(one, Assign):
            found |= _pattern(one.target)
    return frozenset(found)


def _needs(one: Statement, have: Names, outer: Names) -> Names:
    """The variables that a statement cannot run without."""
    match one:
        case Test(term):
            return _used(term, outer) - _given(term)
        case Assign(target, term):
            return _used(term, outer) - _given(term) | _used(target, outer) - _pattern(target)
        case Unify(left, right):
            if _pattern(left) <= have or not _pattern(right) <= have:
                left, right = right, left
            # Now the left is the side that takes values, if any does.
            return (_used(right, outer) - _given(right)) | (_used(left, outer) - _given(left) - _pattern(left))
        case Not(inner):
            return _all(inner, outer)
        case Member(key, value, term):
            patterns = _pattern(value) | (_pattern(key) if key is not None else _NONE)
            return _used(term, outer) - _given(term) - patterns
        case Every(_, _, term, body):
            return (_used(term, outer) - _given(term)) | (_inside(body) & outer)
        case Some():
            return _NONE


def _gives(one: Statement, have: Names) -> Names:
    """The variables that have values after a statement."""
    match one:
        case Test(term):
            return _given(term)
        case Assign(target, term):
            return _pattern(target) | _given(term)
        case Unify(left, right):
            return _pattern(left) | _pattern(right) | _given(left) | _given(right)
        case Member(key, value, term):
            return _given(term) | _pattern(value) | (_pattern(key) if key is not None else _NONE)
        case Every(_, _, term, _):
            return _given(term)
        case Not() | Some():
            return _NONE


def _given(term: Term) -> Names:
    """Variables in the keys of a reference: it goes through all keys and gives them values."""
    found = set[str]()
    for part in _walk(term):
        if isinstance(part, Ref):
            found = found.union(*map(_pattern, part.path))
    return frozenset(found)


def _pattern(term: Term) -> Names:
    """Variables that take values where the term is unified with one."""
    match term:
        case Var(name):
            return frozenset({name})
        case ArrayTerm(items):
            return _NONE.union(*map(_pattern, items))
        case ObjectTerm(pairs):
            return _NONE.union(*(_pattern(value) for _, value in pairs))
    return _NONE


def _used(term: Term, outer: Names) -> Names:
    """The variables of a term; of a comprehension only those that the body around it knows."""
    found = set[str]()
    for part in _walk(term):
        if isinstance(part, Var):
            found.add(part.name)
        elif isinstance(part, Comprehension):
            found |= _free(part) & outer
    return frozenset(found)


def _free(term: Comprehension) -> Names:
    found = _inside(term.body) | _everything(term.head)
    return (found | _everything(term.key) if term.key is not None else found) - _declared(term.body)


def _inside(body: Body) -> Names:
    return _NONE.union(*(_all(one, None) for one in body)) - _declared(body)


def _everything(term: Term) -> Names:
    return _used(term, _NONE) | _NONE.union(*(_free(part) for part in _walk(term) if isinstance(part, Comprehension)))


def _all(one: Statement, outer: Names | None) -> Names:
    """Every variable of a statement, seen from a body that knows `outer` (None: all of a comprehension's too)."""
    found = set[str]()
    for term in terms(one):
        found |= _everything(term) if outer is None else _used(term, outer)
    if isinstance(one, Not):
        found |= _all(one.literal, outer)
    elif isinstance(one, Every):
        inside = _inside(one.body) - {one.key, one.value}
        found |= inside if outer is None else inside & outer
    return frozenset(found)


def _outer(body: Body) -> Names:
    """The variables of a body that do not stand in comprehensions alone."""
    return _NONE.union(*(_all(one, _NONE) for one in body))


def terms(one: Statement) -> tuple[Term, ...]:
    """The terms that stand directly in a statement."""
    match one:
        case Test(term) | Every(_, _, term, _):
            return (term,)
        case Assign(left, right) | Unify(left, right):
            return left, right
        case Member(key, value, term):
            return (term, value) if key is None else (term, key, value)
    return ()


def _walk(term: Term) -> Iterator[Term]:
    """A term and what is in it, comprehensions unopened. Names that functions are called by are no terms."""
    yield term
    inner: Iterable[Term] = ()
    match term:
        case Ref(head, path):
            inner = (head, *path)
        case Call(_, args):
            inner = args
        case ArrayTerm(items) | SetTerm(items):
            inner = items
        case ObjectTerm(pairs):
            inner = [part for pair in pairs for part in pair]
    for part in inner:
        yield from _walk(part)
