"""Everything that is known about one image: where it runs, how it gets there, who vouches for it, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Literal

from msgspec import Struct

from auditor.coverage import Unread
from auditor.evidence import Evidence, ImageEvidence
from auditor.image import MalformedReference, Reference, parse
from auditor.images import Image, images
from auditor.list_views import Credentials
from auditor.model import Owner, Shape
from auditor.policy import Policy
from auditor.report import Finding, GoalRow, Report
from auditor.scans.joins import Joined, Scans
from auditor.scans.judgement import VulnerabilityRules, severity_counts
from auditor.signatures.account import Signing, signing
from auditor.signatures.judgement import Signatures
from auditor.subjects import ImageUse, NodeRepository, image_uses
from auditor.views import Views
from auditor.wire import BY_NAME

_FIRST = 5


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


def explain(asked: str, views: Views, report: Report) -> Explanation:
    """What is known of an image: asked for by repository (then of all its contents), tag, digest, or as in a spec."""
    try:
        wanted: Reference | None = parse(asked)
    except MalformedReference:
        wanted = None
    uses = [use for use in views.image_uses if views.holds(use.namespace)]
    malformed = [use for use in uses if use.reference is None and use.image == asked]
    evidence = Evidence(views.snapshot.images)
    found = [image for image in images(uses) if wanted and _is(wanted, image, evidence)]
    mine = [*malformed, *(use for image in found for use in image.uses)]
    cached = _cached(wanted, views.repositories) if wanted else ()
    return Explanation(
        asked=asked,
        reference=str(wanted) if wanted else None,
        contents=tuple(_content(image, evidence, views) for image in found),
        malformed=tuple(map(_use, malformed)),
        pulls=tuple(_pulls(mine, views.of(Credentials))),
        cached=cached,
        policy=tuple(_policy(wanted, mine, views.policy)) if wanted else (),
        enforcement=tuple(_enforcement(mine, report)),
        findings=_findings(wanted, found, mine, report),
        unread=tuple(_gaps(report)),
    )


def naming(asked: str, owners: Iterable[Owner]) -> tuple[Owner, ...]:
    """The workloads that use something of the same repository."""
    try:
        name = parse(asked).name
    except MalformedReference:
        return ()
    return tuple(
        owner for owner in owners if any(use.reference and use.reference.name == name for use in image_uses(owner))
    )


def near(asked: str, views: Views) -> list[str]:
    """Images of the cluster whose names are like this one."""
    names = {image.repository for image in views.images} | {repository.name for repository in views.repositories}
    bare = {name.rpartition("/")[2]: name for name in sorted(names, reverse=True)}
    last = asked.partition("@")[0].rpartition("/")[2].partition(":")[0]
    close = get_close_matches(asked, sorted(names), 3, 0.7)
    return list(dict.fromkeys([*close, *(bare[name] for name in get_close_matches(last, sorted(bare), 3, 0.7))]))[:3]


def _is(wanted: Reference, image: Image, evidence: Evidence) -> bool:
    """A digest says which content; a tag those that specs name by it; neither, all of the repository."""
    if image.repository != wanted.name:
        return False
    if wanted.digest:
        known = image.digest is not None and evidence.related(image.repository, image.digest, wanted.digest)
        return bool(wanted.digest in image.digests or known)
    return wanted.tag is None or wanted.tag in image.tags


def _content(image: Image, evidence: Evidence, views: Views) -> Content:
    uses = tuple(map(_use, image.uses))
    scans: Scans = views.of(Scans)
    joined = scans.of(image)
    return Content(
        image.name,
        image.digest,
        image.tags,
        image.platforms,
        uses,
        evidence.of(image),
        _scanned(joined, views.of(VulnerabilityRules)) if joined else None,
        tuple(
            f"{other.scan.label}, {', '.join(other.scan.digests)}"
            f"{'' if other.certain else ' (whether that is the same image only the registry can tell)'}"
            for other in scans.others(image)
        ),
        tuple(signing(image, views.of(Signatures), evidence)),
    )


def _scanned(joined: Joined, rules: VulnerabilityRules) -> Scanned:
    scan, weight = joined.scan, rules.weigh(joined)
    return Scanned(
        scanner=scan.label,
        at=scan.at,
        how=joined.how,
        origin=scan.origin,
        vulnerabilities=severity_counts(weight.every),
        counted=severity_counts(weight.counted),
        fixable=sum(each.fixable for each in weight.counted),
        exploited=sum(each.exploited for each in weight.counted),
        system=scan.system,
        end_of_life=scan.end_of_life,
        first=tuple(
            f"{each.vulnerability.id} in {each.vulnerability.package} {each.vulnerability.installed}"
            for each in weight.counted[:_FIRST]
        ),
    )


def _use(use: ImageUse) -> Use:
    running = {found.image_id for _, found in use.running()}
    return Use(
        use.namespace,
        use.owner.kind,
        use.owner.name,
        use.container,
        tuple(sorted(use.roles)),
        use.image,
        use.pods,
        tuple(sorted(running)),
        use.pull_policies,
        use.owner.origin,
    )


def _pulls(uses: Iterable[ImageUse], credentials: Credentials) -> Iterator[Pull]:
    """By namespace and by what its workloads pull with, which may differ between a template and its pods."""
    found: dict[tuple[str, tuple[str, ...], tuple[str, ...], str], dict[str, None]] = {}
    for use in uses:
        for shape, _ in use.places:
            named, serving, unread = _credentials(use, shape, credentials)
            workload = f"{use.owner.kind}/{use.owner.name}"
            found.setdefault((use.namespace, named, serving, unread), {})[workload] = None
    for (namespace, named, serving, unread), workloads in sorted(found.items()):
        yield Pull(namespace, tuple(workloads), named, serving, unread)


def _credentials(use: ImageUse, shape: Shape, credentials: Credentials) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    named: tuple[str, ...] = ()
    try:
        named = credentials.effective(use.owner, shape)
        if use.reference is None:
            return named, (), ""
        served = credentials.serving(use.namespace, named, use.reference)
    except Unread as gap:
        return named, (), f"{gap.resource}: {gap.state}"
    return named, tuple(f"{found.secret.name}: {found.entry.key}" for found in served), ""


def _cached(wanted: Reference, repositories: Iterable[NodeRepository]) -> tuple[Cached, ...]:
    return tuple(
        Cached(found.node.name, found.image.names, found.image.size_bytes, found.image.used)
        for repository in repositories
        if repository.name == wanted.name
        for found in repository.cached
        if (not wanted.digest or wanted.digest in found.digests) and (not wanted.tag or wanted.tag in found.tags)
    )


def _policy(wanted: Reference, uses: Iterable[ImageUse], policy: Policy) -> Iterator[Allowed]:
    spaces: list[str | None] = [*sorted({use.namespace for use in uses})]
    for namespace in spaces or [None]:
        entries = policy.registries.allowlist(namespace)
        if entries is None:
            yield Allowed(namespace, "no allowlist")
            continue
        entry = next((entry for entry in entries if entry.covers(wanted)), None)
        yield Allowed(namespace, "allowed" if entry else "refused", str(entry) if entry else "")


def _enforcement(uses: Iterable[ImageUse], report: Report) -> Iterator[Standing]:
    mine = {use.namespace for use in uses}
    for row in report.enforcement.namespaces if report.enforcement else ():
        if row.namespace in mine:
            yield Standing(row.namespace, row.registries, row.digests, row.signatures)


def _findings(
    wanted: Reference | None, found: Iterable[Image], uses: Iterable[ImageUse], report: Report
) -> tuple[Finding, ...]:
    """Those about its containers, about it as an image, and about its repository or a tag of it."""
    containers = {(use.namespace, use.owner.kind, use.owner.name, use.container) for use in uses}
    names = {("Image", image.name) for image in found}
    if wanted:
        names |= {("Repository", wanted.name), ("Tag", f"{wanted.name}:{wanted.tag}")}

    def concerns(finding: Finding) -> bool:
        subject = finding.subject
        if subject.kind == "Tag" and wanted and not (wanted.tag or wanted.digest):
            return subject.name.startswith(f"{wanted.name}:")
        place = (finding.namespace, subject.kind, subject.name)
        named = [subject.container] if subject.container else finding.evidence.get("containers", ())
        return (subject.kind, subject.name) in names or any((*place, container) in containers for container in named)

    return tuple(filter(concerns, report.findings))


def _gaps(report: Report) -> Iterator[str]:
    """What was not read of the lists that tell about images."""
    for row in report.coverage:
        if row.state in ("forbidden", "failed", "excluded") and (row.resource in BY_NAME or row.resource == "*"):
            where = f" in {', '.join(row.namespaces[:5])}" if row.namespaces else ""
            yield f"{'everything' if row.resource == '*' else row.resource}{where}: {row.detail or row.state}"
