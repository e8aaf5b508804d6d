"""Check: image-pull-failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditor import Fail, ImageUse, Severity, check, docs
from checks.workloads._pull_failure import EXPLAINED, REASONS, cause_of, shown


@check(
    "A pod waits for an image that it does not get",
    severity=Severity.MEDIUM,
    references=(
        docs("concepts/containers/images/#imagepullbackoff"),
        docs("tasks/configure-pod-container/pull-image-private-registry/"),
        "https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go",
    ),
    remediation="""
    The evidence holds the cause and the kubelet's own words; `kubectl -n NAMESPACE describe pod POD` has the
    events.

    - auth: give the pod a pull secret whose key matches the image, or fix the one it has, once the repository exists.
    - not-found: check path, tag and platform with `crane manifest IMAGE`.
    - signature: sign the image, or correct the node's signature policy; do not switch verification off.
    - network: check DNS, proxy, certificates and rate limits between the nodes and the registry.
    - name: correct the reference, and write the registry out.
    - policy: load the image onto the node, or change imagePullPolicy: Never; or lift the block in registries.conf.
    """,
)
def image_pull_failure(image: ImageUse) -> Iterator[Fail]:
    """A workload that cannot pull its image is down, or will be when its last old pod goes.

    For security the cause counts: a refused signature may be an attack that was stopped, a refused login an expired or
    stolen credential, and a repository that vanished can be registered anew by somebody else. Such pods also invite
    quick fixes that weaken the cluster: wider pull secrets, verification switched off.
    """
    waiting = sorted((w for w in image.waiting() if w.reason in REASONS), key=lambda w: (w.reason, w.message))
    if not waiting:
        return
    names = {image.image, image.normalised, image.repository}
    causes = [(cause_of(w.reason, w.message, names), w) for w in waiting]
    cause, told = next((pair for pair in causes if pair[0] != "unknown"), causes[0])
    reasons = Counter[str]()
    for wait in waiting:
        reasons[wait.reason] += wait.pods
    pods = sum(reasons.values())
    yield Fail(
        f"{pods} pod{'s wait' if pods > 1 else ' waits'} for {image.normalised} ({', '.join(sorted(reasons))}): "
        f"{EXPLAINED[cause]}.",
        evidence={"cause": cause, "reasons": dict(sorted(reasons.items())), "message": shown(told.message)},
    )
