"""The checks of workloads, case by case: what the smallest manifests in fixtures/checks cannot show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.check import load_check
from auditor.engine import evaluate
from auditor.image import parse
from auditor.model import Container, Coverage, Owner, RunningImage, Shape, Snapshot, WaitingImage
from auditor.policy import Policy, Registries
from auditor.report import Finding
from auditor.views import PARAMETERS, SUBJECTS
from checks.workloads._pull_failure import EXPLAINED, REASONS, cause_of, shown
from checks.workloads.floating_tag import floating_tag
from checks.workloads.image_pull_failure import image_pull_failure
from checks.workloads.malformed_image_reference import malformed_image_reference
from checks.workloads.runs_as_root import runs_as_root
from checks.workloads.tag_drift import tag_drift
from checks.workloads.unapproved_registry import unapproved_registry
from checks.workloads.unpinned_image import unpinned_image

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
READ = tuple(Coverage(name, "read") for name in ("pods", "deployments", "replicasets", "jobs", "cronjobs"))


def findings(check: Callable[..., Any], *owners: Owner, policy: Policy | None = None) -> list[Finding]:
    loaded = load_check(check, SUBJECTS, PARAMETERS)
    snapshot = Snapshot(coverage=READ, owners=owners)
    return list(evaluate(snapshot, [loaded], policy or Policy(), date(2026, 11, 21)).findings)


def deployment(*shapes: Shape, name: str = "web") -> Owner:
    return Owner("shop", "Deployment", name, "apps/v1", shapes=shapes)


def template(*images: str) -> Shape:
    return Shape("template", tuple(Container(f"c{index}", "container", image) for index, image in enumerate(images)))


def pods(image: str, revision: str = "1", **more: Any) -> Shape:
    return Shape("pods", (Container("c0", "container", image),), revision=revision, pods=1, **more)


@pytest.mark.parametrize(
    ("image", "unpinned", "floating", "malformed"),
    [
        ("nginx", True, True, False),
        ("nginx:latest", True, True, False),
        ("nginx:LATEST", True, False, False),
        ("nginx:1.25", True, False, False),
        ("nginx:", False, False, True),
        ("nginx:latest-alpine", True, False, False),
        ("reg:5000/app", True, True, False),
        ("reg:5000/app:latest", True, True, False),
        ("reg:5000/app:1.0", True, False, False),
        ("localhost:5000", True, False, False),
        ("[::1]:5000/app", True, True, False),
        ("foo/latest:1.0", True, False, False),
        (f"nginx@{A}", False, False, False),
        (f"nginx:latest@{A}", False, False, False),
        (f"reg:5000/app@{A}", False, False, False),
        ("nginx@sha256:abc", False, False, True),
        ("nginx@" + A.upper(), False, False, True),
        ("nginx\n", False, False, True),
        ("", False, False, True),
    ],
)
def test_reference(image: str, unpinned: bool, floating: bool, malformed: bool) -> None:
    owner = deployment(template(image))
    assert bool(findings(unpinned_image, owner)) == unpinned
    assert bool(findings(floating_tag, owner)) == floating
    assert bool(findings(malformed_image_reference, owner)) == malformed


def test_a_rollout_is_one_subject() -> None:
    (finding,) = findings(unpinned_image, deployment(template("nginx:2"), pods("nginx:1"), pods("nginx:2", "2")))
    assert finding.evidence["images"] == ["docker.io/library/nginx:1", "docker.io/library/nginx:2"]


def test_two_repositories_of_one_container_are_two_subjects() -> None:
    found = findings(unpinned_image, deployment(template("nginx:2"), pods("httpd:1")))
    assert len({finding.id for finding in found}) == 2


def test_no_allowlist_is_one_question_for_the_cluster() -> None:
    owners = [deployment(template("nginx", "quay.io/a/b"), name=name) for name in ("one", "two")]
    (finding,) = findings(unapproved_registry, *owners)
    assert (finding.status, finding.namespace, finding.subject.kind) == ("manual", None, "Cluster")
    assert finding.evidence == {"registries": {"docker.io": 2, "quay.io": 2}}


def test_a_host_that_is_no_host_is_under_no_entry() -> None:
    policy = Policy(registries=Registries(allowed=()))
    (finding,) = findings(unapproved_registry, deployment(template("reg_x.example.com/app")), policy=policy)
    assert finding.status == "fail"


def test_drift_counts_pods_by_digest() -> None:
    running = (
        RunningImage("c0", f"docker.io/library/nginx@{A}", "linux/amd64", 5),
        RunningImage("c0", f"docker.io/library/nginx@{B}", "linux/amd64", 2),
        RunningImage("c0", f"docker.io/library/nginx@{B}", "linux/arm64", 1),
        RunningImage("other", f"docker.io/library/nginx@{B}", "linux/arm64", 1),
    )
    (finding,) = findings(tag_drift, deployment(pods("nginx:1", running=running)))
    assert finding.evidence == {"digests": {A: 5, B: 2}, "platforms": ["linux/amd64"], "revisions": ["1"]}


def test_who_decides_about_root_is_asked_once_per_owner() -> None:
    found = findings(runs_as_root, deployment(template("a", "b")), deployment(template("c"), name="api"))
    assert [(str(finding.subject), finding.evidence) for finding in found] == [
        ("Deployment/api", {"containers": ["c0"]}),
        ("Deployment/web", {"containers": ["c0", "c1"]}),
    ]


def test_the_clearest_message_tells_the_cause() -> None:
    waiting = (
        WaitingImage("c0", "ErrImagePull", "manifest unknown", 1),
        WaitingImage("c0", "ImagePullBackOff", 'Back-off pulling image "nginx:9"', 2),
    )
    (finding,) = findings(image_pull_failure, deployment(pods("nginx:9", waiting=waiting)))
    assert finding.evidence == {
        "cause": "not-found",
        "reasons": {"ErrImagePull": 1, "ImagePullBackOff": 2},
        "message": "manifest unknown",
    }


MESSAGES = [
    line.replace("\\n", "\n").split(": ", 1)
    for line in Path(__file__).with_name("pull_messages.txt").read_text().splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("cause", "message"), [*MESSAGES, ("unknown", "")])
def test_cause(cause: str, message: str) -> None:
    assert cause_of("ErrImagePull", message, ["r.example/a:1", "r.example/a"]) == cause
    backoff = f'Back-off pulling image "r.example/a:1": ErrImagePull: {message}'
    assert cause_of("ImagePullBackOff", backoff, ["r.example/a:1", "r.example/a"]) == cause


@pytest.mark.parametrize("image", ["r.example/not-found/denied:401", "unauthorized:1.0", "r.example/x509:signature"])
def test_words_in_an_image_name_are_no_cause(image: str) -> None:
    names = {image, str(parse(image)), parse(image).name}
    message = f'Back-off pulling image "{image}": failed to resolve reference {image}: {parse(image)}: odd'
    assert cause_of("ImagePullBackOff", message, names) == "unknown"


@given(st.sampled_from(sorted(REASONS)), st.text(), st.lists(st.text()))
def test_any_message_has_a_cause(reason: str, message: str, names: list[str]) -> None:
    assert cause_of(reason, message, names) in EXPLAINED


def test_a_message_is_shown_without_credentials() -> None:
    message = 'failed: Get "https://fake-user:fake-pass@cdn.example/blob?X-Amz-Signature=fake-sig&t=1":\n 403'
    assert shown(message) == 'failed: Get "https://cdn.example/blob": 403'
    assert len(shown("x" * 5000)) < 400
