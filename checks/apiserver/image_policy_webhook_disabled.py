"""API servers that ask no image policy webhook."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    ApiServer,
    Enforcement,
    Fail,
    ImageUses,
    Manual,
    NamespaceLabels,
    PodAdmission,
    Severity,
    Unread,
    check,
    cis,
    docs,
    verdict,
)
from checks.apiserver._engines import seen
from checks.apiserver._servers import listed, without

_PLUGIN = "ImagePolicyWebhook"


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
def image_policy_webhook_disabled(
    server: ApiServer,
    uses: ImageUses,
    enforcement: Enforcement,
    admission: PodAdmission,
    namespaces: NamespaceLabels,
) -> Iterator[Fail | Manual]:
    """Without a policy at admission, anybody who may create a pod may run any image from any registry. The plugin
    ImagePolicyWebhook asks a backend about the images of each pod; it is off by default, and on one API server of
    several it guards only the requests that reach that one. Other mechanisms can do the same work: where one of them
    enforces an image policy in a namespace, this plugin is not missed, and the checks of admission tell where.
    """
    off = without(server.pods, _PLUGIN)
    if not off:
        return
    others = [policy for policy in enforcement.policies if policy.goals and policy.mechanism != _PLUGIN]
    found = {verdict(policy.chain(name)) for policy in others for name in namespaces.names}
    if "enforced" in found:
        return
    for gap in enforcement.unreadable:
        if gap.state in ("forbidden", "failed"):
            raise Unread(gap.resource, None, gap.state, gap.detail)
    engines, matching = seen(uses.readable()), list(admission.seen())
    evidence = {"apiservers": off, "engines": engines, "matchPods": matching}
    start = f"ImagePolicyWebhook is not enabled on {listed(off)}, and"
    if "unknown" in found or (enforcement.unreadable and (engines or matching)):
        who = listed(engines or matching or sorted({policy.mechanism for policy in others}))
        yield Manual(f"{start} whether {who} enforces an image policy instead is not decided.", evidence=evidence)
    elif others:
        mechanisms = sorted({policy.mechanism for policy in others})
        yield Fail(f"{start} {listed(mechanisms)} enforces no image policy in any namespace either.", evidence=evidence)
    else:
        yield Fail(f"{start} no other image policy is seen through the API.", evidence=evidence)
