"""The command line that the container runs."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.install.configuration import AUTHORITY_FILE, FILE
from auditor.install.naming import BASELINE
from auditor.install.settings import Registry, Settings
from auditor.install.volumes import (
    AUTHORITIES,
    CLUSTER_NAME,
    HOST,
    INDEX,
    KUBECONFIG,
    KUBECONFIGS,
    METRICS,
    POLICY_FOLDER,
    REPORTS,
)


def arguments(settings: Settings) -> list[str]:
    """For the image's entry point. An option and its value are one item, so that a value never looks like an option."""
    return ["scan", *_input(settings), *_output(settings), *_verdict(settings)]


def _input(settings: Settings) -> Iterator[str]:
    if settings.fleet:
        yield f"--kubeconfig={KUBECONFIGS}/{KUBECONFIG}"
        yield f"--cluster-name=@{KUBECONFIGS}/{CLUSTER_NAME}"
    if settings.cluster_name:
        yield f"--cluster-name={_literal(settings.cluster_name)}"
    if settings.policy:
        yield f"--policy={POLICY_FOLDER}/{FILE}"
    yield from (f"--check={name}" for name in settings.only)
    yield from (f"--skip-check={name}" for name in settings.skip)
    if settings.control_plane:
        yield f"--host-root={HOST}"
    if settings.registry:
        yield from _registries(settings.registry)


def _registries(registry: Registry) -> Iterator[str]:
    yield "--registry"
    if registry.credentials:
        yield "--registry-credentials=cluster"
    if registry.authority:
        yield f"--registry-ca={AUTHORITIES}/{AUTHORITY_FILE}"
    yield from (f"--registry-allow-private={_literal(place)}" for place in registry.allow_private)
    yield from (f"--registry-mirror={_literal(mirror)}" for mirror in registry.mirrors)
    yield from (f"--registry-plain-http={_literal(host)}" for host in registry.plain_http)
    # A pod begins with an empty file system, and what one run asks twice it holds in memory.
    yield "--no-registry-cache"


def _output(settings: Settings) -> Iterator[str]:
    if settings.fleet or settings.textfile:
        yield "--output=table"
    if settings.fleet:
        yield f"--output=json={REPORTS}/{INDEX}.json"
    if settings.textfile:
        yield f"--output=prometheus={METRICS}/auditor{f'-{INDEX}' if settings.fleet else ''}.prom"
    if settings.pushgateway:
        yield f"--pushgateway={_literal(settings.pushgateway.url)}"
    if settings.publish:
        yield "--publish"


def _verdict(settings: Settings) -> Iterator[str]:
    yield f"--fail-on={settings.fail_on}"
    if settings.fail_on_new:
        place = f"{REPORTS}/baseline-{INDEX}.json" if settings.fleet else f"configmap:{settings.namespace}/{BASELINE}"
        yield from (f"--baseline={place}", "--keep-baseline", "--fail-on-new")
    if settings.allow_incomplete:
        yield "--allow-incomplete"


def _literal(text: str) -> str:
    """Text in which the kubelet, which expands $(NAME) in arguments, finds nothing to expand."""
    return text.replace("$", "$$")
