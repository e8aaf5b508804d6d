"""Everything that is known about one image: where it runs, how it gets there, who vouches for it, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.coverage import Unread
from auditor.evidence import Evidence
from auditor.explanation import Allowed, Cached, Content, Explanation, Pull, Scanned, Standing, Use
from auditor.image import Reference
from auditor.images import Image, images
from auditor.list_views import Credentials
from auditor.meant import means, reference_of
from auditor.model import Shape
from auditor.policy import Policy
from auditor.report import Finding, Report
from auditor.scans.joins import Joined, Scans
from auditor.scans.judgement import VulnerabilityRules, severity_counts
from auditor.signatures.account import signing
from auditor.signatures.judgement import Signatures
from auditor.subjects import ImageUse, NodeRepository
from auditor.views import Views
from auditor.wire import BY_NAME

_FIRST = 5


def explain(asked: str, views: Views, report: Report) -> Explanation:
    """What is known of an image: asked for by repository (then of all its contents), tag, digest, or as in a spec."""
    wanted = reference_of(asked)
    uses = [use for use in views.image_uses if views.holds(use.namespace)]
    malformed = [use for use in uses if use.reference is None and use.image == asked]
    evidence = Evidence(views.snapshot.images)
    found = [image for image in images(uses) if wanted and means(wanted, image, evidence)]
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
