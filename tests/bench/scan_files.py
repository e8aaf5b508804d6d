"""Files of Trivy, Grype and Clair about many images, and the manifests that name these."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.bench.vulnerabilities import CLAIR, GRYPE, TRIVY, Kind, chosen, facts, written

_AT = "2026-11-20T00:00:00Z"


def write(folder: Path, scanner: str, kind: Kind, count: int) -> None:
    """`images.json` with the Deployments, and `results/` with a file for each image, indented as scanners do."""
    items = [_deployment(image) for image in range(count)]
    (folder / "images.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items}))
    results = folder / "results"
    results.mkdir()
    for image in range(count):
        (results / f"{image:05}.json").write_text(_SCANNERS[scanner](image, chosen(image, kind)))


def _digest(image: int) -> str:
    return f"sha256:{image:064x}"


def _name(image: int) -> str:
    return f"registry.example/shop/web-{image}"


def _deployment(image: int) -> dict[str, object]:
    container = {"name": "web", "image": f"{_name(image)}@{_digest(image)}"}
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": f"web-{image}", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


def _with(document: dict[str, object], **lists: str) -> str:
    """A document with these texts in the place of its first empty lists and objects of that name."""
    text = json.dumps(document, indent=1)
    for name, content in lists.items():
        before, brackets, after = text.partition(f'"{name}": ')
        text = f"{before}{brackets}{after[0]}{content}{after[1:]}"
    return text


def _trivy(image: int, numbers: list[int]) -> str:
    return _with(
        {
            "SchemaVersion": 2,
            "CreatedAt": _AT,
            "ArtifactName": f"{_name(image)}:1",
            "ArtifactType": "container_image",
            "Metadata": {
                "OS": {"Family": "debian", "Name": "12.1"},
                "RepoDigests": [f"{_name(image)}@{_digest(image)}"],
            },
            "Results": [{"Target": "debian", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": []}],
        },
        Vulnerabilities=",".join(written(numbers, TRIVY, 2)),
    )


def _grype(image: int, numbers: list[int]) -> str:
    target = {"userInput": f"{_name(image)}:1", "manifestDigest": _digest(image), "repoDigests": []}
    return _with(
        {
            "matches": [],
            "source": {"type": "image", "target": target},
            "distro": {"name": "debian", "version": "12"},
            "descriptor": {"name": "grype", "version": "0.104.0", "timestamp": _AT},
        },
        matches=",".join(written(numbers, GRYPE, 1)),
    )


def _clair(image: int, numbers: list[int]) -> str:
    known = dict(zip(numbers, written(numbers, CLAIR), strict=True))
    packages = {
        number: {"id": str(number), "name": of["package"], "version": of["installed"]}
        for number in known
        for of in [facts(number)]
    }
    return _with(
        {
            "manifest_hash": _digest(image),
            "packages": packages,
            "package_vulnerabilities": {number: [str(number)] for number in known},
            "vulnerabilities": {},
        },
        vulnerabilities=",".join(f'"{number}": {text}' for number, text in known.items()),
    )


_SCANNERS: dict[str, Callable[[int, list[int]], str]] = {"Trivy": _trivy, "Grype": _grype, "Clair": _clair}
SCANNERS = tuple(_SCANNERS)
