"""Images as content: which there are, what they are called, and what their findings are known by."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from auditor import Fail, Image, Severity
from auditor.check import WITH_REGISTRY, WITH_SCANS, check, load_check
from auditor.engine import Scope, evaluate
from auditor.images import images
from auditor.model import Container, Coverage, Owner, RunningImage, Shape, Snapshot
from auditor.packs import applicable, builtin_checks, select
from auditor.policy import Policy
from auditor.subjects import image_uses
from auditor.views import PARAMETERS, SUBJECTS
from tests.auditing import TODAY

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"


def owner(name: str, image: str, *running: str, namespace: str = "shop", pods: int = 1) -> Owner:
    runs = tuple(RunningImage("app", image_id, "linux/amd64", pods) for image_id in running)
    shape = Shape("pods" if runs else "template", (Container("app", "container", image),), pods=pods, running=runs)
    return Owner(namespace, "Deployment", name, shapes=(shape,))


def found(*owners: Owner) -> dict[str, Image]:
    return {image.name: image for image in images(use for owner in owners for use in image_uses(owner))}


@pytest.mark.parametrize(
    ("owners", "names"),
    [
        ([owner("a", "nginx")], ["docker.io/library/nginx:latest"]),
        ([owner("a", "nginx"), owner("b", "docker.io/library/nginx:latest")], ["docker.io/library/nginx:latest"]),
        ([owner("a", "nginx:1", f"docker.io/library/nginx@{ONE}")], [f"docker.io/library/nginx:1@{ONE}"]),
        ([owner("a", f"nginx:1@{ONE}", f"docker.io/library/nginx@{TWO}")], [f"docker.io/library/nginx:1@{ONE}"]),
        (
            [owner("a", "nginx:1", *(f"docker.io/library/nginx@{digest}" for digest in (ONE, TWO)))],
            [f"docker.io/library/nginx:1@{ONE}", f"docker.io/library/nginx:1@{TWO}"],
        ),
        (
            [owner(tag, f"nginx:{tag}", f"docker.io/library/nginx@{ONE}") for tag in ("1", "2")],
            [f"docker.io/library/nginx@{ONE}"],
        ),
        # Of the config, or of another repository: neither names content of this one.
        ([owner("a", "nginx:1", ONE)], ["docker.io/library/nginx:1"]),
        ([owner("a", "nginx:1", f"quay.io/other@{ONE}")], ["docker.io/library/nginx:1"]),
        ([owner("a", "Not An Image")], []),
    ],
)
def test_an_image_is_a_content_of_a_repository(owners: list[Owner], names: list[str]) -> None:
    assert list(found(*owners)) == names


def test_an_image_knows_where_it_is_used_and_what_runs() -> None:
    pinned = owner("a", f"nginx@{ONE}", f"docker.io/library/nginx@{TWO}", pods=3)
    (image,) = found(pinned, owner("b", f"nginx@{ONE}", namespace="bank")).values()
    assert image.where == ("bank/Deployment/b (app)", "shop/Deployment/a (app)")
    assert image.digests == (ONE, TWO)
    assert image.platforms == ("linux/amd64",)
    assert image.pods == 3


def faulty(image: Image) -> Iterator[Fail]:
    """Every image fails, to see what its findings are called."""
    yield Fail("bad")


MARK = check("An image is bad", severity=Severity.LOW, references=("https://kubernetes.io/",), remediation="Mend it.")
BAD = load_check(MARK(faulty), SUBJECTS, PARAMETERS)


def ids(*owners: Owner, scope: Scope | None = None) -> dict[str, str]:
    report = evaluate(Snapshot(owners=owners), (BAD,), Policy(), TODAY, scope=scope)
    return {f.subject.name: f.id for f in report.findings if f.status == "fail"}


def test_a_new_tag_or_digest_is_no_new_finding() -> None:
    (old,) = ids(owner("a", "nginx:1")).values()
    (new,) = ids(owner("a", "nginx:2", f"docker.io/library/nginx@{ONE}")).values()
    (other,) = ids(owner("a", "redis:1")).values()
    assert old == new != other


def test_two_images_of_a_repository_are_told_apart() -> None:
    both = ids(owner("a", "nginx:1"), owner("b", "nginx:2"))
    assert len(set(both.values())) == 2
    assert both["docker.io/library/nginx:1"] == ids(owner("a", "nginx:1"))["docker.io/library/nginx:1"]


def test_only_the_images_of_the_audited_namespaces_count() -> None:
    spaces = (owner("a", "nginx:1"), owner("b", "redis:1", namespace="bank"))
    assert list(ids(*spaces, scope=Scope(("bank",)))) == ["docker.io/library/redis:1"]


@pytest.mark.parametrize(
    ("word", "coverage", "on"),
    [
        (WITH_REGISTRY, (), False),
        (WITH_REGISTRY, (Coverage("registry", "read", count=3),), True),
        (WITH_REGISTRY, (Coverage("scan results", "read", count=3),), False),
        (WITH_SCANS, (Coverage("vulnerabilityreports.aquasecurity.github.io", "read"),), False),
        (WITH_SCANS, (Coverage("vulnerabilityreports.aquasecurity.github.io", "absent"),), False),
        (WITH_SCANS, (Coverage("vulnerabilityreports.aquasecurity.github.io", "read", count=1),), True),
        (WITH_SCANS, (Coverage("vulnerabilityreports.aquasecurity.github.io", "forbidden"),), True),
        (WITH_SCANS, (Coverage("scan results", "failed"),), True),
        ("a word of a pack", (Coverage("registry", "read", count=3),), False),
    ],
)
def test_checks_of_evidence_run_where_there_is_some(word: str, coverage: tuple[Coverage, ...], on: bool) -> None:
    made = type(BAD)(**{**{f: getattr(BAD, f) for f in BAD.__struct_fields__}, "opt_in": word})
    snapshot = Snapshot(coverage=coverage)
    pack = (made, *builtin_checks())
    assert (made in applicable(select(pack), snapshot)) is on
    assert applicable(select((made,), ["faulty"]), snapshot, ["faulty"])
    assert applicable(select(builtin_checks()), snapshot)
