"""Check: falco-list-drift."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor import (
    Entry,
    Fail,
    FalcoLoading,
    FalcoRules,
    MalformedReference,
    Manual,
    Policy,
    Severity,
    Skip,
    check,
    parse_entry,
)

_TRUSTED = re.compile(
    r"(?<![a-z])(?:trusted|allowed|approved|permitted|whitelist(?:ed)?|allow_?list(?:ed)?)_?\w*(?:image|registr|repositor)"
    r"|(?:image|registr|repositor)\w*_(?:allow_?list|whitelist|trusted|allowed|approved)",
    re.IGNORECASE,
)


@check(
    "Falco trusts other images than the audit policy",
    severity=Severity.LOW,
    references=(
        "https://falco.org/docs/concepts/rules/default-macros/",
        "https://falco.org/docs/concepts/rules/overriding/",
    ),
    remediation="""
        Decide which list is right and write it into both: the list in Falco's rules and `registries.allowed` in the
        policy file. If a list of that name is in the stock rules too (trusted_images is), give your own another name:
        yours replaces theirs.
        """,
)
def falco_list_drift(rules: FalcoRules, falco: FalcoLoading, policy: Policy) -> Iterator[Fail | Manual | Skip]:
    """A list of trusted images in Falco is one more allowlist, kept by other people and at other times. What it holds
    beyond the audit's is an image that no alarm is raised for; what it lacks, an alarm for every approved container.
    """
    lists = {item.name for item in rules.items if item.kind == "list" and _TRUSTED.search(item.name)}
    allowed = policy.registries.allowed
    known = falco.rules(rules) if lists and allowed is not None else None
    opened = {name: known.opened(name) for name in sorted(lists)} if known else {}
    seen = {name: entries for name, found in opened.items() if (entries := list(_entries(found.values)))}
    everything = [name for name, found in opened.items() if any(not value.strip("*/") for value in found.values)]
    for name in everything:
        told = f"The list {name} has an entry that stands for every image, or for none: it trusts no registry by name."
        yield Fail(told, f"{name}:everything", evidence={"list": name})
    if everything and not seen:
        return
    if allowed is None or not seen:
        yield Skip()
        return
    audited = {entry for entries in (allowed, *policy.registries.namespaces.values()) for entry in entries}
    for name, entries in seen.items():
        more = sorted(str(entry) for entry in entries if not _covered(entry, audited))
        less = sorted(str(entry) for entry in allowed if not _met(entry, entries))
        if more:
            told = f"The list {name} trusts {', '.join(more[:5])}, which the audit policy does not allow."
            yield Fail(told, f"{name}:more", evidence={"list": name, "entries": more[:50]})
        if less and not opened[name].complete:
            told = f"The list {name} was not read as a whole; what was lacks {', '.join(less[:5])}, which the audit"
            yield Manual(f"{told} policy allows.", f"{name}:less", {"list": name, "entries": less[:50]})
        elif less:
            told = f"The list {name} lacks {', '.join(less[:5])}, which the audit policy allows."
            yield Fail(told, f"{name}:less", evidence={"list": name, "entries": less[:50]})


def _entries(values: Iterable[str]) -> Iterator[Entry]:
    for value in values:
        try:
            yield parse_entry(value.rstrip("*").rstrip("/"))
        except MalformedReference:
            continue


def _covered(entry: Entry, by: Iterable[Entry]) -> bool:
    return any(wide.registry == entry.registry and _under(entry.path, wide.path) for wide in by)


def _met(entry: Entry, by: Iterable[Entry]) -> bool:
    """Whether a list knows of an entry at all: as a whole, or images under it."""
    return any(
        other.registry == entry.registry and (_under(entry.path, other.path) or _under(other.path, entry.path))
        for other in by
    )


def _under(path: str, wide: str) -> bool:
    return not wide or path == wide or path.startswith(f"{wide}/")
