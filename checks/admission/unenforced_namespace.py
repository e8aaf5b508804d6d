"""Namespaces into which images from any registry get."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ControlPlane,
    Enforcement,
    Fail,
    Goal,
    Manual,
    Namespace,
    OwnNamespaces,
    Severity,
    check,
    cis,
    docs,
)
from checks.admission._answers import unenforced


@check(
    "No image policy is enforced in the namespace",
    severity=Severity.HIGH,
    references=(
        cis("5.5.1"),
        docs("reference/access-authn-authz/validating-admission-policy/"),
        docs("concepts/security/pod-security-standards/"),
        "https://microsoft.github.io/Threat-Matrix-for-Kubernetes/techniques/Compromised%20Image%20In%20Registry/",
    ),
    remediation="""
        Mend the link that the finding names, or put a policy in place that needs no backend. This one denies pods whose
        images come from anywhere else, also when they are updated and when a debug container is added:

            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicy
            metadata:
              name: allowed-registries
            spec:
              failurePolicy: Fail
              matchConstraints:
                resourceRules:
                  - apiGroups: [""]
                    apiVersions: [v1]
                    operations: [CREATE, UPDATE]
                    resources: [pods, pods/ephemeralcontainers]
              variables:
                - name: containers
                  expression: >-
                    object.spec.containers + object.spec.?initContainers.orValue([])
                    + object.spec.?ephemeralContainers.orValue([])
              validations:
                - expression: >-
                    variables.containers.all(c, c.image.startsWith('registry.corp.example/'))
                  message: images come from registry.corp.example
            ---
            apiVersion: admissionregistration.k8s.io/v1
            kind: ValidatingAdmissionPolicyBinding
            metadata:
              name: allowed-registries
            spec:
              policyName: allowed-registries
              validationActions: [Deny]
        """,
)
def unenforced_namespace(
    namespace: Namespace, enforcement: Enforcement, own: OwnNamespaces, control_plane: ControlPlane | None
) -> Iterator[Fail | Manual]:
    """Whoever may create a pod here chooses what code the cluster runs, unless admission refuses images from elsewhere.
    A policy that is installed does not mean that: each of its links has to hold in this very namespace, from the rules
    of the webhook and its selectors to the action and the pattern. The finding names the policy that comes nearest and
    the link that breaks.

    The API does not show everything. What could enforce a policy unseen is listed in the evidence.
    """
    yield from unenforced(namespace, Goal.REGISTRIES, enforcement, own, control_plane)
