"""Check: open-registry-egress."""

from __future__ import annotations

from collections.abc import Iterator

from auditor import (
    EgressPolicy,
    Fail,
    NamespaceSelection,
    Opening,
    Severity,
    Skip,
    allows_dns,
    carries,
    check,
    docs,
    ignores_egress,
    isolates_egress,
    means_registries,
    missing_namespaces,
    openings,
)

_PULLS = "Pods pull no images: the node's runtime does, and no network policy applies to it."


@check(
    "A network policy for registries does not limit registries",
    severity=Severity.LOW,
    references=(
        docs("concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors"),
        docs("concepts/services-networking/network-policies/#targeting-a-namespace-by-its-name"),
    ),
    remediation="""
        To limit where images come from, use an admission policy (`auditor enforce`), and a firewall or a mirror for the
        nodes: they pull, not the pods. To limit what pods reach, name every peer, and let queries for names out:

            egress:
              - to:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: registry}}
                    podSelector: {matchLabels: {app: registry}}
                ports: [{protocol: TCP, port: 5000}]
              - to:
                  - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
                    podSelector: {matchLabels: {k8s-app: kube-dns}}
                ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
        """,
)
def open_registry_egress(egress: EgressPolicy, namespaces: NamespaceSelection) -> Iterator[Fail | Skip]:
    """A rule whose `to` is empty or missing allows every destination, and one such rule undoes the others: policies
    only add. A selector by a label that no namespace carries allows nothing. And no network policy limits where images
    come from: the container runtime pulls them in the node's own network.
    """
    policy = egress.policy
    ignored = ignores_egress(policy.spec)
    limits = ignored or isolates_egress(policy.spec)
    if not limits or not means_registries(policy.name, policy.labels, policy.spec):
        yield Skip()
        return
    if ignored:
        told = "Its policyTypes leave Egress out, so that its egress rules do nothing."
        yield Fail(f"{told} {_PULLS}", "ignored")
        return
    yield from _nowhere(egress, namespaces)
    dns = allows_dns(policy.spec)
    for found in openings(policy.spec):
        rule = f"Egress rule {found.rule + 1}"
        facts = {"rule": found.rule + 1, "ports": list(found.ports), "allowsDNS": dns}
        if found.kind == "everywhere":
            ports = f" on {', '.join(found.ports)}" if found.ports else " on every port"
            told = f"{rule} leaves every destination open{ports}: other rules limit nothing there."
            yield Fail(f"{told} {_PULLS}", f"everywhere:{found.rule}", evidence=facts)
        elif found.kind == "pods":
            told = f"{rule} opens {', '.join(found.ports)} to the pods of every namespace, not to a registry."
            yield Fail(f"{told} {_PULLS}", f"everywhere:{found.rule}", evidence=facts)
        elif missing := _missing(found, namespaces):
            told = f"{rule} selects namespaces by {', '.join(missing)}, which no namespace has by itself"
            told += ", and none was given." if namespaces.all_known else "; kubernetes.io/metadata.name every one has."
            yield Fail(f"{told} {_PULLS}", f"labels:{found.rule}", evidence={**facts, "labels": missing})


def _nowhere(egress: EgressPolicy, namespaces: NamespaceSelection) -> Iterator[Fail]:
    """Rules for namespaces that are not there, where all are known."""
    if not namespaces.all_known:
        return
    for rule, name in missing_namespaces(egress.policy.spec, namespaces.names):
        told = f"Egress rule {rule + 1} names the namespace {name}, which there is not: it opens nothing."
        yield Fail(f"{told} {_PULLS}", f"namespace:{rule}:{name}", evidence={"rule": rule + 1, "namespace": name})


def _missing(found: Opening, namespaces: NamespaceSelection) -> list[str]:
    """Labels that no namespace was seen to carry."""
    return [
        f"{key}={value}" if value else key
        for key, value in found.labels
        if not carries(namespaces.readable, key, value)
    ]
