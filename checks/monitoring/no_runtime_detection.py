"""Check: no-runtime-detection."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import Fail, Manual, Node, Policy, RuntimeDetection, Severity, Skip, check


@check(
    "No runtime detection runs on a node that runs workloads",
    severity=Severity.LOW,
    references=(
        "https://falco.org/docs/setup/kubernetes/",
        "https://kubernetes.io/docs/concepts/security/security-checklist/",
    ),
    remediation="""
        Let the DaemonSet reach the node: tolerations for its taints, a node selector that includes it, and containers
        that really run (kubectl -n falco get pods -o wide). Falco's chart takes them as values:

            helm upgrade --install falco falcosecurity/falco -n falco --create-namespace \\
              --set-json 'tolerations=[{"operator":"Exists"}]'

        Where another program does this work, name its DaemonSet in the policy file:

            runtimeDetection: [falco, tetragon]
        """,
)
def no_runtime_detection(node: Node, detection: RuntimeDetection, policy: Policy) -> Iterator[Fail | Manual | Skip]:
    """What is checked before a container starts says nothing about what it does afterwards: a trusted image that is
    exploited at run time stays trusted. Programs such as Falco watch the system calls of a node's containers, on the
    nodes that they run on, and on no others. A pod of which a container has stopped does not count: Falco stops at the
    first rule that it cannot read, while the container beside it runs on.
    """
    if not detection.works(node):
        yield Skip()
        return
    if detection.on(node):
        return
    wanted = ", ".join(policy.runtime_detection) or "nothing: the policy names none"
    facts = {"counted": list(policy.runtime_detection), "elsewhere": list(detection.elsewhere)}
    if node.os == "windows":
        yield Manual(f"Falco does not run on Windows, and nothing that counts ({wanted}) runs here.", evidence=facts)
        return
    found = f"{', '.join(detection.elsewhere)} does not run on it" if detection.elsewhere else "none is in the cluster"
    yield Fail(f"Workloads run on this node without runtime detection ({wanted}): {found}.", evidence=facts)
