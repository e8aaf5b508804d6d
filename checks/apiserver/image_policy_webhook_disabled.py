"""API servers that ask no image policy webhook."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import ApiServer, Fail, ImageUses, Manual, Severity, check, cis, docs
from checks.apiserver._engines import seen
from checks.apiserver._servers import listed, without

_NOT_LOOKED_AT = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "ValidatingAdmissionPolicy"]


@check(
    "ImagePolicyWebhook is not enabled",
    severity=Severity.MEDIUM,
    references=(
        cis("5.5.1"),
        docs("reference/access-authn-authz/admission-controllers/#imagepolicywebhook"),
        docs("reference/access-authn-authz/validating-admission-policy/"),
    ),
    remediation="""
        Decide on one mechanism that refuses images that the policy does not allow. A ValidatingAdmissionPolicy needs no
        backend, or run a policy engine as a webhook that fails closed. For ImagePolicyWebhook, on every control-plane
        node, in the manifest of the kube-apiserver:

            --enable-admission-plugins=NodeRestriction,ImagePolicyWebhook
            --admission-control-config-file=/etc/kubernetes/image-policy/admission.yaml

        with that directory mounted into the container, and in the file:

            apiVersion: apiserver.config.k8s.io/v1
            kind: AdmissionConfiguration
            plugins:
              - name: ImagePolicyWebhook
                configuration:
                  imagePolicy:
                    kubeConfigFile: /etc/kubernetes/image-policy/kubeconfig.yaml
                    allowTTL: 50
                    denyTTL: 50
                    retryBackoff: 500
                    defaultAllow: false
        """,
)
def image_policy_webhook_disabled(server: ApiServer, uses: ImageUses) -> Iterator[Fail | Manual]:
    """Without a policy at admission, anybody who may create a pod may run any image from any registry. The plugin
    ImagePolicyWebhook asks a backend about the images of each pod; it is off by default, and on one API server of
    several it guards only the requests that reach that one. Other mechanisms can do the same work: where a policy
    engine runs, a person has to see whether it enforces an image policy.
    """
    off = without(server.pods, "ImagePolicyWebhook")
    if not off:
        return
    engines = seen(uses.readable())
    evidence = {"apiservers": off, "notLookedAt": _NOT_LOOKED_AT}
    if engines:
        yield Manual(
            f"ImagePolicyWebhook is not enabled on {listed(off)}, and whether {listed(engines)} enforces an image "
            "policy instead was not looked at.",
            evidence={**evidence, "engines": engines},
        )
    else:
        yield Fail(
            f"ImagePolicyWebhook is not enabled on {listed(off)}, and no policy engine is seen among the workloads; "
            "admission webhooks and admission policies themselves were not looked at.",
            evidence=evidence,
        )
