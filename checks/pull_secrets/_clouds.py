"""Registries of clouds whose nodes usually get credentials by themselves, through a plugin of the kubelet."""

from __future__ import annotations

import re

_CLOUDS = {
    "aws": (
        "Amazon ECR",
        re.compile(
            r"[0-9]+\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\."
            r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|on\.(?:aws|amazonwebservices\.com\.cn)|sc2s\.sgov\.gov|c2s\.ic\.gov"
            r"|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
        ),
    ),
    "gce": ("Google Artifact Registry", re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io|[a-z0-9-]+\.pkg\.dev")),
    "azure": ("Azure Container Registry", re.compile(r"[A-Za-z0-9-]+\.azurecr\.(?:io|cn|de|us)")),
}


def cloud_registry(registry: str) -> tuple[str, str] | None:
    """(provider as in a node's providerID, name of the registry service) of a cloud's registry host, else None.

    Source: the plugins' own patterns, in cloud-provider-aws, cloud-provider-gcp and cloud-provider-azure.
    """
    for provider, (name, pattern) in _CLOUDS.items():
        if pattern.fullmatch(registry):
            return provider, name
    return None


def never_public(registry: str) -> bool:
    """Whether no image there can be pulled anonymously: Amazon ECR has its public images on a host of their own."""
    return _CLOUDS["aws"][1].fullmatch(registry) is not None
