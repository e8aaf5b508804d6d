"""What is wrong with a webhook wherever it is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.enforcement.chain import Fact, Flaw, Link


def flaws(name: str, links: Iterable[Link], *, fails_open: bool) -> Iterator[Fact]:
    """The flaws that the links of a webhook show, each with the webhook's name as its part."""
    found = {link.name: link for link in links}
    if fails_open:
        yield Fact(Flaw.FAIL_OPEN, f"webhook {name} fails open: failurePolicy is Ignore.", part=name)
    partial = [link for link in (found["pods updated"], found["ephemeral containers"]) if link.state != "holds"]
    if partial:
        certain = any(link.state == "broken" for link in partial)
        what = " and ".join(
            {"pods updated": "UPDATE of pods"}.get(link.name, "pods/ephemeralcontainers") for link in partial
        )
        yield Fact(Flaw.PARTIAL, f"webhook {name} does not cover {what}.", certain, part=name)
    if found["pod labels"].state == "broken":
        yield Fact(Flaw.SELF_SERVICE, f"webhook {name}: {found['pod labels'].detail}.", part=name)
    if found["backend"].state == "broken":
        outcome = "every pod is let in" if fails_open else "every pod is denied"
        yield Fact(Flaw.DEAD_BACKEND, f"webhook {name}: {found['backend'].detail}; {outcome}.", part=name)
