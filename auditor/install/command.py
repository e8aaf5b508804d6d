"""The command line that the container runs."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.install.configuration import FILE
from auditor.install.naming import BASELINE
from auditor.install.settings import Settings
from auditor.install.volumes import HOST, KUBECONFIGS, METRICS, POLICY_FOLDER, REPORTS

_INDEX = "$(JOB_COMPLETION_INDEX)"


def arguments(settings: Settings) -> list[str]:
    """For the image's entry point. An option and its value are one item, so that a value never looks like an option."""
    return ["scan", *_input(settings), *_output(settings), *_verdict(settings)]


def _input(settings: Settings) -> Iterator[str]:
    if settings.fleet:
        yield f"--kubeconfig={KUBECONFIGS}/{_INDEX}"
    if settings.policy:
        yield f"--policy={POLICY_FOLDER}/{FILE}"
    yield from (f"--check={name}" for name in settings.only)
    yield from (f"--skip-check={name}" for name in settings.skip)
    if settings.control_plane:
        yield f"--host-root={HOST}"


def _output(settings: Settings) -> Iterator[str]:
    if settings.fleet or settings.textfile:
        yield "--output=table"
    if settings.fleet:
        yield f"--output=json={REPORTS}/{_INDEX}.json"
    if settings.textfile:
        yield f"--output=prometheus={METRICS}/auditor{f'-{_INDEX}' if settings.fleet else ''}.prom"
    if settings.pushgateway:
        # The kubelet expands $(NAME) in arguments.
        yield f"--pushgateway={settings.pushgateway.url.replace('$(', '$$(')}"
    if settings.publish:
        yield "--publish"


def _verdict(settings: Settings) -> Iterator[str]:
    yield f"--fail-on={settings.fail_on}"
    if settings.fail_on_new:
        place = f"{REPORTS}/baseline-{_INDEX}.json" if settings.fleet else f"configmap:{settings.namespace}/{BASELINE}"
        yield from (f"--baseline={place}", "--keep-baseline", "--fail-on-new")
    if settings.allow_incomplete:
        yield "--allow-incomplete"
