"""What `auditor install` prints, by the options of its command line."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import run

IMAGE = f"registry.example.com/security/auditor:0.1.0@sha256:{'5' * 64}"
POLICY = """\
# What this cluster may run.
version: 1
registries:
  allowed: [registry.example.com]
"""
FLEET = ("--fleet", "--clusters", "prod,stage", "--reports-claim", "reports")
CASES: dict[str, tuple[str, ...]] = {
    "plain": (),
    "no-secrets": ("--no-secrets",),
    "fail-on-new": ("--fail-on-new", "--fail-on", "medium"),
    "control-plane": ("--control-plane",),
    "textfile": ("--metrics", "textfile=/var/lib/node_exporter/textfile_collector"),
    "pushgateway": ("--metrics", "pushgateway=http://pushgateway.monitoring.svc:9091"),
    "publish": ("--publish",),
    "fleet": FLEET,
    "fleet-more": (
        *FLEET,
        "--fail-on-new",
        "--publish",
        "--metrics",
        "textfile=/var/lib/textfile",
        "--allow-incomplete",
    ),
    "fleet-registry": (*FLEET, "--registry", "--metrics", "pushgateway=http://pushgateway.monitoring:9091"),
    "registry": (
        *("--registry", "--registry-credentials", "cluster", "--registry-mirror", "docker.io=https://mirror.corp:8443"),
        *("--registry-allow-private", "10.0.0.0/8", "--registry-plain-http", "old.corp:5000", "--cluster-name", "eu 1"),
    ),
    "some-checks": ("--check", "unpinned-image", "--check", "floating-tag"),
    "elsewhere": ("-n", "image-audit", "--schedule", "@daily", "--pull-secret", "pull", "--api-server", "192.0.2.1/32"),
    "everything": (
        *("--control-plane", "--fail-on-new", "--publish", "--allow-incomplete", "--pods", "150000"),
        *("--metrics", "pushgateway=https://push.example.com", "--skip-check", "unused-pull-secret"),
    ),
}
Object = dict[str, Any]


def text_of(arguments: Sequence[str], folder: Path, *, policy: bool = True, quiet: bool = True) -> str:
    """The stream that is printed; with an image by digest, a policy if it is wanted, and, if `quiet`, no warning."""
    path = folder / "policy.yaml"
    path.write_text(POLICY)
    given = ("--policy", str(path)) if policy else ()
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()) as errors:
        out = io.BytesIO()
        patch.setattr(sys, "stdout", io.TextIOWrapper(out))
        code = run(["install", "--image", IMAGE, *given, *arguments])
        assert (code, errors.getvalue() if quiet else "") == (0, ""), errors.getvalue()
        return out.getvalue().decode()


def printed(arguments: Sequence[str], folder: Path, *, policy: bool = True, quiet: bool = True) -> list[Object]:
    return list(yaml.safe_load_all(text_of(arguments, folder, policy=policy, quiet=quiet)))


def one(objects: Sequence[Object], kind: str, name: str = "") -> Object:
    (found,) = (item for item in objects if item["kind"] == kind and name in ("", item["metadata"]["name"]))
    return found


def job(objects: Sequence[Object]) -> Object:
    return dict(one(objects, "CronJob")["spec"]["jobTemplate"]["spec"])


def pod(objects: Sequence[Object]) -> Object:
    return dict(job(objects)["template"]["spec"])


def container(objects: Sequence[Object]) -> Object:
    (found,) = pod(objects)["containers"]
    return dict(found)
