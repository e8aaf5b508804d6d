"""What a policy answers: allowlists by namespace, private registries, settings of checks."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.image import Entry, parse, parse_entry
from auditor.policy import CheckSetting, Exclude, Policy, Registries, Signature, Waiver, did_you_mean
from auditor.report import Severity


def _entries(*texts: str) -> tuple[Entry, ...]:
    return tuple(parse_entry(text) for text in texts)


@pytest.mark.parametrize(
    ("image", "approved"),
    [
        ("gcr.io/corp/app:1", True),
        ("gcr.io/corp", True),
        ("gcr.io/corp/team/app@sha256:" + "0" * 64, True),
        ("gcr.io/corp-evil/app", False),
        ("gcr.io/corpapp", False),
        ("gcr.io/other", False),
        ("gcr.io.evil.example/corp/app", False),
        ("evil.example/gcr.io/corp/app", False),
        ("gcr.io:443/corp/app", False),
        ("nginx", True),
        ("library/nginx", True),
        ("index.docker.io/library/nginx", True),
        ("bitnami/nginx", False),
        ("localhost/library/nginx", False),
        ("registry.example:5000/app", True),
        ("registry.example/app", False),
    ],
)
def test_approves_at_segment_boundaries(image: str, approved: bool) -> None:
    registries = Registries(allowed=_entries("gcr.io/corp", "docker.io/library", "registry.example:5000"))
    assert registries.approves(parse(image), "default") is approved
    assert registries.approves(parse(image), None) is approved


def test_no_allowlist_decides_nothing_and_an_empty_one_refuses_everything() -> None:
    assert Registries().allowlist("a") is None
    assert Registries().approves(parse("nginx"), "a") is None
    assert Registries(allowed=()).allowlist("a") == ()
    assert Registries(allowed=()).approves(parse("nginx"), "a") is False
    assert Registries(allowed=()).approves(parse("nginx"), None) is False


def test_a_namespaces_entries_add_to_the_allowlist() -> None:
    registries = Registries(
        allowed=_entries("quay.io"),
        namespaces={"payments-*": _entries("ghcr.io/pay", "quay.io"), "*-prod": _entries("gcr.io/prod")},
    )
    assert registries.allowlist("web") == _entries("quay.io")
    assert registries.allowlist("payments-test") == _entries("quay.io", "ghcr.io/pay")
    assert registries.allowlist("payments-prod") == _entries("quay.io", "ghcr.io/pay", "gcr.io/prod")
    assert registries.allowlist("Payments-test") == _entries("quay.io")
    assert registries.allowlist(None) == _entries("quay.io")
    assert registries.approves(parse("ghcr.io/pay/app"), "payments-test") is True
    assert registries.approves(parse("ghcr.io/pay/app"), "web") is False


def test_a_namespaces_entries_without_an_allowlist_bind_that_namespace_alone() -> None:
    registries = Registries(namespaces={"payments-*": _entries("ghcr.io/pay"), "*": ()})
    assert registries.allowlist(None) is None
    assert registries.approves(parse("ghcr.io/pay/app"), "payments-a") is True
    assert registries.approves(parse("nginx"), "payments-a") is False
    assert registries.approves(parse("nginx"), "web") is False
    assert Registries(namespaces={"payments-*": ()}).approves(parse("nginx"), "web") is None


def test_what_some_namespace_may_use() -> None:
    both = Registries(allowed=_entries("quay.io"), namespaces={"a": _entries("ghcr.io/a")})
    assert both.approves_somewhere(parse("ghcr.io/a/app")) is True
    assert both.approves_somewhere(parse("quay.io/app")) is True
    assert both.approves_somewhere(parse("nginx")) is False
    own = Registries(namespaces={"a": _entries("ghcr.io/a")})
    assert own.approves_somewhere(parse("ghcr.io/a/app")) is True
    assert own.approves_somewhere(parse("nginx")) is None


def test_private_registries() -> None:
    registries = Registries(private=_entries("registry.example:5000", "ghcr.io/corp"))
    assert registries.is_private(parse("registry.example:5000/a/b:1"))
    assert registries.is_private(parse("ghcr.io/corp/a"))
    assert not registries.is_private(parse("ghcr.io/corp-public/a"))
    assert not registries.is_private(parse("registry.example/a"))
    assert not Registries().is_private(parse("nginx"))


NAMES = st.text(alphabet="abc-", min_size=1, max_size=5)
LISTS = st.lists(st.sampled_from(_entries("quay.io", "ghcr.io/a", "ghcr.io", "nginx")), max_size=3).map(tuple)


@given(st.none() | LISTS, st.dictionaries(NAMES | st.just("*"), LISTS, max_size=3), NAMES)
def test_a_namespace_may_use_what_all_may_and_nothing_that_none_may(
    allowed: tuple[Entry, ...] | None, namespaces: dict[str, tuple[Entry, ...]], namespace: str
) -> None:
    registries = Registries(allowed=allowed, namespaces=namespaces)
    for image in ("quay.io/x", "ghcr.io/a/x", "ghcr.io/x", "nginx", "evil.example/x"):
        reference = parse(image)
        here = registries.approves(reference, namespace)
        assert here or not registries.approves(reference, None)
        assert registries.approves_somewhere(reference) or not here


def test_settings_of_checks() -> None:
    policy = Policy(checks={"tag-drift": CheckSetting(severity=Severity.LOW), "unpined-image": CheckSetting()})
    assert policy.setting("tag-drift").severity is Severity.LOW
    assert policy.setting("other") == CheckSetting()
    assert policy.warnings(["tag-drift", "unpinned-image"]) == (
        "policy: checks.unpined-image: there is no such check; did you mean unpinned-image?",
    )


def test_what_must_hold_of_a_struct() -> None:
    with pytest.raises(ValueError, match="reason"):
        CheckSetting(enabled=False)
    with pytest.raises(ValueError, match="key"):
        Signature(images=("a/*",))


def test_excluded_namespaces() -> None:
    exclude = Exclude(namespaces=("kube-*", "legacy"))
    assert [exclude.covers(name) for name in ("kube-system", "legacy", "legacy-2", "web")] == [True, True, False, False]


def test_values_are_frozen() -> None:
    waiver = Waiver(reason="r", expires=date(2027, 1, 31))
    with pytest.raises(AttributeError):
        waiver.reason = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("only_fixable", "; did you mean onlyFixable?"),
        ("ONLYFIXABLE", "; did you mean onlyFixable?"),
        ("onlyFixabel", "; did you mean onlyFixable?"),
        ("entirely", ""),
        ("", ""),
    ],
)
def test_did_you_mean(word: str, meant: str) -> None:
    assert did_you_mean(word, ["graceDays", "onlyFixable"]) == meant
