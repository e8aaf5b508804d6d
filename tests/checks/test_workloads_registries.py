"""The hosts and repositories that the checks of workloads distrust, and those that they must not."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.image import parse
from checks.workloads._hosts import one_edit, suspicions
from checks.workloads._retired import RETIRED, retired
from checks.workloads._well_known import WELL_KNOWN, well_known

HOSTS = {
    "gcr.io": [],
    "asia.gcr.io": [],
    "ghcr.io": [],
    "docker.io:443": [],
    "registry-1.docker.io": [],
    "123456789012.dkr.ecr.us-gov-west-1.amazonaws.com": [],
    "123456789012.dkr-ecr.us-east-1.on.aws": [],
    "public.ecr.aws": [],
    "mcr.microsoft.com": [],
    "registry.k8s.io": [],
    "k3s.io": [],
    "quay.corp.example": [],
    "docker.corp.example": [],
    "corp.example": [],
    "myregistry:5000": [],
    "registry.corp.example:6000": [],
    "a.registry.corp.example": [],
    "svc.ns.svc.cluster.local:5000": [],
    "10.0.0.1": ["ip-address"],
    "[FE80::1]:5000": ["ip-address"],
    "localhost": ["localhost"],
    "localhost.localdomain:5000": ["localhost"],
    "LOCALHOST": ["localhost", "upper-case"],
    "Quay.io": ["upper-case"],
    "Docker.io.evil.example": ["upper-case", "look-alike"],
    "gcr.io.evil.example": ["look-alike"],
    "eu.gcr.io.evil.example:443": ["look-alike"],
    "dockerr.io": ["look-alike"],
    "d0cker.io": ["look-alike"],
    "hub.dokcer.com": ["look-alike"],
    "corp.azurecr.co": ["look-alike"],
    "europe-docker.pkgs.dev": ["look-alike"],
    "ghcr.oi": ["look-alike"],
    "registry.corp.example.evil.test": ["look-alike"],
}


@pytest.mark.parametrize(("registry", "kinds"), HOSTS.items())
def test_suspicious_host(registry: str, kinds: list[str]) -> None:
    assert parse(f"{registry}/app").registry == registry
    assert [kind for kind, _ in suspicions(registry, {"registry.corp.example:5000"})] == kinds


@pytest.mark.parametrize("registry", HOSTS)
def test_an_allowed_host_is_never_suspicious(registry: str) -> None:
    assert not list(suspicions(registry, {registry}))


def test_a_declared_host_is_no_imitation_but_an_address_stays_one() -> None:
    assert not list(suspicions("qay.io", (), {"qay.io"}))
    assert list(suspicions("10.0.0.1", (), {"10.0.0.1"}))


@given(st.text("abcdé", max_size=6), st.integers(0, 6), st.sampled_from("xyz"))
def test_one_edit_is_one(word: str, at: int, letter: str) -> None:
    assert not one_edit(word, word)
    inserted = word[:at] + letter + word[at:]
    assert one_edit(word, inserted)
    assert one_edit(inserted, word)
    assert not one_edit(word, inserted + letter)
    if at < len(word):
        assert one_edit(word, word[:at] + letter + word[at + 1 :])
    if at + 1 < len(word) and word[at] != word[at + 1]:
        assert one_edit(word, word[:at] + word[at + 1] + word[at] + word[at + 2 :])


def test_well_known_registries_are_no_imitations_of_each_other() -> None:
    assert len({row.domain for row in WELL_KNOWN}) == len(WELL_KNOWN)
    for row in WELL_KNOWN:
        assert row.source.startswith("https://")
        assert well_known(f"a.b.{row.domain}")
        assert not list(suspicions(row.domain, ()))
        assert not well_known(f"not-{row.domain}") or well_known(row.domain.partition(".")[2])


def test_the_table_of_retired_registries() -> None:
    assert len({row.name for row in RETIRED}) == len(RETIRED)
    for row in RETIRED:
        assert re.fullmatch(r"20\d\d-[01]\d(-[0-3]\d)?", row.since)
        assert row.source.startswith("https://")
        assert retired(parse(f"{row.name}/app:1")) == row
        if row.name.count("/") > (row.name.startswith("docker.io/")):
            assert retired(parse(f"{row.name}:1")) == row
            assert retired(parse(f"{row.name}x:1")) is None
