"""What is known of one image, as values: where it runs, how it gets there, who vouches for it, what is wrong."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from auditor.evidence import ImageEvidence
from auditor.report import Finding, GoalRow
from auditor.signatures.account import Signing


class Use(Struct, frozen=True, rename="camel"):
    """A container that names the image. `image` is as its spec writes it, `running` the imageIDs of its pods."""

    namespace: str
    kind: str
    name: str
    container: str
    roles: tuple[str, ...]
    image: str
    pods: int = 0
    running: tuple[str, ...] = ()
    pull_policies: tuple[str, ...] = ()
    origin: str = ""


class Pull(Struct, frozen=True, rename="camel"):
    """How a namespace's pods pull it: the auths entries that serve it in the kubelet's order, as `secret: key`.

    `named` are the pull secrets that they name. `unread` says why it is not known.
    """

    namespace: str
    workloads: tuple[str, ...]
    named: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    unread: str = ""


class Cached(Struct, frozen=True, rename="camel"):
    """An entry of a node's image list."""

    node: str
    names: tuple[str, ...]
    size_bytes: int
    used: bool


class Allowed(Struct, frozen=True, rename="camel"):
    """What the policy says of it in a namespace (None: wherever there is an allowlist), and by which entry."""

    namespace: str | None
    verdict: Literal["allowed", "refused", "no allowlist"]
    entry: str = ""


class Standing(Struct, frozen=True, rename="camel"):
    """Whether admission enforces registries, digests and signatures in a namespace."""

    namespace: str
    registries: GoalRow
    digests: GoalRow
    signatures: GoalRow


class Scanned(Struct, frozen=True, rename="camel"):
    """The newest scan of a content: by whom, when, how it is known to be of it, and what it found, by severity.

    `counted` are those that fail by the policy, `fixable` of them have a fix, and `exploited` are known to be.
    """

    scanner: str
    at: str | None
    how: str
    origin: str
    vulnerabilities: dict[str, int] = {}
    counted: dict[str, int] = {}
    fixable: int = 0
    exploited: int = 0
    system: str = ""
    end_of_life: bool = False
    first: tuple[str, ...] = ()


class Content(Struct, frozen=True, rename="camel"):
    """One content of the image. `registry` is what the registry says of it, None where nobody asked; `scanned` what a
    scanner says, None where no result is about it, and `other_scans` are results of the same name's other content.
    `signing` is what the policy's entries that want it signed make of its signatures."""

    name: str
    digest: str | None
    tags: tuple[str, ...]
    platforms: tuple[str, ...]
    uses: tuple[Use, ...]
    registry: ImageEvidence | None = None
    scanned: Scanned | None = None
    other_scans: tuple[str, ...] = ()
    signing: tuple[Signing, ...] = ()


class Explanation(Struct, frozen=True, rename="camel"):
    """`asked` is what was asked for, `reference` its normal form, None where it is no reference.

    `unread` are the gaps that may hide something of it, for a person.
    """

    asked: str
    reference: str | None
    contents: tuple[Content, ...]
    malformed: tuple[Use, ...]
    pulls: tuple[Pull, ...]
    cached: tuple[Cached, ...]
    policy: tuple[Allowed, ...]
    enforcement: tuple[Standing, ...]
    findings: tuple[Finding, ...]
    unread: tuple[str, ...]

    @property
    def known(self) -> bool:
        """Whether anything in the cluster names it."""
        return bool(self.contents or self.malformed or self.cached)
