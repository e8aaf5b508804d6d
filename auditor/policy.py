"""What a policy says: which registries, images and checks the audit allows, waives or leaves out."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from auditor.image import Entry, Reference
from auditor.report import Severity
from auditor.signatures.identities import fault as identity_fault
from auditor.signatures.patterns import fault

# `$` alone would let a trailing line feed pass, in Python though not in JSON Schema.
_END = r"$(?!\n)"

Text = Annotated[str, Meta(pattern=r"\S", extra={"rule": "must not be blank"})]
Name = Annotated[str, Meta(pattern=r"^\S+" + _END, extra={"rule": "must not be empty or hold white space"})]
Tag = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}" + _END,
        extra={"rule": "must be an image tag, such as latest; patterns are not read here"},
    ),
]
# Bounded so that a date plus so many days is still a date.
Days = Annotated[int, Meta(ge=0, le=36500)]


class Section(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A part of the policy file; the file's keys are the fields' names in camelCase."""


class Registries(Section, frozen=True):
    """Where images may come from."""

    allowed: Annotated[
        tuple[Entry, ...] | None,
        Meta(
            description="Registries that every namespace may use. Without this key there is no allowlist; an empty "
            "list refuses everything."
        ),
    ] = None
    private: Annotated[
        tuple[Entry, ...],
        Meta(description="Registries whose images can only be pulled with credentials."),
    ] = ()
    namespaces: Annotated[
        dict[Name, tuple[Entry, ...]],
        Meta(description="Further allowed registries, for the namespaces that a glob matches."),
    ] = {}

    def allowlist(self, namespace: str | None) -> tuple[Entry, ...] | None:
        """What the namespace (None: what belongs to none) may use; None where nothing says so, () where nothing may.

        A namespace's own entries add to `allowed`. Without `allowed` they are the whole list of the namespaces that
        they match, and other namespaces have none.
        """
        own = [
            entries
            for glob, entries in self.namespaces.items()
            if namespace is not None and fnmatchcase(namespace, glob)
        ]
        if self.allowed is None and not own:
            return None
        return tuple(dict.fromkeys(entry for entries in [self.allowed or (), *own] for entry in entries))

    def approves(self, reference: Reference, namespace: str | None) -> bool | None:
        """Whether the namespace may use the image; None where it has no allowlist."""
        entries = self.allowlist(namespace)
        return None if entries is None else _covered(entries, reference)

    def approves_somewhere(self, reference: Reference) -> bool | None:
        """Whether any namespace may use the image: the question about what is cached on a node.

        None where no entry names it and namespaces without an allowlist remain, which may use anything.
        """
        if any(_covered(entries, reference) for entries in [self.allowed or (), *self.namespaces.values()]):
            return True
        return None if self.allowed is None else False

    def is_private(self, reference: Reference) -> bool:
        """Whether the policy declares that the image needs credentials."""
        return _covered(self.private, reference)


class Images(Section, frozen=True):
    """What is usual for images and containers here."""

    floating_tags: Annotated[
        tuple[Tag, ...],
        Meta(description="Tags that move by design. latest stands for a missing tag too."),
    ] = ("latest", "main", "master", "edge", "nightly", "dev")
    injected_containers: Annotated[
        tuple[Name, ...],
        Meta(description="Containers that admission adds and that need not be in the template."),
    ] = ("istio-proxy", "istio-init", "linkerd-proxy", "linkerd-init", "vault-agent", "vault-agent-init")
    max_age_days: Annotated[Days, Meta(description="Images built longer ago than this are old.")] = 365


class Identity(Section, frozen=True):
    """Who may have signed, as a keyless certificate states it."""

    issuer: Annotated[Text, Meta(description="The OpenID Connect issuer, in full.")]
    subject: Annotated[
        Text,
        Meta(
            description="The certificate's subject, an e-mail address or a URI: in full, or with globs after the host "
            "and the owner; * within a segment, ** across."
        ),
    ]

    def __post_init__(self) -> None:
        if wrong := identity_fault(self.issuer, self.subject):
            raise ValueError(wrong)


class Signature(Section, frozen=True):
    """Who must have signed the images that a pattern matches: one of the keys or identities."""

    images: Annotated[
        tuple[Name, ...],
        Meta(
            min_length=1,
            description="Registries or paths, as in the allowlist, or globs over registry/repository: * within a "
            "segment, ** across.",
        ),
    ]
    keys: Annotated[tuple[Text, ...], Meta(description="PEM files of public keys.")] = ()
    identities: Annotated[tuple[Identity, ...], Meta(description="Keyless identities.")] = ()
    trust_root: Annotated[
        Text | None,
        Meta(
            description="File: the trusted_root.json that vouches for the identities' certificates; Sigstore's public "
            "one, as the package sigstore carries it, without this key."
        ),
    ] = None

    def __post_init__(self) -> None:
        if not self.keys and not self.identities:
            raise ValueError("needs a key or an identity")
        if self.trust_root and not self.identities:
            raise ValueError("trustRoot: vouches for identities, and there are none")
        for pattern in self.images:
            if wrong := fault(pattern):
                raise ValueError(f"images: {pattern} {wrong}")


class Vulnerabilities(Section, frozen=True):
    """Which known vulnerabilities fail an image, and how old a scan may be."""

    threshold: Annotated[Severity, Meta(description="The least severity that fails.")] = Severity.HIGH
    only_fixable: Annotated[bool, Meta(description="Count only those with a fix.")] = False
    grace_days: Annotated[Days, Meta(description="Days from publication during which one does not fail.")] = 0
    max_scan_age_days: Annotated[Days, Meta(description="Scan results older than this are stale.")] = 7
    kev: Annotated[Text | None, Meta(description="File: the catalogue of known exploited vulnerabilities.")] = None
    epss: Annotated[Text | None, Meta(description="File: the scores of the exploit prediction system.")] = None


class CheckSetting(Section, frozen=True):
    """What the policy changes about a check."""

    severity: Annotated[Severity | None, Meta(description="Replaces the check's own severity.")] = None
    enabled: Annotated[bool, Meta(description="false switches the check off; a reason is required then.")] = True
    reason: Annotated[Text | None, Meta(description="Why.")] = None

    def __post_init__(self) -> None:
        if not self.enabled and self.reason is None:
            raise ValueError("needs a reason, because it switches the check off")


class Waiver(Section, frozen=True, kw_only=True):
    """Findings that are accepted until a day. Every field given must match; `*` also matches what is not there."""

    check: Annotated[Name, Meta(description="Glob of check ids.")] = "*"
    namespace: Annotated[Name, Meta(description="Glob of namespaces; * also matches what belongs to none.")] = "*"
    subject: Annotated[Name, Meta(description="Glob of Kind/name, such as Deployment/billing.")] = "*"
    container: Annotated[Name, Meta(description="Glob of containers; * also matches subjects without one.")] = "*"
    reason: Annotated[Text, Meta(description="Why the findings are accepted.")]
    owner: Annotated[Text | None, Meta(description="Who answers for that.")] = None
    expires: Annotated[date, Meta(description="The last day on which it waives, in UTC.")]


class Exclude(Section, frozen=True):
    """What is not audited; every report lists it."""

    namespaces: Annotated[tuple[Name, ...], Meta(description="Globs of namespaces.")] = ()

    def covers(self, namespace: str) -> bool:
        return any(fnmatchcase(namespace, glob) for glob in self.namespaces)


class PolicyFile(Section, frozen=True, kw_only=True):
    """The policy of an audit: what is allowed, what is waived, what is left out."""

    version: Annotated[
        Literal[1],
        Meta(description="The version of this format.", extra={"rule": "must be 1, the only version that there is"}),
    ] = 1
    registries: Registries = Registries()
    images: Images = Images()
    signatures: tuple[Signature, ...] = ()
    vulnerabilities: Vulnerabilities = Vulnerabilities()
    runtime_detection: Annotated[
        tuple[Name, ...],
        Meta(description="DaemonSets that count as runtime detection."),
    ] = ("falco",)
    checks: Annotated[dict[Name, CheckSetting], Meta(description="Settings by check id.")] = field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()
    exclude: Exclude = Exclude()
    packs: Annotated[tuple[Name, ...], Meta(description="Further packs of checks, by entry-point name.")] = ()


class Policy(PolicyFile, frozen=True, kw_only=True):
    """A policy and where it came from. `Policy()` is an audit without a policy file.

    `path` is as the user gave it, `sha256` the hexadecimal digest of the file's bytes. `files` are those that
    the policy names, by the names that it gives them, as far as they were read: see policy_files.
    """

    path: str | None = None
    sha256: str | None = None
    files: dict[str, bytes] = {}

    def setting(self, check: str) -> CheckSetting:
        return self.checks.get(check, CheckSetting())

    def warnings(self, known_checks: Collection[str]) -> tuple[str, ...]:
        """Settings of checks that do not exist, which change nothing."""
        return tuple(
            f"policy: checks.{check}: there is no such check{did_you_mean(check, known_checks)}"
            for check in self.checks
            if check not in known_checks
        )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` where a known word is near, without regard to case, `_` and `-`; else nothing."""
    plain = {_plain(candidate): candidate for candidate in known}
    near = get_close_matches(_plain(word), plain, n=1, cutoff=0.7)
    return f"; did you mean {plain[near[0]]}?" if near else ""


def _plain(word: str) -> str:
    # The comparison's cost grows with the product of the lengths, and no known word is long.
    return word[:80].lower().replace("_", "").replace("-", "")


def _covered(entries: Iterable[Entry], reference: Reference) -> bool:
    return any(entry.covers(reference) for entry in entries)
