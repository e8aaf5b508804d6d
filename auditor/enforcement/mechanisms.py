"""Every mechanism that may deny a pod for its images."""

from __future__ import annotations

from auditor.enforcement import (
    admission_policy,
    connaisseur,
    gatekeeper,
    image_policy_webhook,
    kubewarden,
    kyverno,
    openshift,
    other_webhooks,
    policy_controller,
)
from auditor.enforcement.matrix import Mechanism
from auditor.wire import PARAMETERS

MECHANISMS: tuple[Mechanism, ...] = (
    image_policy_webhook,
    admission_policy,
    gatekeeper,
    kyverno,
    policy_controller,
    connaisseur,
    kubewarden,
    openshift,
    other_webhooks,
)
RESOURCES: tuple[str, ...] = tuple(
    dict.fromkeys((*(resource for found in MECHANISMS for resource in found.RESOURCES), PARAMETERS.name))
)
"""The lists that they read, by their names in coverage, with what admission policies take their parameters from."""
