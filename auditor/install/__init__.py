"""The audit in a cluster: settings → every object that it takes, in the order in which they can be applied."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.install.access import baseline_access, read_access, service_account
from auditor.install.configuration import authority_map, baseline_map, names_map, policy_map
from auditor.install.job import cron_job
from auditor.install.manifest import Noted, Object
from auditor.install.namespace import namespace, network_policy
from auditor.install.settings import Settings


def documents(settings: Settings) -> Iterator[Object | Noted]:
    """Of a fleet the rights lie in the other clusters, and its baselines beside its reports."""
    yield namespace(settings)
    yield service_account(settings)
    if not settings.fleet:
        yield from read_access(settings)
        if settings.fail_on_new:
            yield from baseline_access(settings)
            yield baseline_map(settings)
    if settings.policy:
        yield policy_map(settings, settings.policy)
    if settings.registry and settings.registry.authority:
        yield authority_map(settings, settings.registry.authority)
    if settings.fleet:
        yield names_map(settings, settings.fleet)
    yield network_policy(settings)
    yield cron_job(settings)
