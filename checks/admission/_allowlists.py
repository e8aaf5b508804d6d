"""Two allowlists compared: that of a policy at admission, and the audit's, in the namespaces where the first counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor import Allowlists, Entry, ImagePolicy, Policy


def drifts(policy: ImagePolicy, lists: Allowlists, audit: Policy) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """`more` or `less` than the audit allows is let in by the policy: which entries, and of each the namespaces."""
    allowed = lists.entries(policy)
    if allowed is None:
        return
    found: dict[str, dict[str, list[str]]] = {"more": {}, "less": {}}
    for namespace in lists.effective(policy):
        audited = audit.registries.allowlist(namespace)
        if audited is None:
            continue
        more = [entry for entry in allowed if not _covered(entry, audited)]
        if more:
            others = list(lists.others(policy, namespace))
            more = [entry for entry in more if all(_covered(entry, other) for other in others)]
        less = [entry for entry in audited if not _covered(entry, allowed)]
        for part, entries in (("more", more), ("less", less)):
            for entry in entries:
                found[part].setdefault(str(entry), []).append(namespace)
    for part, places in found.items():
        if places:
            yield part, {entry: sorted(places[entry]) for entry in sorted(places)}


def _covered(entry: Entry, by: Iterable[Entry]) -> bool:
    return any(_covers(wide, entry) for wide in by)


def _covers(wide: Entry, entry: Entry) -> bool:
    if wide.registry != entry.registry:
        return False
    if not wide.path or entry.path == wide.path or entry.path.startswith(wide.path + "/"):
        return True
    # On Docker Hub one segment is also the short name of an official image.
    return wide.registry == "docker.io" and entry.path == f"library/{wide.path}"
