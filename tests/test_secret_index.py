"""The indexes of pull secrets give what looking at everything one by one would give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.coverage import Gaps, Unread
from auditor.credentials import AuthEntry, SecretContent
from auditor.image import DOCKER_HUB, Reference, parse
from auditor.model import Container, Coverage, Owner, PullSecret, ServiceAccount, Shape, Snapshot
from auditor.registrykey import is_docker_hub_key, matches, parse_key, serving
from auditor.secret_index import NAMING, RegistryKeys, SecretUsers
from auditor.subjects import ImageUse, image_uses
from tests.auditing import FIXTURES

VECTORS = json.loads(Path(FIXTURES / "vectors" / "pull-credential-keys.json").read_text())["vectors"]
KEYS = sorted({vector["key"] for vector in VECTORS})
IMAGES = sorted({vector["image"].partition("@")[0] for vector in VECTORS})


def secret(name: str, *keys: str, namespace: str = "shop", rejected: str | None = None) -> PullSecret:
    entries = tuple(AuthEntry(key) for key in keys)
    return PullSecret(namespace, name, "kubernetes.io/dockerconfigjson", SecretContent(entries, rejected))


def uses(*images: str, shape: Shape | None = None) -> tuple[ImageUse, ...]:
    containers = tuple(Container(f"c{i}", "container", image) for i, image in enumerate(images))
    shape = shape or Shape("template", containers)
    return image_uses(Owner("shop", "Deployment", "web", shapes=(shape,)))


def meant_for(key: str, image: Reference) -> bool:
    return bool(serving([key], image)) and (image.registry == DOCKER_HUB or not is_docker_hub_key(key))


@given(st.lists(st.sampled_from(KEYS), unique=True, max_size=8), st.sampled_from(IMAGES))
def test_holders_are_those_whose_keys_serve_the_image(keys: list[str], image: str) -> None:
    reference = parse(image)
    secrets = tuple(secret(f"s{i:02}", key) for i, key in enumerate(keys))
    found = RegistryKeys(Snapshot(secrets=secrets), ()).holders(reference)
    assert [each.name for each in found] == [f"s{i:02}" for i, key in enumerate(keys) if meant_for(key, reference)]


@given(st.sampled_from(KEYS), st.lists(st.sampled_from(IMAGES), unique=True, max_size=8))
def test_served_are_the_images_that_the_key_matches_by_itself(key: str, images: list[str]) -> None:
    found = {image.name for image in RegistryKeys(Snapshot(), uses(*images)).served(key)}
    parsed = parse_key(key)
    assert found == {parse(image).name for image in images if parsed and matches(parsed, parse(image))}


def test_holders_are_only_those_with_a_credential_that_the_kubelet_could_use() -> None:
    empty = PullSecret(
        "shop",
        "empty",
        "kubernetes.io/dockerconfigjson",
        SecretContent((AuthEntry("quay.io", problem="it holds no credential", kind="empty"),)),
    )
    secrets = (empty, secret("bad", "quay.io", rejected="its content is not JSON"), secret("good", "quay.io"))
    found = RegistryKeys(Snapshot(secrets=secrets), ()).holders(parse("quay.io/org/app"))
    assert [each.name for each in found] == ["good"]


def users(shape: Shape, *missing: str, accounts: tuple[ServiceAccount, ...] = ()) -> SecretUsers:
    coverage = tuple(Coverage(resource, "forbidden" if resource in missing else "read") for resource in NAMING)
    snapshot = Snapshot(coverage=coverage, service_accounts=accounts)
    owner = Owner("shop", "Deployment", "web", shapes=(shape,))
    return SecretUsers(snapshot, Gaps(snapshot), image_uses(owner))


APP = (Container("app", "container", "nginx"),)


@pytest.mark.parametrize(
    ("shape", "pulls"),
    [
        (Shape("template", APP), True),
        (Shape("template", APP, service_account="other"), False),
        (Shape("template", APP, pull_secrets=("own",)), False),
        (Shape("template", APP, pull_secrets=("",)), False),
        (Shape("pods", APP, service_account="default"), False),
        (Shape("pods", APP, pull_secrets=("account",)), True),
        (Shape("template", APP, static=True), False),
    ],
)
def test_templates_inherit_and_pods_are_as_they_are(shape: Shape, pulls: bool) -> None:
    index = users(shape, accounts=(ServiceAccount("shop", "default", ("account",)),))
    assert bool(index.pulling("shop", "account")) is pulls
    assert index.named("shop", "account")  # by the account itself, in any case


def test_what_a_container_reads_is_named_and_not_pulled_with() -> None:
    index = users(Shape("template", (Container("app", "container", "nginx", secrets=("mounted",)),)))
    assert index.named("shop", "mounted")
    assert not index.pulling("shop", "mounted")
    assert not index.named("lab", "mounted")


@pytest.mark.parametrize("missing", NAMING)
def test_a_name_that_was_not_seen_may_stand_in_what_was_not_read(missing: str) -> None:
    index = users(Shape("template", APP, pull_secrets=("own",)), missing)
    assert index.named("shop", "own")
    assert not index.complete("shop")
    with pytest.raises(Unread) as gap:
        index.named("shop", "other")
    assert gap.value.resource == missing
