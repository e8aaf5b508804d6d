"""Image names that a policy may let in, guessed from its words and the audit's allowlist; and one it must not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from auditor.enforcement.samples import DIGEST
from auditor.image import DOCKER_HUB, Entry, MalformedReference, parse, parse_entry
from auditor.policy import Registries

_IMAGE = "sample"
MOST = 256
"""More names than these are not tried, and then what is let in is not known to the end."""

_LONGEST = 255
_SHORTEST_WORD = 3
_HOSTS = ("registry", "outside", "elsewhere", "foreign")
_MOST_HOSTS = 8
_META = re.compile(r"[()\[\]{}*+?^$|\s,\"'=<>@]")
_GROUP = re.compile(r"([^()]*)\((?:\?:)?([^()]*)\)([^()]*)")
_SPLIT = re.compile(r"[\s,;|]+")


class Candidate(Struct, frozen=True):
    """An image name, and what of the registry is allowed if it is. `stated`: the policy itself names it."""

    name: str
    entry: Entry
    stated: bool = True

    @property
    def pinned(self) -> str:
        return f"{self.name}@{DIGEST}"


def forbidden(registries: Registries, words: Iterable[str] = ()) -> str:
    """A registry that nobody can have allowed: in the domain that RFC 2606 keeps free. It holds none of a policy's
    words, which may be looked for anywhere in a name."""
    taken = [entry for entries in (registries.allowed or (), *registries.namespaces.values()) for entry in entries]
    hosts = {entry.registry for entry in taken}
    lower = {word.lower() for word in words if len(word) >= _SHORTEST_WORD}
    names = itertools.chain(_HOSTS, (f"registry{index}" for index in itertools.count(1)))
    free = (host for name in names if (host := f"{name}.invalid") not in hosts)
    first = list(itertools.islice(free, _MOST_HOSTS))
    return next((host for host in first if not any(word in host for word in lower)), first[0])


def candidates(words: Iterable[str], registries: Registries) -> tuple[Candidate, ...]:
    """At most MOST, those that the policy's own words give first."""
    found: dict[str, Candidate] = {}
    for candidate in _all(words, registries):
        if len(found) >= MOST:
            break
        found.setdefault(candidate.name, candidate)
    return tuple(found.values())


def neighbours(candidate: Candidate, host: str) -> Iterator[str]:
    """Images that a pattern without a closing segment lets in beside what it means; none of them is the candidate's."""
    stem = candidate.name.removesuffix(f"/{_IMAGE}")
    if "/" in stem:
        yield f"{stem}-evil/{_IMAGE}@{DIGEST}"
    else:
        yield f"{stem}.{host}/{_IMAGE}@{DIGEST}"
    if ":" not in stem:
        yield f"{host}/{stem}/{_IMAGE}@{DIGEST}"


def _all(words: Iterable[str], registries: Registries) -> Iterator[Candidate]:
    for word in words:
        for name in _prefixes(word):
            yield from _stated(name)
    entries = [*(registries.allowed or ()), *(entry for more in registries.namespaces.values() for entry in more)]
    for entry in entries:
        yield Candidate(f"{_stem(str(entry), entry)}/{_IMAGE}", entry, stated=False)
        if entry.registry == DOCKER_HUB:
            yield Candidate(f"{entry.path or 'someone'}/{_IMAGE}", entry, stated=False)
    yield Candidate(f"someone/{_IMAGE}", Entry(DOCKER_HUB), stated=False)
    yield Candidate(_IMAGE, Entry(DOCKER_HUB, "library"), stated=False)
    yield Candidate(f"registry.k8s.io/{_IMAGE}", Entry("registry.k8s.io"), stated=False)


def _stem(name: str, entry: Entry) -> str:
    # What lies right under docker.io is in its library, which says nothing about the rest of it.
    return f"{name}/someone" if entry == Entry(DOCKER_HUB) else name


def _stated(name: str) -> Iterator[Candidate]:
    try:
        entry = parse_entry(name)
    except MalformedReference:
        return
    # `corp.example` without a slash after it is a registry to people, and to a comparison of strings.
    yield Candidate(f"{_stem(name, entry)}/{_IMAGE}", entry)
    if "/" in name:
        try:
            named = parse(name)
        except MalformedReference:
            return
        yield Candidate(name, Entry(named.registry, named.repository))


def _prefixes(word: str) -> Iterator[str]:
    """The constant beginnings of what may be a name, a list of names or a regular expression."""
    if len(word) > 16 * _LONGEST:
        return
    group = _GROUP.fullmatch(word.removeprefix("^").removesuffix("$"))
    if group:
        for part in group[2].split("|"):
            yield from _cleaned(f"{group[1]}{part}{group[3]}")
        return
    for part in _SPLIT.split(word):
        yield from _cleaned(part)


def _cleaned(part: str) -> Iterator[str]:
    part = part.removeprefix("^").replace("\\.", ".").replace("\\/", "/").replace("\\-", "-")
    meta = _META.search(part)
    if meta:
        # `corp/.*` and `corp.*`: a dot before a repetition is any character.
        part = part[: meta.start()].removesuffix(".")
    part = part.rstrip("/:")
    if part and len(part) <= _LONGEST and "\\" not in part:
        yield part
