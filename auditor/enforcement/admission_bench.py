"""A policy on the bench: requests that are tried on it, and who or what it may judge otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from auditor.enforcement.admission_objects import Definition
from auditor.enforcement.admission_review import Context, Review, review
from auditor.enforcement.candidates import candidates, forbidden
from auditor.enforcement.cel import NAMES
from auditor.enforcement.samples import ADMINISTRATOR, CONTROLLER, DIGEST, Sample, User
from auditor.policy import Policy

_WORD = re.compile(r"[A-Za-z0-9@.:/_-]{1,100}")
_MOST_WORDS = 6
_MOST_FIELDS = 8
_MOST_PARAMS = 200
_IMAGES = frozenset({"image", "reference"})
_POLICIES = ("Always", "IfNotPresent", "Never")
_LISTS = frozenset({"containers", "initContainers", "ephemeralContainers", "volumes", "namespace"})


class Bench:
    """`bad` is an image that only its registry is at fault of, `plain` the answer to a pod of it; `tried` are other
    images with their answers, `good` those that get in (where nothing but images is looked at)."""

    def __init__(self, definition: Definition, context: Context, policy: Policy) -> None:
        self.audited = policy.registries
        self.definition = definition
        self.context = context
        self.paths = {path for expression in definition.expressions for path in expression.tree.paths}
        self.words = sorted(set(self._words()))
        self.host = forbidden(policy.registries, self.words)
        self.bad = f"{self.host}/sample@{DIGEST}"
        self.plain = self.ask(Sample((self.bad,)))
        found = candidates(self.words, policy.registries)
        self.tried = [(candidate, self.ask(Sample((candidate.pinned,)))) for candidate in found]
        self.good = [candidate for candidate, answer in self.tried if answer.outcome in ("allowed", "otherwise")]

    def ask(self, sample: Sample) -> Review:
        return review(self.definition, sample, self.context)

    def everything(self) -> bool:
        """Whether nothing gets in: no other image, no pod of another shape, nobody's."""
        if not self.plain.everything or not all(answer.everything for _, answer in self.tried):
            return False
        return all(answer.everything for answer in map(self.ask, self._shapes()))

    def hopeless(self) -> bool:
        """Whether no pod was found that gets in and stays, whatever the reason."""
        answers = [self.plain, *(answer for _, answer in self.tried)]
        if any(answer.outcome in ("allowed", "unknown") for answer in answers):
            return False
        shapes = [sample for sample in self._shapes() if not sample.dry_run]
        return all(self.ask(sample).outcome in ("denied", "otherwise") for sample in shapes)

    def _shapes(self) -> Iterator[Sample]:
        image = self.tried[0][0].pinned if self.tried else self.bad
        yield Sample((image,), init=(image,), volumes=(image,))
        yield Sample((image,), dressed=True)
        yield Sample((image,), token=False)
        for candidate, _ in self.tried[:_MOST_WORDS]:
            yield Sample((f"{candidate.name}:latest",))
        yield Sample((image,), dry_run=True)
        yield Sample((image,), user=ADMINISTRATOR)
        yield Sample((image,), user=CONTROLLER)
        for path, value in self._changes():
            yield Sample((image,), changes=((path, value),))
            yield Sample((image,), changes=((path, value),), dressed=True)

    def users(self) -> list[User]:
        """Those who may be judged otherwise: controllers, administrators, and people whom the policy names."""
        if not self._reads_users():
            return []
        named = [user for user in self._named_users() if not _is_machine(user)]
        return [CONTROLLER, ADMINISTRATOR, *named]

    def by_user(self) -> str:
        """A service account or node whose pods get a forbidden image in, in words; empty if none does."""
        for user in self._named_users() if self._reads_users() else ():
            if _is_machine(user) and self.ask(Sample((self.bad,), user=user)).outcome == "allowed":
                return f"pods of {user.name} are let in"
        return ""

    def by_author(self) -> str:
        """What the author of a pod can set to get a forbidden image in, in words; empty if nothing is found."""
        for path, value in self._changes():
            if self.ask(Sample((self.bad,), changes=((path, value),))).outcome == "allowed":
                return f"a pod with {'.'.join(path)}={value} is let in"
        for path, value in self._container_changes():
            if self.ask(Sample((self.bad,), container_changes=((path, value),))).outcome == "allowed":
                return f"a container with {'.'.join(path)}={value} is let in"
        return ""

    def by_name(self) -> str:
        """A name whose pods are not let in although others are; empty if none is found."""
        for path, value in self._changes():
            changed = Sample((self.bad,), changes=((path, value),))
            if path == ("metadata", "name") and self.ask(changed).outcome == "denied":
                return str(value)
        return ""

    def names(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Names of pods that the policy may mean."""
        return ((path, value) for path, value in self._changes() if path == ("metadata", "name"))

    def _changes(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Fields of the pod that the policy reads, and values that it may mean."""
        words = [word for word in self.words if _WORD.fullmatch(word)]
        fields: dict[tuple[str, ...], None] = {}
        for path in sorted(self.paths):
            below = ("metadata", "name") if path == ("request", "name") else path[1:] if path[0] == "object" else ()
            if below in (("metadata", "labels"), ("metadata", "annotations")):
                fields.update(dict.fromkeys((*below, word) for word in words[:_MOST_WORDS]))
            elif len(below) > 1 and below[0] in ("metadata", "spec") and below[1] not in _LISTS:
                fields[below] = None
        for field in list(fields)[:_MOST_FIELDS]:
            for value in ("true", True, *words[:_MOST_WORDS]):
                yield field, value

    def _container_changes(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Fields that the policy reads of what it goes through one by one, and values that it may mean."""
        words = [word for word in self.words if _WORD.fullmatch(word)]
        inner = [path for path in sorted(self.paths) if path[0] not in (*NAMES, "params") and "." not in path[0]]
        fields = {path[1:]: None for path in inner if len(path) > 1}
        for field in [field for field in fields if field[0] not in _IMAGES][:_MOST_FIELDS]:
            for value in ("true", True, False, *_POLICIES, *words[:_MOST_WORDS]):
                yield field, value

    def _reads_users(self) -> bool:
        return any(path[:2] == ("request", "userInfo") or path == ("request",) for path in self.paths)

    def _named_users(self) -> list[User]:
        words = [word for word in self.words if _WORD.fullmatch(word)][: 2 * _MOST_WORDS]
        return [User(f"{word}x" if word.endswith(":") else word, (word, "system:authenticated")) for word in words]

    def _words(self) -> Iterator[str]:
        for validation in (*self.definition.conditions, *self.definition.validations):
            yield from validation.literals
        if ("namespaceObject", "metadata", "labels") in {path[:3] for path in self.paths}:
            yield from (self.context.labels or {}).values()
        yield from _strings(list(self.context.params or ()))


def _is_machine(user: User) -> bool:
    return user.name.startswith(("system:serviceaccount", "system:node"))


def _strings(pending: list[Any]) -> Iterator[str]:
    """The strings in the params, to some number."""
    count = 0
    while pending and count < _MOST_PARAMS:
        item = pending.pop()
        if isinstance(item, Mapping):
            pending += item.values()
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str):
            count += 1
            yield item
