"""What an installation is warned of: it can be applied, and would not do what is probably meant."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from auditor.check import WITH_REGISTRY, Check
from auditor.image import parse
from auditor.install.settings import PLACEHOLDER, Settings
from auditor.policy import Policy

_ANNOTATION = 200_000
"""Of the 256 KiB that the annotations of an object may have (k8s apimachinery, TotalAnnotationSizeLimitB), where every
line feed of the copy takes two bytes."""


def doubts(settings: Settings, policy: Policy, checks: Iterable[Check]) -> Iterator[str]:
    """One sentence each. `checks` are those that will run."""
    if settings.image == PLACEHOLDER:
        yield f"{settings.image} stands for your own image: give --image"
    elif parse(settings.image).digest is None:
        yield f"--image {settings.image} names a tag, which its owner can move: name the digest too (…@sha256:…)"
    if settings.policy and settings.policy.size > _ANNOTATION:
        yield "the policy is too large for the copy that `kubectl apply` keeps: apply with --server-side"
    if settings.pushgateway and _is_loopback(settings.pushgateway.host):
        yield "--metrics pushgateway: that address is the pod itself, and no gateway runs in it"
    if not settings.registry:
        yield from _without_registries(settings, policy, [check for check in checks if check.opt_in == WITH_REGISTRY])


def _without_registries(settings: Settings, policy: Policy, checks: list[Check]) -> Iterator[str]:
    if checks and policy.signatures:
        yield "the policy says who signs images, and nobody looks at a signature without --registry"
    named = sorted({check.id for check in checks} & set(settings.only))
    if named:
        outcome = "they are `manual`" if settings.allow_incomplete else "every job ends with 3"
        yield f"{', '.join(named)}: without --registry there is nothing to judge by, and {outcome}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.removesuffix(".").lower().rpartition(".")[2] == "localhost"
