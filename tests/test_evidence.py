"""What registries said: rows found again, digests compared, documents read."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import SourceError
from auditor.evidence import Child, Evidence, ImageEvidence, Unavailable, is_root
from auditor.model import Coverage
from tests.auditing import read

A, B, C, D, E = (f"sha256:{letter * 64}" for letter in "abcde")
NAME = "registry.example/web"


def index(digest: str, *children: str) -> ImageEvidence:
    return ImageEvidence(NAME, digest=digest, children=tuple(Child(child) for child in children))


ROWS = (
    index(A, B, C),
    index(D, B, E),
    index(E, B, C),
    ImageEvidence(NAME, digest=B),
    ImageEvidence(NAME, digest=C, unavailable=Unavailable("timeout")),
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (A, A, True),
        (A, B, True),
        (B, A, True),
        (A, C, True),  # the index says so, whether or not its manifest was read
        (A, E, True),  # two indexes of the same manifests
        (A, D, None),  # one platform the same, another not
        (B, C, None),
        (B, f"sha256:{'f' * 64}", None),
    ],
)
def test_digests_of_the_same_image(one: str, other: str, same: bool | None) -> None:
    assert Evidence(ROWS).related(NAME, one, other) is same
    assert Evidence(ROWS).related(NAME, other, one) is same


def test_a_platform_says_which_manifest_of_an_index_counts() -> None:
    both = ImageEvidence(NAME, digest=A, children=(Child(B, "linux/amd64"), Child(C, "linux/arm64")))
    rows = Evidence((both, ImageEvidence(NAME, digest=B)))
    assert rows.related(NAME, B, A) is True
    assert rows.related(NAME, B, A, "linux/amd64") is True
    assert rows.related(NAME, B, A, "linux/arm64") is False


def test_digests_of_different_images() -> None:
    rows = (*ROWS[:-1], ImageEvidence(NAME, digest=C))
    assert Evidence(rows).related(NAME, B, C) is False
    assert Evidence(rows).distinct(NAME, (A, B, C)) == [A]
    assert Evidence(()).distinct(NAME, (A, B)) == [A, B]


def test_an_attestation_is_no_platform_of_an_image() -> None:
    attested = ImageEvidence(NAME, digest=A, children=(Child(B), Child(C, attests=B)))
    rows = Evidence((attested, ImageEvidence(NAME, digest=C)))
    assert rows.related(NAME, A, C) is False


@pytest.mark.parametrize("user", ["", "0", "0:0", "root", "root:root", "00", "0:1000", " ", "+0", "-0"])
def test_users_that_are_root(user: str) -> None:
    assert is_root(user)


@pytest.mark.parametrize("user", ["1", "1000:0", "nginx", "nginx:root", "0x0", "root1", "-1", "٠"])
def test_users_that_are_not_root(user: str) -> None:
    assert not is_root(user)


def test_a_document_brings_evidence(tmp_path: Path) -> None:
    path = tmp_path / "evidence.yaml"
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"
    path.write_text(f"{namespace}kind: RegistryEvidence\nimages: [{{repository: {NAME}, tag: '1', digest: '{A}'}}]\n")
    snapshot = read(path)
    assert snapshot.images == (ImageEvidence(NAME, "1", A),)
    assert Coverage("registry", "read", count=1) in snapshot.coverage


@pytest.mark.parametrize("images", ["5", "[{}]", f"[{{repository: {NAME}, tga: '1'}}]"])
def test_a_document_of_another_shape_is_refused(tmp_path: Path, images: str) -> None:
    path = tmp_path / "evidence.yaml"
    path.write_text(f"kind: RegistryEvidence\nimages: {images}\n")
    with pytest.raises(SourceError, match=r"evidence\.yaml:1: RegistryEvidence: "):
        read(path)
