"""Credentials for a registry, where they come from, and which of them may be shown to it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from auditor.image import DOCKER_HUB, Reference
from auditor.registrykey import matches, parse_key, serving
from auditor.subjects import ImageUse


class Credential(Struct, frozen=True):
    """A user and password, or an identity token that a token server exchanges. `origin` is for a person: a file, or a
    secret's namespace and name. `tls_only`: never over plain http, whatever is allowed. Its repr shows no more."""

    origin: str
    user: bytes = b""
    password: bytes = b""
    identity_token: str = ""
    tls_only: bool = False

    def __repr__(self) -> str:
        return f"Credential({self.origin!r})"

    @property
    def proof(self) -> tuple[bytes, bytes, str]:
        """What a server is shown: the same from two places is one login."""
        return self.user, self.password, self.identity_token

    @property
    def basic(self) -> str:
        return "Basic " + base64.b64encode(self.user + b":" + self.password).decode()


class CredentialSource(Protocol):
    """Where credentials come from."""

    def for_image(self, reference: Reference, uses: Sequence[ImageUse]) -> Sequence[Credential]:
        """Those that serve an image, in the order to try them. `uses` are the workloads that use it."""
        ...


class NoCredentials:
    def for_image(self, reference: Reference, uses: Sequence[ImageUse]) -> Sequence[Credential]:
        return ()


class Chain:
    """Several sources, one after the other."""

    def __init__(self, sources: Sequence[CredentialSource]) -> None:
        self._sources = sources

    def for_image(self, reference: Reference, uses: Sequence[ImageUse]) -> Sequence[Credential]:
        return [found for source in self._sources for found in source.for_image(reference, uses)]


def serving_its_host(keys: Sequence[str], reference: Reference) -> tuple[int, ...]:
    """Indices of the auths keys that serve the image by the kubelet's rules, in its order, less one rule: Docker Hub's
    key is for Docker Hub. The kubelet offers it to `localhost/…` and other hosts without a dot, too."""
    return tuple(
        index
        for index in serving(keys, reference)
        if reference.registry == DOCKER_HUB or ((key := parse_key(keys[index])) and matches(key, reference))
    )
