"""Backends of image policies whose own list of registries is not the audit's."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ApiServer,
    Fail,
    ImagePolicyBackends,
    ImagePolicyFiles,
    Manual,
    Policy,
    Severity,
    allowlist,
    check,
    cis,
    docs,
)
from checks.admission._backend_allowlist import compared
from checks.admission._image_policy import unseen, with_backend, without_backend


@check(
    "The image policy backend's registries are not those of the audit policy",
    severity=Severity.MEDIUM,
    references=(
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
        cis("5.5.1"),
        "https://github.com/flavio/kube-image-bouncer",
    ),
    remediation="""
        Decide which list is right and write it into both: the arguments of the backend (--registry-whitelist or
        --registry-allowlist) and the audit's policy file (registries.allowed). Where the audit allows only a part of a
        registry, and the backend knows whole registries, a backend or an admission policy that can tell paths apart is
        needed.
        """,
)
def image_policy_allowlist_drift(
    server: ApiServer, files: ImagePolicyFiles, backends: ImagePolicyBackends, policy: Policy
) -> Iterator[Fail | Manual]:
    """The arguments of the backend say which registries it means to allow. Where they allow more than the audit, images
    get in that every audit reports; where they allow less, approved workloads stop starting. They are no proof that it
    does: kube-image-bouncer itself applies the list in its validating webhook, and not to the questions of
    ImagePolicyWebhook.
    """
    seen: set[str] = set()
    for _, backend in with_backend(server, files):
        for place in backends.places(backend):
            entries = allowlist(backends.workloads(place.service))
            if not entries or place.name in seen:
                continue
            seen.add(place.name)
            yield from compared(place.name, entries, policy)
    yield from unseen(without_backend(server, files), "what the image policy backend is told to allow")
