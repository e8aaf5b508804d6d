"""Image policy webhooks whose answers are kept for long."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, ImagePolicyFiles, Manual, Severity, check, docs
from checks.admission._image_policy import CONFIG_PAGE, unseen, with_settings

_LONG = 300


@check(
    "ImagePolicyWebhook keeps approvals for long",
    severity=Severity.LOW,
    references=(docs(CONFIG_PAGE),),
    remediation="""
        In the configuration of the plugin, on every control-plane node (seconds; -1 keeps no answer at all):

            imagePolicy:
              allowTTL: 50
        """,
)
def image_policy_long_cache(server: ApiServer, files: ImagePolicyFiles) -> Iterator[Fail | Manual]:
    """For allowTTL seconds an approval is repeated without asking the backend. An image that is found to be bad in the
    meantime stays admitted that long, on each API server for itself.
    """
    kept = {found.pod.name: settings.allow_ttl for found, settings in with_settings(server, files)}
    long = {name: ttl for name, ttl in kept.items() if ttl is not None and ttl > _LONG}
    if long:
        told = ", ".join(f"{ttl} s on {name}" for name, ttl in long.items())
        yield Fail(
            f"ImagePolicyWebhook keeps an approval for {told} (allowTTL): an image found bad stays admitted that long.",
            evidence={"allowTTL": long},
        )
    unknown = [found for found in files.in_use(server) if kept.get(found.pod.name) is None]
    yield from unseen(unknown, "how long ImagePolicyWebhook keeps approvals")
