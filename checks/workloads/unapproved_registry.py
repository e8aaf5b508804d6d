"""Check: unapproved-registry."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import CLUSTER, Fail, ImageUse, Manual, Policy, Severity, Skip, check, cis


@check(
    "Image comes from a registry that the policy does not allow",
    severity=Severity.HIGH,
    references=(
        cis("5.5.1"),
        "https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/Compromised%20Image%20In%20Registry/",
    ),
    remediation="""
    Copy the image into a registry that is allowed and use it from there (`crane copy SOURCE TARGET` keeps the digest),
    or allow its registry or path in the policy, for all namespaces or for some:

        registries:
          allowed: [registry.k8s.io, docker.io/library, registry.corp.example/platform]
          namespaces: {"payments-*": [registry.corp.example/payments]}

    An entry covers what lies at or under it, in whole path segments. Then enforce the same list at admission.
    """,
)
def unapproved_registry(image: ImageUse, policy: Policy) -> Iterator[Fail | Manual | Skip]:
    """Whoever controls a registry controls the code that is pulled from it, so the registries in use are part of the
    trusted base of a cluster.

    An allowlist keeps that base small, and makes typing errors and public images that nobody reviewed stand out.
    References are compared in normal form: `nginx` is `docker.io/library/nginx`, and `gcr.io/corp` covers neither
    `gcr.io/corp-evil/app` nor `gcr.io.evil.example/corp/app`.
    """
    if image.reference is None:
        yield Skip()
        return
    approved = policy.registries.approves(image.reference, image.namespace)
    if approved is None:
        yield Manual(
            "No allowlist says which registries images may come from (registries.allowed in the policy): "
            "the evidence lists the registries in use, with how many images of containers each serves.",
            evidence={"registries": {image.reference.registry or "(not a host)": 1}},
            about=CLUSTER,
        )
    elif not approved:
        entries = policy.registries.allowlist(image.namespace) or ()
        match entries:
            case ():
                why = "is not allowed: the policy allows no registry at all here"
            case (only,):
                why = f"is not under {only}, which is all that the policy allows here"
            case _:
                why = f"is under none of the {len(entries)} registries that the policy allows here"
        yield Fail(
            f"{image.normalised} {why}.",
            evidence={"registry": image.reference.registry, "allowed": sorted(map(str, entries))[:20]},
        )
