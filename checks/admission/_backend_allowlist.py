"""The registries in a backend's arguments beside those of the audit policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import Entry, Fail, MalformedReference, Manual, Policy, parse_entry


def compared(backend: str, written: Iterable[str], policy: Policy) -> Iterator[Fail | Manual]:
    """What one list has and the other has not; a question where there is no other list, or an entry is none."""
    rules = policy.registries
    entries, odd = _entries(written)
    if odd:
        yield Manual(
            f"The image policy backend {backend} allows what is no registry: {', '.join(odd[:5])}.",
            part=f"{backend} odd",
            evidence={"entries": odd},
        )
    audited = tuple(dict.fromkeys([*(rules.allowed or ()), *(e for own in rules.namespaces.values() for e in own)]))
    if rules.allowed is None and not audited:
        yield Manual(
            f"The image policy backend {backend} allows {', '.join(map(str, entries))}, and the audit policy has no "
            "allowlist to compare that with (registries.allowed).",
            part=backend,
            evidence={"allowedByBackend": [str(entry) for entry in entries]},
        )
        return
    more = [str(entry) for entry in entries if not _inside(entry, audited)]
    less = [str(entry) for entry in audited if not _inside(entry, entries)]
    if more:
        yield Fail(
            f"The image policy backend {backend} is told to allow what the audit policy does not: "
            f"{', '.join(more[:5])}.",
            part=f"{backend} more",
            evidence={"entries": more},
        )
    if less:
        yield Fail(
            f"The image policy backend {backend} is not told to allow what the audit policy allows: "
            f"{', '.join(less[:5])}.",
            part=f"{backend} less",
            evidence={"entries": less},
        )


def _entries(written: Iterable[str]) -> tuple[list[Entry], list[str]]:
    entries, odd = [], []
    for text in written:
        try:
            entries.append(parse_entry(text))
        except MalformedReference:
            odd.append(text[:80])
    return entries, odd


def _inside(entry: Entry, wider: Iterable[Entry]) -> bool:
    return any(
        wide.registry == entry.registry
        and (not wide.path or entry.path == wide.path or entry.path.startswith(f"{wide.path}/"))
        for wide in wider
    )
