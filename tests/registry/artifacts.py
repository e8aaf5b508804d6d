"""Images, indexes, signatures and artifacts as values: bytes and their digests, for registries of tests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
EMPTY = "application/vnd.oci.empty.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
NOTATION = "application/vnd.cncf.notary.signature"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@dataclass(frozen=True)
class Artifact:
    """A manifest with the blobs that it refers to, and the manifests that it lists."""

    body: bytes
    media_type: str
    blobs: Sequence[bytes] = ()
    parts: Sequence[Artifact] = ()

    @property
    def digest(self) -> str:
        return digest_of(self.body)

    def descriptor(self, **more: Any) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.body), **more}


@dataclass(frozen=True)
class Built:
    """What an image's configuration says."""

    os: str = "linux"
    architecture: str = "amd64"
    created: str = "2026-01-02T03:04:05Z"
    user: str = ""
    env: Sequence[str] = ("PATH=/usr/bin",)
    entrypoint: Sequence[str] | None = ("/app",)
    cmd: Sequence[str] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Mapping[str, Any]] = ()
    seed: str = ""

    def image(self) -> Artifact:
        settings = {
            "User": self.user,
            "Env": list(self.env),
            "Entrypoint": self.entrypoint,
            "Cmd": self.cmd,
            "Labels": dict(self.labels),
        }
        config = as_json(
            {
                "os": self.os,
                "architecture": self.architecture,
                "created": self.created,
                "config": settings,
                "history": list(self.history),
                "rootfs": {"type": "layers", "diff_ids": []},
                "seed": self.seed,
            }
        )
        layer = f"layer {self.seed}".encode()
        return manifest(
            config,
            [(layer, "application/vnd.oci.image.layer.v1.tar+gzip", {})],
            config_type=OCI_CONFIG,
        )


def manifest(
    config: bytes,
    layers: Sequence[tuple[bytes, str, Mapping[str, str]]],
    *,
    config_type: str = EMPTY,
    **more: Any,
) -> Artifact:
    """`more`: subject, artifactType, annotations."""
    body = as_json(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": _blob(config, config_type),
            "layers": [_blob(content, kind, annotations) for content, kind, annotations in layers],
            **more,
        }
    )
    return Artifact(body, OCI_MANIFEST, [config, *(content for content, _, _ in layers)])


def index(entries: Mapping[str, Artifact], **more: Any) -> Artifact:
    """Of images by `os/architecture`."""
    listed = []
    for platform, entry in entries.items():
        system, _, architecture = platform.partition("/")
        listed.append(entry.descriptor(platform={"os": system, "architecture": architecture}))
    body = as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed, **more})
    return Artifact(body, OCI_INDEX, parts=tuple(entries.values()))


def classic_signature(payloads: Sequence[tuple[bytes, str]]) -> Artifact:
    """What cosign puts under the tag `sha256-….sig`: of (payload, signature in base64)."""
    layers = [(payload, SIMPLE_SIGNING, {"dev.cosignproject.cosign/signature": made}) for payload, made in payloads]
    return manifest(b'{"architecture":""}', layers, config_type=OCI_CONFIG)


def bundle(subject: Artifact, content: bytes, kind: str = BUNDLE) -> Artifact:
    """A Sigstore bundle that refers to its subject; or a Notation envelope, of another kind."""
    media_type = "application/jose+json" if kind == NOTATION else kind
    return manifest(b"{}", [(content, media_type, {})], artifactType=kind, subject=subject.descriptor())


def referrers_index(artifacts: Sequence[tuple[Artifact, str]]) -> Artifact:
    """What lists (artifact, its type) under the fallback tag."""
    listed = [made.descriptor(artifactType=kind) for made, kind in artifacts]
    return Artifact(as_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}), OCI_INDEX)


def as_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _blob(content: bytes, kind: str, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"mediaType": kind, "digest": digest_of(content), "size": len(content)}
    return made | {"annotations": dict(annotations)} if annotations else made
