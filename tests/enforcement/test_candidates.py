from __future__ import annotations

import pytest

from auditor.enforcement.candidates import MOST, candidates, forbidden, neighbours
from auditor.image import MalformedReference, parse, parse_entry
from auditor.policy import Registries


def stated(*words: str) -> set[str]:
    return {str(candidate.entry) for candidate in candidates(words, Registries()) if candidate.stated}


@pytest.mark.parametrize(
    ("word", "entries"),
    [
        ("registry.example/", {"registry.example"}),
        ("registry.example/team/", {"registry.example/team"}),
        ("^registry\\.example/.*", {"registry.example"}),
        ("^registry\\.example/corp.*$", {"registry.example/corp"}),
        ("^(registry\\.example|ghcr\\.io)/corp/.*$", {"registry.example/corp", "ghcr.io/corp"}),
        ("(?:a.example|b.example)/", {"a.example", "b.example"}),
        ("a.example/,b.example/x", {"a.example", "b.example/x"}),
        ("a.example\nb.example", {"a.example", "b.example"}),
        ("library/", {"docker.io/library"}),
        ("https://a.example", set()),
        ("@sha256:", set()),
        ("", set()),
        ("x" * 5000, set()),
    ],
)
def test_what_a_word_may_allow(word: str, entries: set[str]) -> None:
    assert stated(word) == entries


def test_the_audits_own_entries_are_tried_too() -> None:
    registries = Registries(
        allowed=(parse_entry("gcr.io/corp"),), namespaces={"a-*": (parse_entry("b.example"), parse_entry("bitnami"))}
    )
    names = {candidate.name for candidate in candidates((), registries)}
    assert {"gcr.io/corp/sample", "b.example/sample", "bitnami/sample", "docker.io/bitnami/sample"} <= names


def test_there_are_never_many() -> None:
    words = [f"registry{number}.example/" for number in range(MOST * 2)]
    assert len(candidates(words, Registries())) == MOST


def test_all_of_docker_hub_is_not_its_library() -> None:
    names = {candidate.name for candidate in candidates(["docker.io/"], Registries()) if candidate.stated}
    assert names == {"docker.io/someone/sample"}


def test_candidates_and_neighbours_are_images() -> None:
    for candidate in candidates(["registry.example/", "reg.example:5000/team"], Registries()):
        assert parse(candidate.pinned).pinned
        for image in neighbours(candidate, "registry.invalid"):
            assert not candidate.entry.covers(parse(image)), image


def test_the_forbidden_registry_is_nobodys() -> None:
    assert forbidden(Registries()).endswith(".invalid")
    taken = Registries(allowed=(parse_entry(forbidden(Registries())),))
    assert forbidden(taken) != forbidden(Registries())
    assert taken.approves(parse(f"{forbidden(taken)}/a"), None) is False
    assert "registry" not in forbidden(Registries(), ["Registry", "a"])
    assert forbidden(Registries(), [".invalid"]) == forbidden(Registries())


def test_a_word_that_is_no_entry_gives_none() -> None:
    with pytest.raises(MalformedReference):
        parse_entry("Not An Entry")
    assert stated("registry.example/Team") == set()
