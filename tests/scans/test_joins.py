"""Which result is about which image: every way to know it, and every reason not to believe it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from auditor.coverage import Gaps, Unread
from auditor.evidence import Child, Evidence, ImageEvidence, Platform
from auditor.images import Image, images
from auditor.model import SCAN_RESULTS, ClusterInfo, Container, Coverage, Owner, RunningImage, Shape, Snapshot
from auditor.scans.contents import packed, put_together
from auditor.scans.joins import Scans
from auditor.scans.results import Scan, ScannedContainer, Vulnerability
from auditor.subjects import image_uses

REPOSITORY = "registry.example/shop/web"
A, B, C, D = (f"sha256:{letter * 64}" for letter in "abcd")
INDEX = ImageEvidence(
    REPOSITORY, digest=A, children=(Child(B, "linux/amd64"), Child(C, "linux/arm64")), platforms=(Platform(B),)
)
SINGLE = ImageEvidence(REPOSITORY, digest=D)
REPORTED = Coverage(SCAN_RESULTS[0], "read", count=1)
Found = tuple[Scan, tuple[Vulnerability, ...]]


def owner(spec: str, running: str = "", *, kind: str = "Deployment", revision: str = "5d8f") -> Owner:
    container = Container("web", "container", spec)
    ran = (RunningImage("web", running, "linux/amd64"),) if running else ()
    shape = Shape("pods", (container,), revision=revision, pods=1, examples=("web-5d8f-x",), running=ran)
    return Owner("shop", kind, "web", shapes=(shape,))


def scanned(
    name: str = "", digest: str = "", *, by: str = "Trivy", at: str = "2026-11-20T00:00:00Z", identity: str = ""
) -> Scan:
    tags = (f"{REPOSITORY}:{name}",) if name else ()
    return Scan(by, at=at or None, tags=tags, digests=(digest,) if digest else (), image_id=identity)


def of_container(kind: str, name: str, scan: Scan) -> Scan:
    return Scan(
        scan.scanner,
        at=scan.at,
        tags=scan.tags,
        digests=scan.digests,
        container=ScannedContainer("shop", kind, name, "web"),
    )


def views(
    found: Sequence[Found],
    owners: Sequence[Owner],
    evidence: Sequence[ImageEvidence] = (),
    coverage: Sequence[Coverage] = (REPORTED,),
    collected_at: str | None = None,
) -> tuple[Scans, list[Image]]:
    cluster = ClusterInfo(collected_at=collected_at)
    results = put_together((scan, packed(vulnerabilities)) for scan, vulnerabilities in found)
    snapshot = Snapshot(cluster=cluster, owners=tuple(owners), scans=results, coverage=tuple(coverage))
    uses = [use for each in owners for use in image_uses(each)]
    return Scans(snapshot, Gaps(snapshot), Evidence(evidence)), list(images(uses))


PINNED = f"{REPOSITORY}@{A}"
TAGGED = f"{REPOSITORY}:1"


@pytest.mark.parametrize(
    ("spec", "running", "scan", "evidence", "how"),
    [
        pytest.param(TAGGED, "", scanned("1"), (), "tag", id="by tag, nobody knows a digest"),
        pytest.param(TAGGED, PINNED, scanned("1"), (), "tag", id="by tag, the scan states no digest"),
        pytest.param(TAGGED, "", scanned("1", A), (), "tag", id="by tag, nothing runs"),
        pytest.param(TAGGED, "", scanned("2"), (), None, id="another tag"),
        pytest.param(TAGGED, PINNED, scanned("1", A), (), "digest", id="by the running digest"),
        pytest.param(TAGGED, PINNED, scanned("2", A), (), "digest", id="by the digest, whatever the tag"),
        pytest.param(PINNED, "", scanned("", A), (), "digest", id="by the digest of the spec"),
        pytest.param(TAGGED, PINNED, scanned("1", B), (), None, id="other content under the tag"),
        pytest.param(TAGGED, PINNED, scanned("1", B), (INDEX,), "digest", id="a platform of the index that runs"),
        pytest.param(TAGGED, PINNED, scanned("1", C), (INDEX,), None, id="another platform, by the tag's name"),
        pytest.param(TAGGED, PINNED, scanned("", C), (INDEX,), None, id="a platform that nothing runs on"),
        pytest.param(TAGGED, f"{REPOSITORY}@{B}", scanned("1", A), (INDEX,), "digest", id="the index of what runs"),
        pytest.param(TAGGED, PINNED, scanned("1", D), (INDEX, SINGLE), None, id="the tag moved, says the registry"),
        pytest.param(TAGGED, C, scanned("", "", identity=C), (), "image ID", id="nodes know the image ID alone"),
        pytest.param(TAGGED, C, scanned("", C), (), "image ID", id="an old release's digest is the image ID"),
        pytest.param(TAGGED, C, scanned("1", A, identity=D), (), None, id="another image ID"),
        pytest.param(
            TAGGED, "", of_container("ReplicaSet", "web-5d8f", scanned("1")), (), "workload", id="of the ReplicaSet"
        ),
        pytest.param(
            TAGGED, "", of_container("Deployment", "web", scanned("1")), (), "workload", id="of the Deployment"
        ),
        pytest.param(
            TAGGED, "", of_container("ReplicaSet", "web-old", scanned("0")), (), None, id="of an older revision"
        ),
        pytest.param(
            TAGGED, "", of_container("Deployment", "web", scanned("0")), (), None, id="of an older spec of it"
        ),
        pytest.param(
            TAGGED, PINNED, of_container("ReplicaSet", "web-5d8f", scanned()), (), "workload", id="of it, no artifact"
        ),
        pytest.param(
            TAGGED, PINNED, of_container("ReplicaSet", "web-old", scanned()), (), None, id="of another, no artifact"
        ),
        pytest.param(
            TAGGED, PINNED, of_container("Deployment", "web", scanned("1", B)), (), None, id="of it, of other content"
        ),
    ],
)
def test_how_a_result_joins(
    spec: str, running: str, scan: Scan, evidence: Sequence[ImageEvidence], how: str | None
) -> None:
    scans, (image,) = views([(scan, ())], [owner(spec, running)], evidence)
    joined = scans.of(image)
    assert (joined.how if joined else None) == how


def test_a_pod_of_its_own() -> None:
    scan = of_container("Pod", "web-5d8f-x", scanned("1"))
    scans, (image,) = views([(scan, ())], [owner(TAGGED, kind="Pod", revision="")])
    joined = scans.of(image)
    assert joined
    assert joined.how == "workload"


@pytest.mark.parametrize(
    ("results", "newest"),
    [
        ([scanned("1", at="2026-11-01T00:00:00Z"), scanned("1", by="Grype")], "Grype"),
        ([scanned("1", at=""), scanned("1", by="Grype", at="2020-01-01T00:00:00Z")], "Grype"),
        ([scanned("1"), scanned("1", by="Grype")], "Grype"),
        ([scanned("1", at=""), scanned("1", by="Grype", at="")], "Grype"),
        ([scanned("1", by="Grype"), scanned("1", A, at="2020-01-01T00:00:00Z")], "Trivy"),
    ],
    ids=["the newer", "dated before undated", "the same time", "neither dated", "content before name"],
)
def test_of_several_one_counts(results: list[Scan], newest: str) -> None:
    for order in (results, results[::-1]):
        scans, (image,) = views([(scan, ()) for scan in order], [owner(TAGGED, PINNED)])
        joined = scans.of(image)
        assert joined
        assert joined.scan.scanner == newest


def test_platforms_of_one_image_count_together() -> None:
    one, other = Vulnerability("CVE-1"), Vulnerability("CVE-2")
    results = [(scanned("", B, by="Clair"), (one,)), (scanned("", C, by="Clair"), (one, other))]
    scans, (image,) = views(results, [owner(PINNED)], [INDEX])
    joined = scans.of(image)
    assert joined
    assert set(joined.found) == {one, other}


def on_platforms(spec: str, **digests: str) -> Owner:
    """Runs these digests on linux/ARCHITECTURE."""
    running = tuple(
        RunningImage("web", f"{REPOSITORY}@{digest}", f"linux/{platform}") for platform, digest in digests.items()
    )
    shape = Shape("pods", (Container("web", "container", spec),), pods=2, running=running)
    return Owner("shop", "Deployment", "web", shapes=(shape,))


@pytest.mark.parametrize(
    ("digests", "evidence", "unscanned", "certain"),
    [
        ([B], (), (f"{C} on linux/arm64",), False),
        (
            [B],
            (INDEX, ImageEvidence(REPOSITORY, digest=B), ImageEvidence(REPOSITORY, digest=C)),
            (f"{C} on linux/arm64",),
            True,
        ),
        ([B, C], (), (), True),
        ([A], (), (), True),
    ],
    ids=["one", "one, says the registry", "both", "the index"],
)
def test_every_platform_that_runs_needs_a_scan(
    digests: list[str], evidence: Sequence[ImageEvidence], unscanned: tuple[str, ...], certain: bool
) -> None:
    results = [(scanned("", digest), (Vulnerability(f"CVE-{digest[7]}"),)) for digest in digests]
    scans, (image,) = views(results, [on_platforms(PINNED, amd64=B, arm64=C)], evidence)
    joined = scans.of(image)
    assert joined
    assert (joined.unscanned, joined.certain) == (unscanned, certain)
    assert len(joined.found) == len(digests)


def test_platforms_of_an_index_that_nodes_name_need_one_each() -> None:
    scans, (image,) = views([(scanned("", B), ())], [on_platforms(TAGGED, amd64=A, arm64=A)], [INDEX])
    joined = scans.of(image)
    assert joined
    assert joined.unscanned == (f"{A} on linux/arm64",)


def test_each_platform_may_be_scanned_by_another_scanner_at_another_time() -> None:
    one, other, old = Vulnerability("CVE-1"), Vulnerability("CVE-2"), Vulnerability("CVE-3")
    results = [
        (scanned("", B, by="Grype"), (one,)),
        (scanned("", C, at="2026-11-01T00:00:00Z"), (other,)),
        (scanned("", B, at="2026-11-01T00:00:00Z"), (old,)),
    ]
    scans, (image,) = views(results, [on_platforms(PINNED, amd64=B, arm64=C)])
    joined = scans.of(image)
    assert joined
    assert set(joined.found) == {one, other}


@pytest.mark.parametrize("at", ["2026-11-20T00:00:00Z", ""], ids=["dated", "undated"])
def test_of_equally_new_results_all_count(at: str) -> None:
    clean, dirty = scanned("1", A, at=at, identity=C), scanned("1", A, at=at)
    for order in ([(clean, ()), (dirty, (Vulnerability("CVE-1"),))], [(dirty, (Vulnerability("CVE-1"),)), (clean, ())]):
        scans, (image,) = views(order, [owner(TAGGED, PINNED)])
        joined = scans.of(image)
        assert joined
        assert len(joined.found) == 1


@pytest.mark.parametrize(("collected", "counts"), [("2026-11-21T00:00:00Z", "Grype"), (None, "Trivy")])
def test_a_date_to_come_is_none(collected: str | None, counts: str) -> None:
    results = [(scanned("1", at="2099-01-01T00:00:00Z"), ()), (scanned("1", by="Grype"), ())]
    scans, (image,) = views(results, [owner(TAGGED)], collected_at=collected)
    joined = scans.of(image)
    assert joined
    assert joined.scan.scanner == counts


@pytest.mark.parametrize(
    ("evidence", "certain"),
    [((), False), ((INDEX, SINGLE), True), ((INDEX,), False)],
    ids=["no registry", "both", "one"],
)
def test_other_content_is_told(evidence: Sequence[ImageEvidence], certain: bool) -> None:
    scans, (image,) = views([(scanned("1", D), ())], [owner(TAGGED, PINNED)], evidence)
    assert scans.of(image) is None
    assert [other.certain for other in scans.others(image)] == [certain]


@pytest.mark.parametrize(("evidence", "told"), [((), [False]), ((SINGLE,), [])], ids=["maybe an index", "it is none"])
def test_a_scan_without_a_name_may_be_of_a_platform_of_what_runs(
    evidence: Sequence[ImageEvidence], told: list[bool]
) -> None:
    scans, (image,) = views([(scanned("", B, by="Clair"), ())], [owner(TAGGED, f"{REPOSITORY}@{D}")], evidence)
    assert [other.certain for other in scans.others(image)] == told


READ, FORBIDDEN = Coverage(SCAN_RESULTS[1], "read", count=3), Coverage(SCAN_RESULTS[0], "forbidden")


@pytest.mark.parametrize(
    ("coverage", "state"),
    [
        ([REPORTED], None),
        ([READ], None),
        ([READ, Coverage(SCAN_RESULTS[0], "absent")], None),
        ([READ, Coverage(SCAN_RESULTS[0], "excluded")], None),
        ([READ, FORBIDDEN], "forbidden"),
        ([READ, Coverage(SCAN_RESULTS[1], "failed", detail="x.json: damaged", complete=False)], "failed"),
        ([Coverage(SCAN_RESULTS[0], "read", count=2, complete=False)], "read"),
        ([Coverage(SCAN_RESULTS[0], "absent")], "excluded"),
        ([], "excluded"),
    ],
)
def test_that_no_result_is_about_an_image_is_only_known_where_all_were_read(
    coverage: Sequence[Coverage], state: str | None
) -> None:
    scans, _ = views([], [], (), coverage)
    if state is None:
        scans.require()
    else:
        with pytest.raises(Unread) as gap:
            scans.require()
        assert gap.value.state == state
