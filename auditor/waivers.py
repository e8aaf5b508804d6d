"""Which findings the policy's waivers accept, and which waivers no longer do anything."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from fnmatch import fnmatchcase

from auditor.escape import escape
from auditor.image import MalformedReference, parse
from auditor.policy import Waiver, did_you_mean
from auditor.quantity import quantity
from auditor.report import AppliedWaiver, Finding, Subject


def matches(waiver: Waiver, *, check: str, namespace: str | None, subject: Subject) -> bool:
    """Whether the waiver is for this subject of the check, whatever the day.

    Globs are case-sensitive, and `*` reaches across `/`. What is not there (no namespace, no container) only matches
    what matches nothing at all: `*`. A subject without a name is `Kind/` or `Kind`; an image also goes by its
    repository, which stays when its tag and digest change.
    """
    return (
        fnmatchcase(check, waiver.check)
        and fnmatchcase(namespace or "", waiver.namespace)
        and fnmatchcase(subject.container or "", waiver.container)
        and (
            fnmatchcase(f"{subject.kind}/{subject.name}", waiver.subject)
            or (not subject.name and fnmatchcase(subject.kind, waiver.subject))
            or (subject.kind == "Image" and fnmatchcase(f"Image/{_repository(subject.name)}", waiver.subject))
        )
    )


def _repository(name: str) -> str:
    """Of an image, whose name is in normal form; OpenShift's Image configuration is called `cluster`."""
    try:
        return parse(name).name if "/" in name else name
    except MalformedReference:
        return name


def literally(name: str) -> str:
    """The glob that matches this name and no other. What a glob cannot hold (white space) or show becomes `?`."""
    return "".join(f"[{c}]" if c in "*?[" else "?" if c.isspace() or escape(c) != c else c for c in name)


def waiver_of(finding: Finding, reason: str, expires: date, owner: str | None = None) -> Waiver:
    """The waiver of this finding's check for its subject alone. What has no namespace or container only `*` matches.

    Of an image it is for the repository: the finding, too, is the same one when the image is built anew.
    """
    subject = finding.subject
    called = _repository(subject.name) if subject.kind == "Image" else subject.name
    name = f"{subject.kind}/{called}" if called else subject.kind
    return Waiver(
        check=literally(finding.check),
        namespace="*" if finding.namespace is None else literally(finding.namespace),
        subject=literally(name),
        container="*" if subject.container is None else literally(subject.container),
        reason=reason,
        owner=owner,
        expires=expires,
    )


def covered(waiver: Waiver, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The failures that the waiver matches, waived already or not."""
    return tuple(
        found
        for found in findings
        if found.status != "manual"
        and matches(waiver, check=found.check, namespace=found.namespace, subject=found.subject)
    )


class WaiverBook:
    """The waivers of one run, on one day (UTC). It counts what each one matches, so that the idle ones can be told."""

    def __init__(self, waivers: Sequence[Waiver], today: date) -> None:
        self._waivers = tuple(waivers)
        self._today = today
        self._matched = [0] * len(self._waivers)
        self._by_check: dict[str, list[int]] = {}

    def apply(self, check: str, namespace: str | None, subject: Subject) -> AppliedWaiver | None:
        """The waiver of a failure: the first live one, else the one that expired last, else None."""
        candidates = self._by_check.get(check)
        if candidates is None:
            candidates = [i for i, waiver in enumerate(self._waivers) if fnmatchcase(check, waiver.check)]
            self._by_check[check] = candidates
        found: Waiver | None = None
        for index in candidates:
            waiver = self._waivers[index]
            if not matches(waiver, check=check, namespace=namespace, subject=subject):
                continue
            # All that match are counted: one that another makes superfluous today is still not idle.
            self._matched[index] += 1
            if found is None or (self._expired(found) and waiver.expires > found.expires):
                found = waiver
        if found is None:
            return None
        return AppliedWaiver(found.reason, found.expires.isoformat(), found.owner, self._expired(found))

    def warnings(
        self, known_checks: Collection[str], selected: Collection[str], namespaces: Collection[str] | None = None
    ) -> tuple[str, ...]:
        """What is odd about the waivers, in their order, after everything was applied.

        `namespaces`: what the audit was limited to, None for all. A waiver that could match something outside of the
        selected checks and namespaces is not told to match nothing.
        """
        told = ((i, self._warning(i, known_checks, selected, namespaces)) for i in range(len(self._waivers)))
        return tuple(f"policy: waivers[{i}] ({_shown(self._waivers[i])}): {text}" for i, text in told if text)

    def _expired(self, waiver: Waiver) -> bool:
        return self._today > waiver.expires

    def _warning(
        self, index: int, known: Collection[str], selected: Collection[str], namespaces: Collection[str] | None
    ) -> str:
        waiver, count = self._waivers[index], self._matched[index]
        expired = f"expired on {waiver.expires.isoformat()}" if self._expired(waiver) else ""
        if count:
            again = f"{quantity(count, 'failure')} that it matches {'is' if count == 1 else 'are'}"
            return f"{expired}; {again} no longer waived by it" if expired else ""
        meant = {check for check in known if fnmatchcase(check, waiver.check)}
        if not meant:
            return f"there is no such check{did_you_mean(waiver.check, known)}"
        if not meant.issubset(selected) or (namespaces is not None and waiver.namespace not in namespaces):
            return ""
        return f"{expired} and matches nothing in this audit" if expired else "matches nothing in this audit"


def _shown(waiver: Waiver) -> str:
    parts = {
        "check": waiver.check,
        "namespace": waiver.namespace,
        "subject": waiver.subject,
        "container": waiver.container,
    }
    return ", ".join(f"{name} {glob}" for name, glob in parts.items() if glob != "*") or "everything"
