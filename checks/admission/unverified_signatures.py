"""Namespaces in which nobody asks who signed an image."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ControlPlane, Enforcement, Fail, Goal, Manual, Namespace, OwnNamespaces, Severity, check, cis
from checks.admission._answers import unenforced


@check(
    "No mechanism verifies image signatures in the namespace",
    severity=Severity.MEDIUM,
    references=(
        cis("5.5.1"),
        "https://docs.sigstore.dev/policy-controller/overview/",
        "https://slsa.dev/spec/v1.1/verifying-artifacts",
    ),
    remediation="""
        Mend the link that the finding names, or have signatures verified at admission. Where sigstore's
        policy-controller runs, label the namespace and say whose signatures count:

            kubectl label namespace NAMESPACE policy.sigstore.dev/include=true

        and apply:

            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata:
              name: signed-by-ci
            spec:
              images:
                - glob: "**"
              authorities:
                - keyless:
                    url: https://fulcio.sigstore.dev
                    identities:
                      - issuer: https://token.actions.githubusercontent.com
                        subjectRegExp: https://github.com/example-org/.*
        """,
)
def unverified_signatures(
    namespace: Namespace, enforcement: Enforcement, own: OwnNamespaces, control_plane: ControlPlane | None
) -> Iterator[Fail | Manual]:
    """An allowed registry says where an image lies, not who made it. Whoever gets write access to the registry, or to
    one account of it, can replace what the cluster pulls. A signature that is verified before a pod is admitted ties
    the image to the pipeline that built it. It counts where images that the policy allows here are refused unless they
    are signed.
    """
    yield from unenforced(namespace, Goal.SIGNATURES, enforcement, own, control_plane)
