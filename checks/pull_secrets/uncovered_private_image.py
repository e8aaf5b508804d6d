"""Images of private registries for which their pods have no credential in the cluster."""

from collections.abc import Iterator

from auditor import (
    Credentials,
    Fail,
    ImageUse,
    Manual,
    Nodes,
    Policy,
    PullSecrets,
    RegistryKeys,
    Severity,
    Skip,
    check,
    docs,
)
from checks.pull_secrets._covered import uncovered
from checks.pull_secrets._uncovered_answers import cloud_nodes, no_credential, static_pods, undeclared


@check(
    "Private image without a matching pull secret",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#using-a-private-registry"),
        docs("tasks/configure-pod-container/pull-image-private-registry/"),
        docs("tasks/administer-cluster/kubelet-credential-provider/"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/credentialprovider/keyring.go",
    ),
    remediation="""
        Name a registry secret whose auths key is the registry's host (with the port, if the image names one), in the
        pod template or in the workload's service account:

            spec:
              template:
                spec:
                  imagePullSecrets:
                    - name: REGISTRY-SECRET

        Where the nodes pull with credentials of their own, say so in a waiver.
        """,
)
def uncovered_private_image(
    image: ImageUse,
    credentials: Credentials,
    secrets: PullSecrets,
    keys: RegistryKeys,
    nodes: Nodes | None,
    policy: Policy,
) -> Iterator[Fail | Manual | Skip]:
    """A private image for which its pods carry no credential runs only where something outside the API helps: a
    credential of the node, a plugin of the kubelet, or a copy that another pod's credentials left in the node's cache.
    The first two lend the image to every pod of the node; the last one fails with the next node. A key that merely
    looks right does not help: the kubelet compares port, host labels and path prefix, and letter case matters.
    """
    reference = image.reference
    if reference is None:
        yield Skip()
        return
    private = policy.registries.is_private(reference)
    if image.static:
        if private:
            yield static_pods(image, reference)
        return
    lacking, covered_pods = uncovered(image, reference, credentials)
    injected = covered_pods > 0 and all(each.source == "template" for each in lacking)
    if not lacking or (injected and not private):
        return
    if private:
        yield cloud_nodes(image, reference, nodes) or no_credential(image, lacking, injected=injected)
    elif holders := keys.holders(reference):
        yield undeclared(image, reference, holders)
    else:
        secrets.all()  # only if no secret remains unread does none hold a credential for it
