"""Check: inert-policy-object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from auditor import Fail, KeyFacts, Manual, Mounts, Owner, Severity, Skip, StoredRules, admits, check, docs

_NAMES = {"falco rules": "Falco rules", "prometheus rules": "Prometheus rules", "policy": "a policy"}

# ConfigMaps that engines read by name, as their manifests install them, and the labels that kube-mgmt watches for.
_READ_BY_NAME = frozenset({"config-policy-controller", "config-image-policies", "kyverno", "gatekeeper-config"})
_WATCHED_LABEL = "openpolicyagent.org/"

# What nothing but an API server reads: the files of its admission plugins.
_OF_APISERVER = frozenset({"AdmissionConfiguration", "ImagePolicyWebhook"})


@check(
    "A policy lies where nothing reads it",
    severity=Severity.MEDIUM,
    opt_in="`--check inert-policy-object`: it reads the ConfigMaps of all namespaces",
    references=(
        docs("concepts/configuration/configmap/"),
        docs("concepts/extend-kubernetes/api-extension/custom-resources/"),
    ),
    remediation="""
        Give the policy to the program that is to apply it: as an object of a kind that its controller watches
        (ValidatingAdmissionPolicy, ClusterPolicy, ClusterImagePolicy, PrometheusRule), or mounted into its pods. For
        signatures that means a key or an identity, which a pattern for image names is not:

            apiVersion: policy.sigstore.dev/v1beta1
            kind: ClusterImagePolicy
            metadata: {name: signed}
            spec:
              images: [{glob: "registry.example.com/**"}]
              authorities: [{key: {secretRef: {name: cosign-key}}}]

        `auditor enforce` prints an admission policy for registries. Or delete the ConfigMap.
        """,
)
def inert_policy_object(stored: StoredRules, mounts: Mounts) -> Iterator[Fail | Manual | Skip]:
    """A ConfigMap is text to the API server. A policy in one decides nothing until a program reads it there, which
    takes a volume of its pods or a controller that watches for it. Until then it only looks as if something were
    enforced, to everybody who finds it.
    """
    found = stored.configmap
    keys = [key for key in found.keys if key.form in _NAMES]
    if (
        not keys
        or found.kind == "File"
        or found.name in _READ_BY_NAME
        or any(label.startswith(_WATCHED_LABEL) for label in found.labels)
    ):
        yield Skip()
        return
    owners = mounts.of(found.namespace, found.name)
    if owners:
        if not any(map(admits, owners)):
            yield from _of_apiserver(keys, owners)
        return
    for key in keys:
        kinds = list(dict.fromkeys(f"{p.api_version} {p.kind}".strip() for p in key.policies))
        what = f"{_NAMES[key.form]} ({', '.join(kinds[:5])})" if kinds else _NAMES[key.form]
        facts = {"key": key.key, "form": key.form, "kinds": kinds[:20]}
        takers = mounts.alert_takers if key.form == "prometheus rules" else mounts.policy_takers
        if takers and key.form != "falco rules":
            told = f"{key.key} holds {what}; whether {takers[0]} takes it from the API server is not to be seen."
            yield Manual(told, key.key, facts)
        else:
            yield Fail(
                f"{key.key} holds {what}, and no pod of the namespace mounts the ConfigMap.", key.key, evidence=facts
            )


def _of_apiserver(keys: Sequence[KeyFacts], owners: Sequence[Owner]) -> Iterator[Manual]:
    """Mounted, and not by the one program that reads it."""
    for key in keys:
        kinds = [policy.kind for policy in key.policies if policy.kind in _OF_APISERVER]
        if kinds:
            who = f"{owners[0].kind}/{owners[0].name}"
            told = f"{key.key} is a file for the API server; whether {who} hands it to one is not to be seen."
            yield Manual(told, key.key, {"key": key.key, "form": key.form, "kinds": kinds[:20]})
