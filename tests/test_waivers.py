"""Waivers: what they match, until when, and which of them do nothing."""

from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.escape import escape
from auditor.policy import Waiver
from auditor.report import AppliedWaiver, Finding, Severity, Subject
from auditor.waivers import WaiverBook, covered, matches, waiver_of

LAST = date(2027, 1, 31)
BILLING = Subject("Deployment", "billing", "app")
APISERVER = Subject("APIServer", "kube-apiserver")


def _waiver(
    check: str = "*",
    namespace: str = "*",
    subject: str = "*",
    container: str = "*",
    reason: str = "TICKET-1",
    expires: date = LAST,
) -> Waiver:
    return Waiver(
        check=check, namespace=namespace, subject=subject, container=container, reason=reason, expires=expires
    )


@pytest.mark.parametrize(
    ("waiver", "matched"),
    [
        (_waiver(), True),
        (_waiver(check="unpinned-image"), True),
        (_waiver(check="unpinned-*"), True),
        (_waiver(check="unpinned"), False),
        (_waiver(check="Unpinned-image"), False),
        (_waiver(namespace="legacy"), True),
        (_waiver(namespace="leg*"), True),
        (_waiver(namespace="l[!a]gacy"), True),
        (_waiver(namespace="legac"), False),
        (_waiver(namespace="legacy-2"), False),
        (_waiver(subject="Deployment/billing"), True),
        (_waiver(subject="Deployment/*"), True),
        (_waiver(subject="*/billing"), True),
        (_waiver(subject="*billing"), True),
        (_waiver(subject="billing"), False),
        (_waiver(subject="Deployment"), False),
        (_waiver(subject="deployment/billing"), False),
        (_waiver(subject="Deployment/bill"), False),
        (_waiver(container="app"), True),
        (_waiver(container="a?p"), True),
        (_waiver(container="sidecar"), False),
        (_waiver("unpinned-image", "legacy", "Deployment/billing", "app"), True),
        (_waiver("unpinned-image", "legacy", "Deployment/billing", "other"), False),
    ],
)
def test_globs_on_every_field(waiver: Waiver, matched: bool) -> None:
    assert matches(waiver, check="unpinned-image", namespace="legacy", subject=BILLING) is matched


@pytest.mark.parametrize(
    ("waiver", "matched"),
    [
        (_waiver(), True),
        (_waiver(namespace="legacy"), False),
        (_waiver(namespace="?*"), False),
        (_waiver(namespace="None"), False),
        (_waiver(container="app"), False),
        (_waiver(container="?*"), False),
        (_waiver(subject="APIServer/*"), True),
    ],
)
def test_a_star_matches_no_namespace_and_no_container(waiver: Waiver, matched: bool) -> None:
    assert matches(waiver, check="apiserver-divergence", namespace=None, subject=APISERVER) is matched


@pytest.mark.parametrize("glob", ["Cluster", "Cluster/", "Cluster/*", "Clu*", "*"])
def test_a_subject_without_a_name(glob: str) -> None:
    assert matches(_waiver(subject=glob), check="c", namespace=None, subject=Subject("Cluster", ""))
    assert matches(_waiver(subject=glob), check="c", namespace="n", subject=Subject("Namespace", "n")) is (glob == "*")


def test_a_name_with_slashes_is_one_name() -> None:
    repository = Subject("Repository", "docker.io/library/nginx")
    assert matches(_waiver(subject="Repository/docker.io/*"), check="c", namespace=None, subject=repository)
    assert not matches(_waiver(subject="Repository/nginx"), check="c", namespace=None, subject=repository)


WORDS = st.text(alphabet="abz-/", min_size=1, max_size=6)


@given(WORDS, WORDS, st.none() | WORDS, WORDS, WORDS, st.none() | WORDS)
def test_a_subject_written_out_matches_itself_alone(
    check: str, other: str, namespace: str | None, kind: str, name: str, container: str | None
) -> None:
    subject = Subject(kind, name, container)
    waiver = _waiver(check, namespace or "*", f"{kind}/{name}", container or "*")
    assert matches(waiver, check=check, namespace=namespace, subject=subject)
    assert matches(waiver, check=other, namespace=namespace, subject=subject) is (check == other)
    renamed = Subject(kind, name + "x", container)
    assert not matches(waiver, check=check, namespace=namespace, subject=renamed)


@pytest.mark.parametrize(("today", "expired"), [(date(2027, 1, 30), False), (LAST, False), (date(2027, 2, 1), True)])
def test_the_day_of_expiry_is_the_last_that_waives(today: date, expired: bool) -> None:
    waiver = Waiver(reason="TICKET-12", owner="payments", expires=LAST)
    applied = WaiverBook([waiver], today).apply("unpinned-image", "legacy", BILLING)
    assert applied == AppliedWaiver("TICKET-12", "2027-01-31", "payments", expired)


def test_nothing_matches() -> None:
    assert WaiverBook([], LAST).apply("unpinned-image", "legacy", BILLING) is None
    assert WaiverBook([_waiver(namespace="other")], LAST).apply("unpinned-image", "legacy", BILLING) is None


def test_a_live_waiver_wins_over_expired_ones_wherever_it_stands() -> None:
    old = _waiver(reason="old", expires=date(2026, 1, 1))
    older = _waiver(reason="older", expires=date(2025, 1, 1))
    live = _waiver(reason="live")
    longer = _waiver(reason="longer", expires=date(2028, 1, 1))

    def reason(*waivers: Waiver) -> str:
        applied = WaiverBook(waivers, LAST).apply("unpinned-image", "legacy", BILLING)
        assert applied is not None
        return applied.reason

    assert reason(old, live) == reason(live, old) == reason(live, longer) == "live"
    assert reason(longer, live) == "longer"
    assert reason(older, old) == reason(old, older) == "old"


KNOWN = ("unpinned-image", "floating-tag", "tag-drift")


def test_warns_of_waivers_that_match_nothing_and_of_unknown_checks() -> None:
    book = WaiverBook(
        [
            _waiver("unpinned-image", "legacy"),
            _waiver("floating-tag", "gone", "Deployment/x"),
            _waiver("unpined-image"),
            _waiver("falco-*"),
            _waiver(expires=date(2026, 1, 1), namespace="gone"),
            _waiver("unpinned-image", "leg*"),
        ],
        LAST,
    )
    assert book.apply("unpinned-image", "legacy", BILLING) is not None
    assert book.warnings(KNOWN, KNOWN) == (
        "policy: waivers[1] (check floating-tag, namespace gone, subject Deployment/x): matches nothing in this audit",
        "policy: waivers[2] (check unpined-image): there is no such check; did you mean unpinned-image?",
        "policy: waivers[3] (check falco-*): there is no such check",
        "policy: waivers[4] (namespace gone): expired on 2026-01-01 and matches nothing in this audit",
    )


def test_warns_of_expired_waivers_that_still_match() -> None:
    book = WaiverBook([_waiver(expires=date(2027, 1, 30))], LAST)
    book.apply("unpinned-image", "legacy", BILLING)
    (one,) = book.warnings(KNOWN, KNOWN)
    assert one == (
        "policy: waivers[0] (everything): expired on 2027-01-30; 1 failure that it matches is no longer waived by it"
    )
    book.apply("unpinned-image", "legacy", Subject("Deployment", "web", "app"))
    (two,) = book.warnings(KNOWN, KNOWN)
    assert "2 failures that it matches are no longer waived by it" in two


def test_what_was_not_selected_cannot_match_nothing() -> None:
    book = WaiverBook([_waiver("floating-tag"), _waiver("*"), _waiver("unpinned-image"), _waiver("t*-*")], LAST)
    (only,) = book.warnings(KNOWN, ["unpinned-image"])
    assert only.startswith("policy: waivers[2] ")
    assert len(book.warnings(KNOWN, KNOWN)) == 4


def test_what_lies_outside_of_the_namespaces_audited_cannot_match_nothing() -> None:
    book = WaiverBook([_waiver(namespace="legacy"), _waiver(namespace="web"), _waiver(), _waiver(namespace="w*")], LAST)
    (only,) = book.warnings(KNOWN, KNOWN, ["web"])
    assert only.startswith("policy: waivers[1] ")


def test_no_waivers_no_warnings() -> None:
    assert WaiverBook([], LAST).warnings(KNOWN, KNOWN) == ()


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.text("a*?[]!^-/ ", min_size=1, max_size=8)


@given(NAMES, NAMES, st.none() | NAMES, NAMES)
def test_the_waiver_of_a_finding_is_for_its_subject(name: str, other: str, container: str | None, space: str) -> None:
    found = finding(Subject("Deployment", name, container), space)
    waiver = waiver_of(found, "x", date(2027, 1, 1))
    assert covered(waiver, [found]) == (found,)
    beside = finding(Subject("Deployment", other, container), space)
    blurred = [a == b or a.isspace() or escape(a) != a for a, b in zip(name, other, strict=False)]
    assert bool(covered(waiver, [beside])) == (len(name) == len(other) and all(blurred))


def finding(subject: Subject, namespace: str | None, status: Literal["fail", "manual", "waived"] = "fail") -> Finding:
    return Finding("0" * 16, "unpinned-image", status, Severity.MEDIUM, subject, "…", namespace=namespace)


def test_what_has_no_namespace_container_or_name() -> None:
    node = waiver_of(finding(Subject("Node", "a"), None), "x", date(2027, 1, 1))
    assert (node.namespace, node.subject, node.container) == ("*", "Node/a", "*")
    assert waiver_of(finding(Subject("Cluster", ""), None), "x", date(2027, 1, 1)).subject == "Cluster"


def test_a_waiver_covers_failures_alone() -> None:
    subject = Subject("Deployment", "web", "web")
    waiver = waiver_of(finding(subject, "shop"), "x", date(2027, 1, 1))
    found = [finding(subject, "shop", status) for status in ("fail", "manual", "waived")]
    assert [one.status for one in covered(waiver, found)] == ["fail", "waived"]


@pytest.mark.parametrize(
    ("glob", "covers"),
    [
        ("Image/registry.example/team/app", True),
        ("Image/registry.example/team/*", True),
        ("Image/registry.example/team/app:1@*", True),
        ("Image/registry.example/team", False),
        ("Repository/registry.example/team/app", False),
    ],
)
def test_an_image_goes_by_its_repository_too(glob: str, covers: bool) -> None:
    subject = Subject("Image", f"registry.example/team/app:1@sha256:{'a' * 64}")
    waiver = Waiver(subject=glob, reason="r", expires=date(2027, 1, 1))
    assert matches(waiver, check="unsigned-image", namespace=None, subject=subject) is covers


def test_a_configuration_of_images_is_no_image() -> None:
    cluster = Subject("Image", "cluster")
    assert waiver_of(finding(cluster, None), "x", date(2027, 1, 1)).subject == "Image/cluster"
    other = Waiver(subject="Image/docker.io/library/cluster", reason="r", expires=date(2027, 1, 1))
    assert not matches(other, check="c", namespace=None, subject=cluster)


def test_the_waiver_of_an_image_outlives_its_digest() -> None:
    old, new = (
        Finding(
            id="0" * 16,
            check="unsigned-image",
            status="fail",
            severity=Severity.HIGH,
            subject=Subject("Image", f"registry.example/team/app:{tag}@sha256:{tag * 64}"),
            message="",
        )
        for tag in "12"
    )
    waiver = waiver_of(old, "r", date(2027, 1, 1))
    assert waiver.subject == "Image/registry.example/team/app"
    assert covered(waiver, [new]) == (new,)
