"""Registry hosts that are not what they seem: addresses, localhost, upper case, look-alikes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from checks.workloads._well_known import DOMAINS, IMITATED, well_known

_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}", re.ASCII)
_PORT = re.compile(r":[0-9]+$", re.ASCII)


def suspicions(registry: str, approved: Collection[str], declared: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """(kind, sentence fragment) for each reason to distrust a registry, `host[:port]`.

    `approved` are the registries of the policy's allowlist: they are never suspicious, and names to be imitated.
    `declared` ones are known to the policy, so no imitations.
    """
    host = _PORT.sub("", registry)
    if registry in approved or well_known(host):
        return
    lower = host.lower()
    if host.startswith("[") or _IPV4.fullmatch(host):
        yield "ip-address", "is an address instead of a name, which no certificate or owner stands behind"
        return
    if lower == "localhost" or lower.startswith("localhost.") or lower.endswith(".localhost"):
        yield "localhost", "is whatever listens on each node itself"
    if host != lower:
        same = f" is another spelling of {lower}, and" if well_known(lower) or lower in approved else ""
        yield "upper-case", f"{same.lstrip() or 'has upper-case letters, and'} evades rules that compare text"
    known = frozenset(_PORT.sub("", name).lower() for name in approved)
    if not well_known(lower) and not _under(lower, known | {_PORT.sub("", name).lower() for name in declared}):
        imitated = _imitated(lower, known)
        if imitated:
            yield "look-alike", f"looks like {imitated}, but is under another domain"


def _under(host: str, domains: Collection[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


@lru_cache(maxsize=1024)
def _imitated(host: str, approved: frozenset[str]) -> str | None:
    """The name that a host imitates: as a part of another domain, or misspelt. Many images come from few hosts."""
    names = {name for name in approved if "." in name and not name.startswith("[") and not _IPV4.fullmatch(name)}
    inside = [name for name in names | DOMAINS if f".{name}." in f".{host}." or host.startswith(f"{name}-")]
    if inside:
        return max(inside, key=lambda name: (len(name), name))
    labels = host.split(".")
    for domain in IMITATED:
        tail = ".".join(labels[-domain.count(".") - 1 :])
        if one_edit(_unicode(tail), domain) or one_edit(host, domain):
            return domain
        if len(labels) > 1 and labels[-2] == domain.replace(".", "-"):
            return domain
    return None


def _unicode(domain: str) -> str:
    """The name that a browser would show for punycode labels; broken ones stay as they are."""
    labels = []
    for label in domain.split("."):
        try:
            labels.append(label[4:].encode().decode("punycode") if label.startswith("xn--") else label)
        except UnicodeError:
            labels.append(label)
    return ".".join(labels)


def one_edit(first: str, second: str) -> bool:
    """Whether one letter more, less or changed, or two neighbours swapped, make one text the other."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = 0
    while start < min(len(first), len(second)) and first[start] == second[start]:
        start += 1
    a, b = first[start:], second[start:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    return (len(a) <= 1 and len(b) <= 1) or (len(a) == len(b) == 2 and a == b[::-1])
