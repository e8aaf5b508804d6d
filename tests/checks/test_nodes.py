"""What is known of cached images, of nodes and of their pods: edges that fixtures do not show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import CachedImage, Node, NodeTag
from auditor.engine import Scope
from auditor.model import Coverage, NodeImage, Snapshot
from auditor.report import Report
from auditor.subjects import node_repositories, node_tags
from checks.nodes._variants import variants
from tests.auditing import audit

NGINX = "docker.io/library/nginx"


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def node(name: str, *images: NodeImage, platform: str = "linux/amd64", kubelet: str = "v1.36.2") -> Node:
    system, _, architecture = platform.partition("/")
    return Node(name, system, architecture, kubelet, images=images)


def tags_of(*nodes: Node) -> dict[str, NodeTag]:
    return {tag.name: tag for tag in node_tags(node_repositories(Snapshot(nodes=nodes)))}


def report(check: str, *nodes: Node, coverage: tuple[Coverage, ...], scope: Scope | None = None) -> Report:
    return audit(Snapshot(coverage=coverage, nodes=nodes), only=[check], scope=scope)


@pytest.mark.parametrize(
    ("version", "verifies"),
    [
        ("v1.34.9", False),
        ("v1.35.0", True),
        ("v1.35.0-alpha.1", True),
        ("v1.100.0", True),
        ("v2.0.0", True),
        ("1.36.2", True),
        ("v1.32.4+k3s1", False),
        ("v1.33.5-eks-1a2b3c4", False),
        ("v1.34", False),
        ("", None),
        ("unknown", None),
    ],
)
def test_kubelets_verify_from_1_35(version: str, verifies: bool | None) -> None:
    assert Node("n", kubelet_version=version).verifies_pulls is verifies


def test_the_name_of_an_import_is_no_repository() -> None:
    names = (f"docker.io/library/import-2026-10-05@{digest(1)}", f"{NGINX}:1.27", "docker.io/library/import-tool:1")
    found = node_repositories(Snapshot(nodes=(node("n", NodeImage(names)),)))
    assert [repository.name for repository in found] == ["docker.io/library/import-tool", NGINX]


def test_images_without_a_name_are_left_out() -> None:
    assert node_repositories(Snapshot(nodes=(node("n", NodeImage(()), NodeImage(("<none>@<none>",))),))) == ()


def test_a_digest_of_another_repository_is_not_the_tags() -> None:
    names = (f"quay.io/mirror/nginx@{digest(1)}", f"{NGINX}@{digest(2)}", f"{NGINX}:1.27")
    (cached,) = tags_of(node("n", NodeImage(names)))[f"{NGINX}:1.27"].cached
    assert cached.digests == (digest(2),)


def cached(name: str, *digests: int) -> CachedImage:
    return CachedImage(node(name), NodeImage(), ("1",), tuple(map(digest, digests)))


def test_sets_that_overlap_by_way_of_a_third_are_one_image() -> None:
    found = variants([cached("a", 1), cached("b", 2), cached("c", 1, 2), cached("d", 3), cached("e")])
    assert [(len(digests), sorted(n.name for n in nodes)) for digests, nodes in found] == [
        (2, ["a", "b", "c"]),
        (1, ["d"]),
    ]


@given(st.lists(st.sets(st.integers(0, 8), max_size=3), max_size=12), st.randoms(use_true_random=False))
def test_variants_are_disjoint_and_do_not_depend_on_the_order(sets: list[set[int]], random: object) -> None:
    entries = [cached(f"n{index}", *sorted(digests)) for index, digests in enumerate(sets)]
    found = variants(entries)
    everything = [one for digests, _ in found for one in digests]
    assert len(everything) == len(set(everything))
    assert set(everything) == {digest(number) for digests in sets for number in digests}
    assert {digests for digests, _ in variants(reversed(entries))} == {digests for digests, _ in found}


def test_drift_is_told_by_platform() -> None:
    def holding(number: int) -> NodeImage:
        return NodeImage((f"{NGINX}@{digest(number)}", f"{NGINX}:1"))

    nodes = [
        node("a", holding(1)),
        node("b", holding(2)),
        node("c", holding(3), platform="linux/arm64"),
        node("d", holding(4), platform="windows/amd64"),
    ]
    (finding,) = report("node-tag-drift", *nodes, coverage=(Coverage("nodes", "read"),)).findings
    assert list(finding.evidence["platforms"]) == ["linux/amd64"]
    assert finding.image == f"{NGINX}:1"


def test_evidence_names_20_nodes_and_counts_all() -> None:
    nodes = [node(f"n{index:02}", NodeImage((f"{NGINX}:1",), 10)) for index in range(30)]
    covered = (Coverage("nodes", "read"), Coverage("pods", "read"))
    (finding,) = report("unused-node-image", *nodes, coverage=covered).findings
    assert len(finding.evidence["nodes"]) == 20
    assert (finding.evidence["nodeCount"], finding.evidence["bytes"]) == (30, 300)


def test_unused_is_not_known_where_only_some_namespaces_were_read() -> None:
    covered = (Coverage("nodes", "read"), Coverage("pods", "read", ("shop",)))
    images = (NodeImage((f"{NGINX}:1",)), NodeImage((f"{NGINX}:2",), used=True))
    found = report("unused-node-image", node("n", *images), coverage=covered, scope=Scope(("shop",)))
    assert not found.failures(found.checks[0].severity)


def test_pods_that_may_not_be_read_make_one_answer() -> None:
    covered = (Coverage("nodes", "read"), Coverage("pods", "forbidden", complete=False))
    images = (NodeImage((f"{NGINX}:1",)), NodeImage(("docker.io/library/redis:7",)))
    (finding,) = report("unused-node-image", node("n", *images), coverage=covered).findings
    assert (finding.cause, finding.evidence["count"]) == ("unreadable", 2)


@pytest.mark.parametrize(("count", "manual"), [(49, 0), (50, 1), (51, 0)])
def test_the_default_cap(count: int, manual: int) -> None:
    images = tuple(NodeImage((f"registry.example/tool-{index}:1",)) for index in range(count))
    found = report("truncated-node-inventory", node("n", *images), coverage=(Coverage("nodes", "read"),))
    assert found.checks[0].manual == manual


def test_nodes_that_may_not_be_read() -> None:
    covered = (Coverage("nodes", "forbidden", complete=False),)
    for check in ("truncated-node-inventory", "node-unapproved-image", "node-tag-drift"):
        (finding,) = report(check, coverage=covered).findings
        assert (finding.status, finding.cause) == ("manual", "unreadable")
